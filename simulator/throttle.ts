import { AwsError } from './protocol/errors.ts';
import { texts, toTree } from './protocol/params.ts';
import type { FlatParams } from './protocol/params.ts';

/** What is left in each bucket, and when it was counted. */
export type Buckets = Map<string, { left: number; at: number }>;

type Rate = { burst: number; perSecond: number };

/** AWS's published request buckets of an account and region. */
const requests: Record<string, Rate> = {
  RunInstances: { burst: 5, perSecond: 2 },
  TerminateInstances: { burst: 100, perSecond: 5 },
  CreateTags: { burst: 100, perSecond: 10 },
  DescribeSpotFleetRequests: { burst: 50, perSecond: 3 },
};
const describing: Rate = { burst: 100, perSecond: 20 };
const mutating: Rate = { burst: 50, perSecond: 5 };
/** Not published: one bucket for all actions of Auto Scaling. */
const autoScaling: Rate = { burst: 30, perSecond: 5 };

/** Resource buckets count instances. */
const resources: Record<string, Rate> = {
  RunInstances: { burst: 1_000, perSecond: 2 },
  TerminateInstances: { burst: 1_000, perSecond: 20 },
};

/** Takes a call out of its buckets. Throws RequestLimitExceeded, or Throttling for Auto Scaling, when one is empty. */
export function throttle(
  buckets: Buckets,
  action: string,
  version: string,
  flat: FlatParams,
  now: number,
): void {
  if (version === '2011-01-01') {
    if (take(buckets, 'autoScaling', autoScaling, 1, now)) return;
    throw new AwsError('Throttling', 'Rate exceeded');
  }
  const rate = requests[action] ?? (action.startsWith('Describe') ? describing : mutating);
  const resource = resources[action];
  const enough =
    take(buckets, action, rate, 1, now) &&
    (resource === undefined ||
      take(buckets, `${action} instances`, resource, instancesIn(action, flat), now));
  if (!enough) throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
}

const instancesIn = (action: string, flat: FlatParams): number =>
  action === 'RunInstances' ? Number(flat['MaxCount'] ?? 1) : texts(toTree(flat), 'InstanceId').length;

function take(
  buckets: Buckets,
  name: string,
  { burst, perSecond }: Rate,
  count: number,
  now: number,
): boolean {
  const before = buckets.get(name) ?? { left: burst, at: now };
  const left = Math.min(burst, before.left + ((now - before.at) / 1000) * perSecond);
  const enough = left >= count;
  buckets.set(name, { left: enough ? left - count : left, at: now });
  return enough;
}
