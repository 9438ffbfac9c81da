import type { Client } from '@temporalio/client';
import type {
  LaunchActivities,
  ReadActivities,
  TerminateActivities,
  WaitActivities,
} from '../domain/activities.ts';
import type { InquiryActivities, MonitorActivities } from '../domain/monitor/activities.ts';
import type { AwsClients } from './aws/clients.ts';
import { createGroups } from './aws/groups.ts';
import { createInstanceReader } from './aws/instances.ts';
import { createInstanceWatcher } from './aws/instanceWatcher.ts';
import { createLaunchActivities } from './aws/launching.ts';
import { createLaunchTemplates } from './aws/launchTemplates.ts';
import { createManagers } from './aws/managers/index.ts';
import { createMonitorActivities } from './aws/monitoring.ts';
import { createReadActivities } from './aws/returning.ts';
import { createShortageMemory } from './aws/shortages.ts';
import { createNoticeReader } from './aws/spotNotices.ts';
import { createTerminateActivities } from './aws/terminating.ts';
import { createWaitActivities } from './aws/waiting.ts';
import { createInquiryActivities } from './inquiring.ts';
import { createOwnerWatch } from './ownerWatch.ts';

export interface ActivityDependencies {
  readonly aws: AwsClients;
  readonly temporal: Client;
  /** Seconds between two reads of AWS, at least and at most. */
  readonly pollSeconds: { readonly min: number; readonly max: number };
  /** Seconds after which AWS shows a new instance everywhere. */
  readonly consistencySeconds: number;
  /** Seconds between two reads of all machines. */
  readonly sweepSeconds: number;
  readonly onReadError: (error: unknown) => void;
}

/** The activities of one provider instance, lane by lane. */
export interface Activities {
  readonly launch: LaunchActivities;
  readonly read: ReadActivities & InquiryActivities;
  readonly terminate: TerminateActivities;
  readonly wait: WaitActivities & MonitorActivities;
}

export function createActivities(dependencies: ActivityDependencies): Activities {
  const { aws, temporal, pollSeconds, consistencySeconds, sweepSeconds, onReadError } = dependencies;
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
  const settings = { consistencySeconds };
  const notices = createNoticeReader(aws.reading, onReadError);
  const sweep = { seconds: sweepSeconds, onError: onReadError };
  return {
    launch: createLaunchActivities({ managers, groups, launchTemplates, reader, shortages, settings }),
    read: { ...createReadActivities(reader, temporal), ...createInquiryActivities(reader, temporal) },
    terminate: createTerminateActivities(aws),
    wait: {
      ...createWaitActivities(watcher, groups),
      ...createMonitorActivities(reader, notices, createOwnerWatch(temporal, sweepSeconds), sweep),
    },
  };
}
