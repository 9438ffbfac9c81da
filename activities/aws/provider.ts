import type { Provider } from '../provider.ts';
import type { AwsClients } from './clients.ts';
import { createGroups } from './groups.ts';
import { createInstanceReader } from './instances.ts';
import { createInstanceWatcher } from './instanceWatcher.ts';
import { createLaunches } from './launching.ts';
import { createLaunchTemplates } from './launchTemplates.ts';
import { createMachineReader } from './machines.ts';
import { createManagers } from './managers/index.ts';
import { createShortageMemory } from './shortages.ts';
import { createTerminateActivities } from './terminating.ts';
import { createWaitActivities } from './waiting.ts';

export interface AwsProviderSettings {
  /** Seconds between two reads of AWS, at least and at most. */
  readonly pollSeconds: { readonly min: number; readonly max: number };
  /** Seconds after which AWS shows a new instance everywhere. */
  readonly consistencySeconds: number;
  readonly onReadError: (error: unknown) => void;
}

export function createAwsProvider(aws: AwsClients, settings: AwsProviderSettings): Provider {
  const { pollSeconds, consistencySeconds, onReadError } = settings;
  const reader = createInstanceReader(aws.reading);
  const watcher = createInstanceWatcher(reader, {
    minSeconds: pollSeconds.min,
    maxSeconds: pollSeconds.max,
    onError: onReadError,
  });
  const launchTemplates = createLaunchTemplates(aws);
  const shortages = createShortageMemory();
  const managers = createManagers(aws, launchTemplates, shortages);
  const groups = createGroups(aws, managers, reader, { pollSeconds: pollSeconds.min, onReadError });
  return {
    launch: createLaunches({
      managers,
      groups,
      launchTemplates,
      reader,
      shortages,
      settings: { consistencySeconds },
    }),
    terminate: createTerminateActivities(aws),
    wait: createWaitActivities(watcher, groups),
    machines: createMachineReader(aws, reader, managers, onReadError),
  };
}
