import type { Provider } from '../provider.ts';
import type { AwsClients } from './client/clients.ts';
import { createGroupService } from './group/groupService.ts';
import { createInstanceReader } from './instance/instanceReader.ts';
import { createInstanceReadCoalescer } from './instance/instanceReadCoalescer.ts';
import { createLaunchService } from './launch/launchService.ts';
import { createLaunchTemplates } from './launchTemplate/launchTemplates.ts';
import { createMachineReader } from './instance/machineReader.ts';
import { createLaunchMethods } from './launch/methods/index.ts';
import { createUnavailableOfferings } from './launch/unavailableOfferings.ts';
import { createTerminateActivities } from './instance/terminateActivities.ts';
import { createWaitActivities } from './instance/waitActivities.ts';

export interface AwsProviderSettings {
  /** Minimum and maximum seconds between two reads of AWS. */
  readonly pollSeconds: { readonly min: number; readonly max: number };
  /** Seconds after which every AWS response shows a new instance. */
  readonly consistencySeconds: number;
  readonly onReadError: (error: unknown) => void;
}

export function createAwsProvider(aws: AwsClients, settings: AwsProviderSettings): Provider {
  const { pollSeconds, consistencySeconds, onReadError } = settings;
  const reader = createInstanceReader(aws.reading);
  const coalescer = createInstanceReadCoalescer(reader, {
    minSeconds: pollSeconds.min,
    maxSeconds: pollSeconds.max,
    onError: onReadError,
  });
  const launchTemplates = createLaunchTemplates(aws);
  const unavailableOfferings = createUnavailableOfferings();
  const launchMethods = createLaunchMethods(aws, launchTemplates, unavailableOfferings);
  const groups = createGroupService(aws, launchMethods, reader, {
    pollSeconds: pollSeconds.min,
    onReadError,
  });
  return {
    launch: createLaunchService({
      launchMethods,
      groups,
      launchTemplates,
      reader,
      unavailableOfferings,
      settings: { consistencySeconds },
    }),
    terminate: createTerminateActivities(aws, reader),
    wait: createWaitActivities(coalescer, groups),
    machines: createMachineReader(aws, reader, launchMethods, onReadError),
  };
}
