import type { Client } from '@temporalio/client';
import type {
  LaunchActivities,
  ReadActivities,
  TerminateActivities,
  WaitActivities,
} from '../domain/activities.ts';
import type { EventActivities } from '../domain/events/activities.ts';
import type { InquiryActivities, MonitorActivities } from '../domain/monitor/activities.ts';
import { Acquisition } from './acquiring.ts';
import { withHeartbeat } from './heartbeat.ts';
import { createInquiryActivities } from './inquiring.ts';
import { createMonitorActivities, type SweepSettings } from './monitoring.ts';
import { MaxNumber } from './maxNumber.ts';
import { createOwnerWatch } from './ownerWatch.ts';
import type { Provider } from './provider.ts';
import { createReadActivities } from './returning.ts';

/** The activities of one provider instance, lane by lane. */
export interface Activities {
  readonly launch: LaunchActivities;
  readonly read: ReadActivities & InquiryActivities;
  readonly terminate: TerminateActivities;
  readonly wait: WaitActivities & MonitorActivities;
  /** On the workflows' own workers. */
  readonly events: EventActivities;
}

/** What a cloud does, and beside it what is the same for all: who owns a machine, and telling the owners. */
export function createActivities(
  provider: Provider,
  temporal: Client,
  sweep: SweepSettings,
  events: EventActivities,
): Activities {
  const { launch, terminate, wait, machines } = provider;
  const acquisition = new Acquisition(launch, new MaxNumber(temporal), temporal);
  return {
    launch: {
      freezeGroup: (input) => launch.freezeGroup(input),
      prepareLaunch: (input) => withHeartbeat(() => acquisition.prepareLaunch(input)),
      acquire: (input) => acquisition.acquire(input),
      findLaunched: (input) => withHeartbeat(() => acquisition.findLaunched(input)),
    },
    read: { ...createReadActivities(machines, temporal), ...createInquiryActivities(machines, temporal) },
    terminate,
    events,
    wait: {
      ...wait,
      ...createMonitorActivities(machines, createOwnerWatch(temporal, machines, sweep.seconds), sweep),
    },
  };
}
