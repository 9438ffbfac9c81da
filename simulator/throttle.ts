import { AwsError } from './protocol/errors.ts';
import { stringList, toTree } from './protocol/params.ts';
import type { FlatParams } from './protocol/params.ts';

/** What is left in each bucket, and when it was counted. */
export type Buckets = Map<string, { left: number; at: number }>;

type Rate = { burst: number; perSecond: number };

/** AWS's published request buckets of an account and region. */
const requestRates: Record<string, Rate> = {
  RunInstances: { burst: 5, perSecond: 2 },
  TerminateInstances: { burst: 100, perSecond: 5 },
  CreateTags: { burst: 100, perSecond: 10 },
  DescribeSpotFleetRequests: { burst: 50, perSecond: 3 },
};
const describeRate: Rate = { burst: 100, perSecond: 20 };
const mutateRate: Rate = { burst: 50, perSecond: 5 };
/** Not published: one bucket for all actions of Auto Scaling. */
const autoScalingRate: Rate = { burst: 30, perSecond: 5 };

/** Resource buckets count instances. */
const resourceRates: Record<string, Rate> = {
  RunInstances: { burst: 1_000, perSecond: 2 },
  TerminateInstances: { burst: 1_000, perSecond: 20 },
};

/** Draws the call from its buckets. Throws RequestLimitExceeded, or Throttling for Auto Scaling, when one is empty. */
export function throttle(
  buckets: Buckets,
  action: string,
  version: string,
  flat: FlatParams,
  now: number,
): void {
  if (version === '2011-01-01') {
    if (take(buckets, 'autoScaling', autoScalingRate, 1, now)) return;
    throw new AwsError('Throttling', 'Rate exceeded');
  }
  const rate = requestRates[action] ?? (action.startsWith('Describe') ? describeRate : mutateRate);
  const resource = resourceRates[action];
  const isAllowed =
    take(buckets, action, rate, 1, now) &&
    (resource === undefined ||
      take(buckets, `${action} instances`, resource, instancesIn(action, flat), now));
  if (!isAllowed) throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
}

const instancesIn = (action: string, flat: FlatParams): number =>
  action === 'RunInstances' ? Number(flat['MaxCount'] ?? 1) : stringList(toTree(flat), 'InstanceId').length;

function take(
  buckets: Buckets,
  name: string,
  { burst, perSecond }: Rate,
  count: number,
  now: number,
): boolean {
  const before = buckets.get(name) ?? { left: burst, at: now };
  const left = Math.min(burst, before.left + ((now - before.at) / 1000) * perSecond);
  const isAllowed = left >= count;
  buckets.set(name, { left: isAllowed ? left - count : left, at: now });
  return isAllowed;
}
