import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { CAPACITY_CODES } from './errors.ts';
import { observeRequests, UNOBSERVED, type CallObserver } from './observing.ts';
import { AUTO_SCALING_RATES, EC2_RATES, limitRates } from './rateLimit.ts';

export interface AwsSettings {
  readonly region: string;
  /** An EC2-compatible endpoint other than AWS's own, e.g. a VPC endpoint or the simulated AWS. */
  readonly endpoint?: string;
  readonly profile?: string;
  /** Part of EC2's published request rates that may be used; above 1 where AWS raised them. */
  readonly requestShare: number;
}

export interface AwsClients {
  /** Calls that change something: one attempt each, because Temporal owns their retries and tokens. */
  readonly mutating: EC2Client;
  /** Reads: the SDK's standard retries, but never for an empty capacity pool. */
  readonly reading: EC2Client;
  /** Auto Scaling: every call may be repeated, and all draw on one bucket of AWS. */
  readonly scaling: AutoScalingClient;
  destroy(): void;
}

const READ_ATTEMPTS = 3;

class NoCapacityRetry extends StandardRetryStrategy {
  override async refreshRetryTokenForRetry(
    ...[token, info]: Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    if (info.error instanceof Error && CAPACITY_CODES.has(info.error.name)) throw info.error;
    return super.refreshRetryTokenForRetry(token, info);
  }
}

export function createAwsClients(settings: AwsSettings, observer: CallObserver = UNOBSERVED): AwsClients {
  const { requestShare } = settings;
  const common: EC2ClientConfig = {
    region: settings.region,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(settings.profile === undefined ? {} : { profile: settings.profile }),
    // Without throwOnRequestTimeout the SDK only logs a warning and waits on.
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  };
  const mutating = new EC2Client({ ...common, maxAttempts: 1 });
  const reading = new EC2Client({ ...common, retryStrategy: new NoCapacityRetry(READ_ATTEMPTS) });
  const scaling = new AutoScalingClient({ ...common, retryStrategy: new NoCapacityRetry(READ_ATTEMPTS) });
  for (const client of [mutating, reading]) limitRates(client, EC2_RATES, requestShare, observer.onWait);
  limitRates(scaling, AUTO_SCALING_RATES, requestShare, observer.onWait);
  for (const client of [mutating, reading, scaling]) observeRequests(client, observer);
  return {
    mutating,
    reading,
    scaling,
    destroy() {
      mutating.destroy();
      reading.destroy();
      scaling.destroy();
    },
  };
}
