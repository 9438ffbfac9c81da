import { setTimeout as delay } from 'node:timers/promises';
import type { EC2Client } from '@aws-sdk/client-ec2';

/** Calls of one action: `burst` at once, then `perSecond`. */
interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** EC2's published request buckets for an account and region, by action; else by the kind of action. */
const RATES: Readonly<Record<string, Rate>> = {
  RunInstances: { burst: 5, perSecond: 2 },
  TerminateInstances: { burst: 100, perSecond: 5 },
  CreateTags: { burst: 100, perSecond: 10 },
};
const DESCRIBING: Rate = { burst: 100, perSecond: 20 };
const MUTATING: Rate = { burst: 50, perSecond: 5 };

/** Other tools of the account draw on the same buckets. */
const SHARE = 0.7;

/**
 * Makes a client wait before a call that would overdraw its action's bucket. Each action has a bucket of its
 * own at AWS, so that a storm of launches never delays a return. A limit on Temporal's task queues would know
 * no bursts, and would also slow activities that make no call.
 */
export function limitRates(client: EC2Client): void {
  const buckets = new Map<string, TokenBucket>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const action = (context.commandName ?? '').replace(/Command$/, '');
      const bucket = buckets.get(action) ?? createTokenBucket(rateOf(action));
      buckets.set(action, bucket);
      await delay(bucket.take());
      return next(args);
    },
    { step: 'initialize', name: 'rateLimit' },
  );
}

function rateOf(action: string): Rate {
  const { burst, perSecond } = RATES[action] ?? (action.startsWith('Describe') ? DESCRIBING : MUTATING);
  return { burst: Math.max(1, Math.floor(burst * SHARE)), perSecond: perSecond * SHARE };
}

export interface TokenBucket {
  /** Takes a place in the queue. @returns ms to wait before the call */
  take(): number;
}

export function createTokenBucket({ burst, perSecond }: Rate, now: () => number = Date.now): TokenBucket {
  const interval = 1_000 / perSecond;
  /** When the bucket would be full again if nothing more were taken. */
  let fullAt = 0;
  return {
    take() {
      const time = now();
      fullAt = Math.max(fullAt, time) + interval;
      return Math.max(0, fullAt - time - burst * interval);
    },
  };
}
