import type { Client } from '@temporalio/client';
import type {
  LaunchActivities,
  ReadActivities,
  TerminateActivities,
  WaitActivities,
} from '../contract/activities.ts';
import type { EventActivities } from '../contract/eventActivities.ts';
import type { OwnerActivities, SweepActivities } from '../contract/monitorActivities.ts';
import { LaunchCoordinator } from './launch/launchActivities.ts';
import { withHeartbeat } from './runtime/heartbeat.ts';
import { createOwnerActivities } from './owners/ownerActivities.ts';
import { createSweepActivities, type SweepSettings } from './monitor/sweep.ts';
import { TemplateQuota } from './launch/templateQuota.ts';
import { createOrphanDetector } from './monitor/orphanDetector.ts';
import type { Provider } from './provider.ts';
import { createReadActivities } from './returns/deliverReturn.ts';

/** The activities of one provider instance, by task queue. */
export interface Activities {
  readonly launch: LaunchActivities;
  readonly read: ReadActivities & OwnerActivities;
  readonly terminate: TerminateActivities;
  readonly wait: WaitActivities & SweepActivities;
  /** Run on the task queue of the workflows. */
  readonly events: EventActivities;
}

/** Combines a cloud's activities with those that are the same for every cloud: ownership, orphans and events. */
export function createActivities(
  provider: Provider,
  temporal: Client,
  sweep: SweepSettings,
  events: EventActivities,
): Activities {
  const { launch, terminate, wait, machines } = provider;
  const coordinator = new LaunchCoordinator(launch, new TemplateQuota(temporal), temporal);
  return {
    launch: {
      freezeGroup: (input) => launch.freezeGroup(input),
      prepareLaunch: (input) => withHeartbeat(() => coordinator.prepareLaunch(input)),
      launchMachines: (input) => coordinator.launchMachines(input),
      discoverLaunched: (input) => withHeartbeat(() => coordinator.discoverLaunched(input)),
    },
    read: { ...createReadActivities(machines, temporal), ...createOwnerActivities(machines, temporal) },
    terminate,
    events,
    wait: {
      ...wait,
      ...createSweepActivities(machines, createOrphanDetector(temporal, machines, sweep.seconds), sweep),
    },
  };
}
