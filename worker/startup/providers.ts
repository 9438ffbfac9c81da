import type { Logger } from '@temporalio/worker';
import type { CallObserver } from '../../activities/aws/client/awsCallMetrics.ts';
import type { InterruptionSource, Provider } from '../../activities/provider.ts';
import type { ProviderConfig, ProviderType } from '../../config/config.ts';
import { openAws } from './aws.ts';

/** A cloud that answers, with these credentials. */
export interface OpenProvider {
  readonly provider: Provider;
  /** Seconds between two reads of all machines. */
  readonly sweepSeconds: number;
  /** What it tells by itself, where it is set up to. */
  readonly interruptionSource?: InterruptionSource;
  /** One small read, to see whether the cloud answers. @throws when it does not, or the signal aborts */
  check(signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface ProviderDependencies {
  readonly logger: Logger;
  readonly onReadError: (error: unknown) => void;
  readonly calls: CallObserver;
}

/** How each cloud is opened; another one is another entry. All throw ConfigurationError that says what to do. */
export const PROVIDERS: Readonly<
  Record<ProviderType, (config: ProviderConfig, surroundings: ProviderDependencies) => Promise<OpenProvider>>
> = { aws: openAws };
