import { setTimeout as delay } from 'node:timers/promises';
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { ProviderError } from '../../../domain/errors/errors.ts';
import { actionOf, type CallObserver } from './awsCallMetrics.ts';

/** Calls of one action: `burst` at once, then `perSecond`. */
interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** The AWS token bucket that an action draws from, and its size. */
export type Rates = (action: string) => { readonly bucket: string; readonly rate: Rate };

/** EC2's published request buckets for an account and region: by action, otherwise by the kind of action. */
const EC2_ACTIONS: Readonly<Record<string, Rate>> = {
  RunInstances: { burst: 5, perSecond: 2 },
  TerminateInstances: { burst: 100, perSecond: 5 },
  CreateTags: { burst: 100, perSecond: 10 },
  DescribeSpotFleetRequests: { burst: 50, perSecond: 3 },
};
const DESCRIBE_RATE: Rate = { burst: 100, perSecond: 20 };
const MUTATE_RATE: Rate = { burst: 50, perSecond: 5 };

export const EC2_RATES: Rates = (action) => ({
  bucket: action,
  rate: EC2_ACTIONS[action] ?? (action.startsWith('Describe') ? DESCRIBE_RATE : MUTATE_RATE),
});

/** Auto Scaling has one bucket for all its actions and does not publish its size: a cautious guess. */
export const AUTO_SCALING_RATES: Rates = () => ({ bucket: 'all', rate: { burst: 30, perSecond: 5 } });

/** After a suspension this long, nothing decided before it may be sent: a deadline may have passed. */
const MAX_SUSPENDED_MS = 60_000;

/**
 * Makes a client wait before a call that would overdraw its action's bucket. Each EC2 action has its own bucket, so a
 * burst of launches never delays a return. A rate limit on the task queue would allow no bursts and would also slow
 * activities that make no call.
 * @param share part of each bucket: other tools use the same account
 */
export function limitRates(
  client: EC2Client | AutoScalingClient,
  rates: Rates,
  share: number,
  onWait: CallObserver['onWait'],
): void {
  const buckets = new Map<string, TokenBucket>();
  const waitForToken = async (action: string): Promise<void> => {
    const { bucket: name, rate } = rates(action);
    const bucket = buckets.get(name) ?? createTokenBucket(scaleRate(rate, share));
    buckets.set(name, bucket);
    const ms = bucket.reserve();
    onWait(action, ms / 1_000);
    const dueAt = Date.now() + ms;
    await delay(ms);
    const lateMs = Date.now() - dueAt;
    if (lateMs > MAX_SUSPENDED_MS)
      throw new ProviderError(
        'notSent',
        'WorkerSuspended',
        `The worker was suspended for ${Math.round(lateMs / 1_000)} s; ${action} is not sent.`,
      );
  };
  // The two clients' stacks have no common type.
  const stack = client.middlewareStack as EC2Client['middlewareStack'];
  stack.add(
    (next, context) => async (args) => {
      await waitForToken(actionOf(context.commandName));
      return next(args);
    },
    { step: 'initialize', name: 'rateLimit' },
  );
}

const scaleRate = ({ burst, perSecond }: Rate, share: number): Rate => ({
  burst: Math.max(1, Math.floor(burst * share)),
  perSecond: perSecond * share,
});

export interface TokenBucket {
  /** Reserves a slot. @returns ms to wait before the call */
  reserve(): number;
}

export function createTokenBucket({ burst, perSecond }: Rate, now: () => number = Date.now): TokenBucket {
  const interval = 1_000 / perSecond;
  /** Epoch ms at which the bucket is full again if nothing more is taken. */
  let fullAt = 0;
  return {
    reserve() {
      const time = now();
      fullAt = Math.max(fullAt, time) + interval;
      return Math.max(0, fullAt - time - burst * interval);
    },
  };
}
