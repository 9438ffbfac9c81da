import {
  condition,
  log,
  makeContinueAsNewFunc,
  patched,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { alarmsOf, reportOf } from '../domain/monitor/alarms.ts';
import { carryMonitor, initialMonitor } from '../domain/monitor/continueAsNewState.ts';
import { answerHosts, lossMemo } from '../domain/monitor/hosts.ts';
import type { LossMemo, MonitorInput } from '../domain/monitor/messages.ts';
import { toAdopt, toReclaim } from '../domain/monitor/orphans.ts';
import { reduceMonitor, type MonitorFact } from '../domain/monitor/reducer.ts';
import { unpackSeen } from '../domain/monitor/observation.ts';
import { toAsk, toAskOfAbsent, toLookUp, toTell, type MonitorState } from '../domain/monitor/state.ts';
import { batchesOf } from '../domain/request/launch.ts';
import { inquiryLane, sweepLane } from './runtime/activityStubs.ts';
import {
  adoptByHandSignal,
  hostsNamedSignal,
  hostsQuery,
  machinesAnnouncedSignal,
  reportQuery,
} from './runtime/definitions.ts';
import { nextStep } from '../domain/monitor/schedule.ts';

/** Events; a run that is replaced in time is quick to replay. */
const LONG_HISTORY = 2_000;

/**
 * Watches the machines of one provider instance: what AWS or somebody takes away, their owners and Host
 * Factory hear of. It decides nothing on a read that failed or is incomplete, and asks the owner first.
 */
export async function fleetMonitor(input: MonitorInput): Promise<void> {
  let state = initialMonitor(input);
  let over = false;
  const learn = (fact: MonitorFact): void => {
    const before = state;
    state = reduceMonitor(state, fact, Date.now());
    setCurrentDetails(monitorDetails(state));
    const memo = memoOf(state);
    if (!isSame(memo, memoOf(before))) upsertMemo({ hf: memo });
    const raised = new Set(alarmsOf(before).map(({ code }) => code));
    for (const { code, message } of alarmsOf(state))
      if (!raised.has(code)) log.warn(message, { alarm: code });
  };
  setHandler(hostsQuery, (query) => answerHosts(state, query));
  setHandler(hostsNamedSignal, (news) => learn({ type: 'HostsNamed', news }));
  setHandler(reportQuery, () => reportOf(state));
  setHandler(adoptByHandSignal, ({ requestIds }) => learn({ type: 'AdoptionOrdered', requestIds }));
  setHandler(machinesAnnouncedSignal, ({ seen }) => learn({ type: 'Announced', seen: unpackSeen(seen) }));

  async function watch(): Promise<void> {
    const { deployment, provider } = input;
    while (!isLong()) {
      const result = await sweepLane('watch the machines').sweep({
        deployment,
        provider,
        token: state.token,
      });
      learn({ type: 'Swept', result });
    }
    over = true;
  }

  async function follow(): Promise<void> {
    for (;;) {
      const next = nextStep(state);
      const due = (): boolean => over || (next ?? Number.POSITIVE_INFINITY) <= Date.now();
      const changed = (): boolean => due() || nextStep(state) !== next;
      // A timer stands for what is still to come; nothing does when all is quiet.
      await (next === undefined || due() ? condition(changed) : condition(changed, next - Date.now()));
      if (over) return;
      await Promise.all([
        ...askOwners(),
        ...askOfAbsent(),
        ...tellOwners(),
        ...adopt(),
        ...reclaim(),
        ...lookUp(),
      ]);
    }
  }

  const askOwners = (): Promise<void>[] =>
    batchesOf(toAsk(state, Date.now())).map(async (batch) => {
      const owners = byOwner(batch, ({ machineId }) => machineId);
      const { standings } = await inquiryLane(`ask ${owners.length} owners`).askOwners({ owners });
      learn({ type: 'Asked', standings });
    });

  const askOfAbsent = (): Promise<void>[] =>
    batchesOf(toAskOfAbsent(state, Date.now())).map(async (batch) => {
      const machines = batch.flatMap(({ machineId }) => {
        const requestId = state.known.get(machineId)?.requestId;
        return requestId === undefined ? [] : [{ machineId, requestId }];
      });
      const owners = byOwner(machines, ({ machineId }) => machineId);
      const lane = inquiryLane(`ask ${owners.length} owners of ${batch.length} machines that are missed`);
      const { standings } = await lane.askOwners({ owners });
      learn({ type: 'AskedOfAbsent', standings });
    });

  const reclaim = (): Promise<void>[] =>
    batchesOf(toReclaim(state)).map(async (owners) => {
      const machineIds = owners.flatMap(([, ids]) => ids);
      await inquiryLane(`give back ${machineIds.length} machines nobody claims`).reclaim({ owners });
      learn({ type: 'ReclaimOrdered', machineIds });
    });

  const tellOwners = (): Promise<void>[] =>
    batchesOf(toTell(state)).map(async (batch) => {
      const owners = byOwner(batch, ({ machineId, reason }) => [machineId, reason] as const);
      await inquiryLane(`tell ${owners.length} owners of ${batch.length} lost machines`).tellOwners({
        owners,
      });
      learn({ type: 'Told', machineIds: batch.map(({ machineId }) => machineId) });
    });

  const adopt = (): Promise<void>[] =>
    batchesOf(toAdopt(state)).map(async (owners) => {
      const { deployment, provider } = input;
      await inquiryLane(`adopt machines of ${owners.length} requests`).adopt({
        deployment,
        provider,
        owners,
        ...(state.rules ? { minAgeMs: state.rules.minAgeMs } : {}),
      });
      learn({ type: 'Adopted', requestIds: owners.map(([requestId]) => requestId) });
    });

  const lookUp = (): Promise<void>[] =>
    batchesOf(toLookUp(state, Date.now())).map(async (batch) => {
      const machineIds = batch.map(({ machineId }) => machineId);
      const seen = await inquiryLane(`look for ${batch.length} machines`).lookUp({ machineIds });
      learn({ type: 'LookedUp', seen: unpackSeen(seen) });
    });

  await Promise.all([watch(), follow()]);
  const { typedSearchAttributes } = workflowInfo();
  const next = makeContinueAsNewFunc<typeof fleetMonitor>({
    memo: { hf: lossMemo(state, messagesOf(state)) },
    typedSearchAttributes,
  });
  await next({ ...input, carried: carryMonitor(state) });
}

/** The runs of before kept their alarms for the details alone. */
function memoOf(state: MonitorState): LossMemo {
  const alarms = messagesOf(state);
  return lossMemo(state, alarms.length > 0 && patched('alarms-in-memo') ? alarms : []);
}

const isSame = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

function isLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > LONG_HISTORY;
}

function byOwner<M extends { readonly requestId: string }, T>(
  machines: readonly M[],
  part: (machine: M) => T,
): (readonly [string, readonly T[]])[] {
  const owners = new Map<string, T[]>();
  for (const one of machines) owners.set(one.requestId, [...(owners.get(one.requestId) ?? []), part(one)]);
  return [...owners];
}

function monitorDetails(state: MonitorState): string {
  const { known, losses, doubts, ready, ownerless, absences } = state;
  const reported = [...losses.values()].filter(({ stage }) => stage === 'reported').length;
  const rows: (readonly [string, number])[] = [
    ['alive', known.size],
    ['taken away, and told to Host Factory', reported],
    ['looked for', doubts.size],
    ['missed in the list of Host Factory', absences.size],
    ['requests without an owner', ownerless.length],
  ];
  return [
    ...alarmsOf(state).map(({ message }) => `**${message}**`),
    ready ? 'Machines of this provider instance' : 'AWS has not been read yet.',
    '| machines | |\n|---|---|\n' + rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n'),
  ].join('\n\n');
}

const messagesOf = (state: MonitorState): string[] => alarmsOf(state).map(({ message }) => message);
