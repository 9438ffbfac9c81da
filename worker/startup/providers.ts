import type { Logger } from '@temporalio/worker';
import type { CallObserver } from '../../activities/aws/client/awsCallMetrics.ts';
import type { InterruptionSource, Provider } from '../../activities/provider.ts';
import type { ProviderConfig, ProviderType } from '../../config/config.ts';
import { openAws } from './aws.ts';

/** A cloud that was reached with the configured credentials. */
export interface OpenProvider {
  readonly provider: Provider;
  /** Seconds between two reads of all machines. */
  readonly sweepSeconds: number;
  /** Its interruption notices, where they are configured. */
  readonly interruptionSource?: InterruptionSource;
  /** Makes one small read. @throws when the cloud does not answer, or the signal aborts */
  check(signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface ProviderDependencies {
  readonly logger: Logger;
  readonly onReadError: (error: unknown) => void;
  readonly calls: CallObserver;
}

/** Opens each type of provider; a new cloud is a new entry. All throw ConfigurationError that says what to do. */
export const PROVIDERS: Readonly<
  Record<ProviderType, (config: ProviderConfig, dependencies: ProviderDependencies) => Promise<OpenProvider>>
> = { aws: openAws };
