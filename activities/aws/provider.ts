import type { Provider } from '../provider.ts';
import type { AwsClients } from './client/clients.ts';
import { createGroups } from './group/groups.ts';
import { createInstanceReader } from './instance/instances.ts';
import { createInstanceWatcher } from './instance/instanceWatcher.ts';
import { createLaunches } from './launch/launchService.ts';
import { createLaunchTemplates } from './launchTemplate/launchTemplates.ts';
import { createMachineReader } from './instance/machineReader.ts';
import { createManagers } from './launch/index.ts';
import { createShortageMemory } from './launch/unavailableOfferings.ts';
import { createTerminateActivities } from './instance/terminateActivities.ts';
import { createWaitActivities } from './instance/waitActivities.ts';

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
