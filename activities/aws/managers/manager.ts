import type { AcquireResult, LaunchParameters, PrepareInput } from '../../../domain/activities.ts';
import type { Launch } from '../../../domain/request/launch.ts';
import type { LaunchedMachine } from '../../../domain/request/reducer.ts';

/** One way to get machines from AWS. All that is common to the ways stands above it. */
export interface Manager {
  /** Freezes everything that a launch call of this request says. @throws ProviderError */
  prepare(input: PrepareInput): Promise<LaunchParameters>;
  /**
   * Exactly one mutating call, with the launch's token. The same launch and parameters make the same
   * bytes, so that AWS answers a repetition with the first outcome. @throws ProviderError
   */
  launch(launch: Launch, parameters: LaunchParameters): Promise<AcquireResult>;
  /** What is visible by now of a launch that may have been made. @throws ProviderError */
  discover(launch: Launch): Promise<readonly LaunchedMachine[]>;
}
