import type { TerminatedMachine } from '../../contract/monitorActivities.ts';
import type { MonitorInput } from '../../domain/monitor/messages.ts';
import { unpackObservations } from '../../domain/monitor/observation.ts';
import { orphansToAdopt, unacknowledgedToRelease } from '../../domain/monitor/orphans.ts';
import type { MonitorFact } from '../../domain/monitor/reducer.ts';
import {
  lostMachinesToNotify,
  lostMachinesToQuery,
  suspectsToDescribe,
  unlistedMachinesToQuery,
  type MonitorState,
} from '../../domain/monitor/state.ts';
import { batchesOf } from '../../domain/request/launch.ts';
import { ownerStub } from '../runtime/activityStubs.ts';

interface Action<Item, Result> {
  /** What the action is due for now; `now` in epoch ms. */
  readonly due: (state: MonitorState, now: number) => readonly Item[];
  readonly activity: (batch: readonly Item[], state: MonitorState) => Promise<Result>;
  /** The fact that the result of a batch adds to the state. */
  readonly apply: (result: Result, batch: readonly Item[]) => MonitorFact;
}

/** Runs what is due of an action, in batches. */
export type RunAction = (state: MonitorState, apply: (fact: MonitorFact) => void) => Promise<void>[];

function action<Item, Result>({ due, activity, apply }: Action<Item, Result>): RunAction {
  return (state, applyFact) =>
    batchesOf(due(state, Date.now())).map(async (batch) =>
      applyFact(apply(await activity(batch, state), batch)),
    );
}

/** All that the monitor does between two sweeps. */
export const monitorActions = ({ deployment, provider }: MonitorInput): readonly RunAction[] => [
  action({
    due: lostMachinesToQuery,
    activity: (batch) => {
      const owners = byOwner(batch, ({ machineId }) => machineId);
      return ownerStub(`query ${owners.length} owners of ${batch.length} lost machines`).queryOwners({
        owners,
      });
    },
    apply: ({ statuses }) => ({ type: 'LostMachinesQueried', statuses }),
  }),
  action({
    due: unlistedMachinesToQuery,
    activity: (batch, { liveMachines }) => {
      const machines = batch.flatMap(({ machineId }) => {
        const requestId = liveMachines.get(machineId)?.requestId;
        return requestId === undefined ? [] : [{ machineId, requestId }];
      });
      const owners = byOwner(machines, ({ machineId }) => machineId);
      return ownerStub(`query ${owners.length} owners of ${batch.length} unlisted machines`).queryOwners({
        owners,
      });
    },
    apply: ({ statuses }) => ({ type: 'UnlistedMachinesQueried', statuses }),
  }),
  action({
    due: lostMachinesToNotify,
    activity: (batch) => {
      const owners = byOwner(batch, ({ machineId, reason }): TerminatedMachine => [machineId, reason]);
      return ownerStub(`notify ${owners.length} owners of ${batch.length} lost machines`).notifyOwners({
        owners,
      });
    },
    apply: (_, batch) => ({ type: 'OwnersNotified', machineIds: batch.map(({ machineId }) => machineId) }),
  }),
  action({
    due: orphansToAdopt,
    activity: (owners, { rules }) =>
      ownerStub(`adopt machines of ${owners.length} requests`).adoptOrphans({
        deployment,
        provider,
        owners,
        ...(rules ? { minAgeMs: rules.minAgeMs } : {}),
      }),
    apply: (_, owners) => ({ type: 'OrphansAdopted', requestIds: owners.map(([requestId]) => requestId) }),
  }),
  action({
    due: unacknowledgedToRelease,
    activity: (owners) =>
      ownerStub(`release ${machineIdsOf(owners).length} unacknowledged machines`).releaseUnacknowledged({
        owners,
      }),
    apply: (_, owners) => ({ type: 'ReleaseRequested', machineIds: machineIdsOf(owners) }),
  }),
  action({
    due: suspectsToDescribe,
    activity: (batch) =>
      ownerStub(`describe ${batch.length} suspects`).describeMachines({
        machineIds: batch.map(({ machineId }) => machineId),
      }),
    apply: (observations) => ({
      type: 'MachinesDescribed',
      observations: unpackObservations(observations),
    }),
  }),
];

const machineIdsOf = (owners: readonly (readonly [string, readonly string[]])[]): string[] =>
  owners.flatMap(([, machineIds]) => machineIds);

function byOwner<M extends { readonly requestId: string }, T>(
  machines: readonly M[],
  toItem: (machine: M) => T,
): (readonly [string, readonly T[]])[] {
  const owners = new Map<string, T[]>();
  for (const machine of machines)
    owners.set(machine.requestId, [...(owners.get(machine.requestId) ?? []), toItem(machine)]);
  return [...owners];
}
