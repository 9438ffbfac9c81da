import {
  condition,
  log,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { alarmsOf, reportOf } from '../domain/monitor/alarms.ts';
import { toCarriedMonitorState, initialMonitorState } from '../domain/monitor/continueAsNewState.ts';
import { answerLostHosts, lostMachinesMemo } from '../domain/monitor/hosts.ts';
import type { LostMachinesMemo, MonitorInput } from '../domain/monitor/messages.ts';
import { orphansToAdopt, unacknowledgedToRelease } from '../domain/monitor/orphans.ts';
import { reduceMonitor, type MonitorFact } from '../domain/monitor/reducer.ts';
import { unpackObservations } from '../domain/monitor/observation.ts';
import {
  lostMachinesToQuery,
  unlistedMachinesToQuery,
  suspectsToDescribe,
  lostMachinesToNotify,
  type MonitorState,
} from '../domain/monitor/state.ts';
import { batchesOf } from '../domain/request/launch.ts';
import { ownerStub, sweepStub } from './runtime/activityStubs.ts';
import {
  forceAdoptionSignal,
  hostListUpdatedSignal,
  lostHostsQuery,
  machinesInterruptedSignal,
  reportQuery,
} from './runtime/definitions.ts';
import { nextActionAt } from '../domain/monitor/schedule.ts';

/** Events; a run that is replaced in time is quick to replay. */
const MAX_HISTORY_EVENTS = 2_000;

/**
 * Watches the machines of one provider instance: what AWS or somebody takes away, their owners and Host
 * Factory hear of. It decides nothing on a read that failed or is incomplete, and asks the owner first.
 */
export async function fleetMonitor(input: MonitorInput): Promise<void> {
  let state = initialMonitorState(input);
  let isEnding = false;
  const apply = (fact: MonitorFact): void => {
    const before = state;
    state = reduceMonitor(state, fact, Date.now());
    setCurrentDetails(monitorDetails(state));
    const memo = memoOf(state);
    if (!isSame(memo, memoOf(before))) upsertMemo({ hf: memo });
    const alreadyRaised = new Set(alarmsOf(before).map(({ code }) => code));
    for (const { code, message } of alarmsOf(state))
      if (!alreadyRaised.has(code)) log.warn(message, { alarm: code });
  };
  setHandler(lostHostsQuery, (query) => answerLostHosts(state, query));
  setHandler(hostListUpdatedSignal, (update) => apply({ type: 'HostListUpdated', update }));
  setHandler(reportQuery, () => reportOf(state));
  setHandler(forceAdoptionSignal, ({ requestIds }) => apply({ type: 'AdoptionForced', requestIds }));
  setHandler(machinesInterruptedSignal, ({ observations }) =>
    apply({ type: 'MachinesInterrupted', observations: unpackObservations(observations) }),
  );

  async function sweepLoop(): Promise<void> {
    const { deployment, provider } = input;
    while (!hasLongHistory()) {
      const result = await sweepStub('watch the machines').sweep({
        deployment,
        provider,
        snapshotId: state.snapshotId,
      });
      apply({ type: 'SweepCompleted', result });
    }
    isEnding = true;
  }

  async function actionLoop(): Promise<void> {
    for (;;) {
      const next = nextActionAt(state);
      const isDue = (): boolean => isEnding || (next ?? Number.POSITIVE_INFINITY) <= Date.now();
      const hasChanged = (): boolean => isDue() || nextActionAt(state) !== next;
      // A timer stands for what is still to come; nothing does when all is quiet.
      await (next === undefined || isDue()
        ? condition(hasChanged)
        : condition(hasChanged, next - Date.now()));
      if (isEnding) return;
      await Promise.all([
        ...queryLostMachineOwners(),
        ...queryUnlistedMachineOwners(),
        ...notifyOwners(),
        ...adoptOrphans(),
        ...releaseUnacknowledged(),
        ...describeSuspects(),
      ]);
    }
  }

  const queryLostMachineOwners = (): Promise<void>[] =>
    batchesOf(lostMachinesToQuery(state, Date.now())).map(async (batch) => {
      const owners = byOwner(batch, ({ machineId }) => machineId);
      const { statuses } = await ownerStub(`ask ${owners.length} owners`).queryOwners({ owners });
      apply({ type: 'LostMachinesQueried', statuses });
    });

  const queryUnlistedMachineOwners = (): Promise<void>[] =>
    batchesOf(unlistedMachinesToQuery(state, Date.now())).map(async (batch) => {
      const machines = batch.flatMap(({ machineId }) => {
        const requestId = state.liveMachines.get(machineId)?.requestId;
        return requestId === undefined ? [] : [{ machineId, requestId }];
      });
      const owners = byOwner(machines, ({ machineId }) => machineId);
      const stub = ownerStub(`ask ${owners.length} owners of ${batch.length} machines that are missed`);
      const { statuses } = await stub.queryOwners({ owners });
      apply({ type: 'UnlistedMachinesQueried', statuses });
    });

  const releaseUnacknowledged = (): Promise<void>[] =>
    batchesOf(unacknowledgedToRelease(state)).map(async (owners) => {
      const machineIds = owners.flatMap(([, ids]) => ids);
      await ownerStub(`give back ${machineIds.length} machines nobody claims`).releaseUnacknowledged({
        owners,
      });
      apply({ type: 'ReleaseRequested', machineIds });
    });

  const notifyOwners = (): Promise<void>[] =>
    batchesOf(lostMachinesToNotify(state)).map(async (batch) => {
      const owners = byOwner(batch, ({ machineId, reason }) => [machineId, reason] as const);
      await ownerStub(`tell ${owners.length} owners of ${batch.length} lost machines`).notifyOwners({
        owners,
      });
      apply({ type: 'OwnersNotified', machineIds: batch.map(({ machineId }) => machineId) });
    });

  const adoptOrphans = (): Promise<void>[] =>
    batchesOf(orphansToAdopt(state)).map(async (owners) => {
      const { deployment, provider } = input;
      await ownerStub(`adopt machines of ${owners.length} requests`).adoptOrphans({
        deployment,
        provider,
        owners,
        ...(state.rules ? { minAgeMs: state.rules.minAgeMs } : {}),
      });
      apply({ type: 'OrphansAdopted', requestIds: owners.map(([requestId]) => requestId) });
    });

  const describeSuspects = (): Promise<void>[] =>
    batchesOf(suspectsToDescribe(state, Date.now())).map(async (batch) => {
      const machineIds = batch.map(({ machineId }) => machineId);
      const observations = await ownerStub(`look for ${batch.length} machines`).describeMachines({
        machineIds,
      });
      apply({ type: 'MachinesDescribed', observations: unpackObservations(observations) });
    });

  await Promise.all([sweepLoop(), actionLoop()]);
  const { typedSearchAttributes } = workflowInfo();
  const next = makeContinueAsNewFunc<typeof fleetMonitor>({
    memo: { hf: memoOf(state) },
    typedSearchAttributes,
  });
  await next({ ...input, carriedState: toCarriedMonitorState(state) });
}

const memoOf = (state: MonitorState): LostMachinesMemo => lostMachinesMemo(state, alarmMessages(state));

const isSame = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

function hasLongHistory(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > MAX_HISTORY_EVENTS;
}

function byOwner<M extends { readonly requestId: string }, T>(
  machines: readonly M[],
  toItem: (machine: M) => T,
): (readonly [string, readonly T[]])[] {
  const owners = new Map<string, T[]>();
  for (const machine of machines)
    owners.set(machine.requestId, [...(owners.get(machine.requestId) ?? []), toItem(machine)]);
  return [...owners];
}

function monitorDetails(state: MonitorState): string {
  const { liveMachines, lostMachines, suspects, isReady, ownerlessRequests, unlistedMachines } = state;
  const reported = [...lostMachines.values()].filter(({ stage }) => stage === 'reported').length;
  const rows: (readonly [string, number])[] = [
    ['alive', liveMachines.size],
    ['taken away, and told to Host Factory', reported],
    ['looked for', suspects.size],
    ['missed in the list of Host Factory', unlistedMachines.size],
    ['requests without an owner', ownerlessRequests.length],
  ];
  return [
    ...alarmsOf(state).map(({ message }) => `**${message}**`),
    isReady ? 'Machines of this provider instance' : 'AWS has not been read yet.',
    '| machines | |\n|---|---|\n' + rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n'),
  ].join('\n\n');
}

const alarmMessages = (state: MonitorState): string[] => alarmsOf(state).map(({ message }) => message);
