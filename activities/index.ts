import type { Client } from '@temporalio/client';
import type {
  LaunchActivities,
  ReadActivities,
  TerminateActivities,
  WaitActivities,
} from '../contract/activities.ts';
import type { EventActivities } from '../contract/eventActivities.ts';
import type { InquiryActivities, MonitorActivities } from '../contract/monitorActivities.ts';
import { Acquisition } from './launch/launchActivities.ts';
import { withHeartbeat } from './runtime/heartbeat.ts';
import { createInquiryActivities } from './owners/ownerActivities.ts';
import { createMonitorActivities, type SweepSettings } from './monitor/sweep.ts';
import { MaxNumber } from './launch/templateQuota.ts';
import { createOwnerWatch } from './monitor/orphanDetector.ts';
import type { Provider } from './provider.ts';
import { createReadActivities } from './returns/deliverReturn.ts';

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
