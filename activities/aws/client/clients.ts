import { setTimeout as delay } from 'node:timers/promises';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2ClientConfig } from '@aws-sdk/client-ec2';
import { EC2Client } from './ec2.ts';
import { StandardRetryStrategy } from '@smithy/core/retry';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { credentialsOf, type CredentialSettings } from './credentials.ts';
import { CAPACITY_CODES } from './errors.ts';
import { observeRequests, NO_OBSERVER, type CallObserver } from './awsCallMetrics.ts';
import { AUTO_SCALING_RATES, EC2_RATES, limitRates } from './rateLimit.ts';

export interface AwsSettings extends CredentialSettings {
  /** Endpoint for EC2 and Auto Scaling, e.g. the simulated AWS. */
  readonly endpoint?: string;
  /** Share of EC2's published request rates that this provider may use; above 1 if AWS raised them. */
  readonly requestShare: number;
  /** Endpoint for EC2 only: a VPC endpoint serves one service. */
  readonly ec2Endpoint?: string;
  /** URL of an HTTP proxy. */
  readonly proxy?: string;
  readonly connectTimeoutSeconds?: number;
  /** Retries of a failed read within one call. */
  readonly readRetries?: number;
  /** Minimum delay before the first retry; before the n-th it is n times as long. */
  readonly readRetrySeconds?: number;
}

export interface AwsClients {
  /** Mutating calls: a single attempt, because Temporal owns retries and tokens. */
  readonly mutating: EC2Client;
  /** Reads: the SDK's standard retries, except for insufficient capacity. */
  readonly reading: EC2Client;
  /** Auto Scaling: every call is repeatable, and all share one token bucket at AWS. */
  readonly autoScaling: AutoScalingClient;
  destroy(): void;
}

const CONNECT_TIMEOUT_SECONDS = 3;
const READ_RETRIES = 2;

class ReadRetryStrategy extends StandardRetryStrategy {
  readonly #minDelayMs: number;

  constructor({ readRetries = READ_RETRIES, readRetrySeconds = 0 }: AwsSettings) {
    super(1 + readRetries);
    this.#minDelayMs = readRetrySeconds * 1_000;
  }

  override async refreshRetryTokenForRetry(
    ...[token, info]: Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>
  ): ReturnType<StandardRetryStrategy['refreshRetryTokenForRetry']> {
    if (info.error instanceof Error && CAPACITY_CODES.has(info.error.name)) throw info.error;
    const minDelay = delay(this.#minDelayMs * (token.getRetryCount() + 1), undefined, { ref: false });
    const [next] = await Promise.all([super.refreshRetryTokenForRetry(token, info), minDelay]);
    return next;
  }
}

export function createAwsClients(settings: AwsSettings, observer: CallObserver = NO_OBSERVER): AwsClients {
  const { region, endpoint, ec2Endpoint = endpoint, requestShare } = settings;
  const requestHandler = requestHandlerOf(settings);
  const credentials = credentialsOf(settings, requestHandler);
  const common = { region, requestHandler, ...(credentials === undefined ? {} : { credentials }) };
  const ec2 = { ...common, ...(ec2Endpoint === undefined ? {} : { endpoint: ec2Endpoint }) };
  const mutating = new EC2Client({ ...ec2, maxAttempts: 1 });
  const reading = new EC2Client({ ...ec2, retryStrategy: new ReadRetryStrategy(settings) });
  const autoScaling = new AutoScalingClient({
    ...common,
    ...(endpoint === undefined ? {} : { endpoint }),
    retryStrategy: new ReadRetryStrategy(settings),
  });
  for (const client of [mutating, reading]) limitRates(client, EC2_RATES, requestShare, observer.onWait);
  limitRates(autoScaling, AUTO_SCALING_RATES, requestShare, observer.onWait);
  for (const client of [mutating, reading, autoScaling]) observeRequests(client, observer);
  return {
    mutating,
    reading,
    autoScaling,
    destroy() {
      mutating.destroy();
      reading.destroy();
      autoScaling.destroy();
    },
  };
}

function requestHandlerOf(settings: AwsSettings): NonNullable<EC2ClientConfig['requestHandler']> {
  const { proxy, connectTimeoutSeconds = CONNECT_TIMEOUT_SECONDS } = settings;
  const agent = proxy === undefined ? undefined : new HttpsProxyAgent(proxy, { keepAlive: true });
  return {
    connectionTimeout: Math.round(connectTimeoutSeconds * 1_000),
    // Without throwOnRequestTimeout the SDK only logs a warning and keeps waiting.
    requestTimeout: 60_000,
    throwOnRequestTimeout: true,
    ...(agent ? { httpAgent: agent, httpsAgent: agent } : {}),
  };
}
