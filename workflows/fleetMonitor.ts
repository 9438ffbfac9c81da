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
import { alarmsOf } from '../domain/monitor/alarms.ts';
import { carryMonitor } from '../domain/monitor/carried.ts';
import { answerHosts, lossMemo } from '../domain/monitor/hosts.ts';
import type { LossMemo, MonitorInput } from '../domain/monitor/messages.ts';
import { reduceMonitor, type MonitorFact } from '../domain/monitor/reducer.ts';
import { unpackSeen } from '../domain/monitor/seen.ts';
import {
  initialMonitor,
  nextStep,
  toAdopt,
  toAsk,
  toLookUp,
  toTell,
  type Loss,
  type MonitorState,
} from '../domain/monitor/state.ts';
import { batchesOf } from '../domain/request/launch.ts';
import { inquiryLane, sweepLane } from './lanes.ts';
import { hostsNamedSignal, hostsQuery } from './messages.ts';

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
    for (const alarm of alarmsOf(state)) if (!alarmsOf(before).includes(alarm)) log.warn(alarm);
  };
  setHandler(hostsQuery, (query) => answerHosts(state, query));
  setHandler(hostsNamedSignal, (news) => learn({ type: 'HostsNamed', news }));

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
      await Promise.all([...askOwners(), ...tellOwners(), ...adopt(), ...lookUp()]);
    }
  }

  const askOwners = (): Promise<void>[] =>
    batchesOf(toAsk(state, Date.now())).map(async (batch) => {
      const owners = byOwner(batch, ({ machineId }) => machineId);
      const { standings } = await inquiryLane(`ask ${owners.length} owners`).askOwners({ owners });
      learn({ type: 'Asked', standings });
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
    memo: { hf: lossMemo(state, alarmsOf(state)) },
    typedSearchAttributes,
  });
  await next({ ...input, carried: carryMonitor(state) });
}

/** The runs of before kept their alarms for the details alone. */
function memoOf(state: MonitorState): LossMemo {
  const alarms = alarmsOf(state);
  return lossMemo(state, alarms.length > 0 && patched('alarms-in-memo') ? alarms : []);
}

const isSame = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

function isLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > LONG_HISTORY;
}

function byOwner<T>(losses: readonly Loss[], part: (loss: Loss) => T): (readonly [string, readonly T[]])[] {
  const owners = new Map<string, T[]>();
  for (const loss of losses) owners.set(loss.requestId, [...(owners.get(loss.requestId) ?? []), part(loss)]);
  return [...owners];
}

function monitorDetails(state: MonitorState): string {
  const { known, losses, doubts, ready, ownerless } = state;
  const reported = [...losses.values()].filter(({ stage }) => stage === 'reported').length;
  const rows: (readonly [string, number])[] = [
    ['alive', known.size],
    ['taken away, and told to Host Factory', reported],
    ['looked for', doubts.size],
    ['requests without an owner', ownerless.length],
  ];
  return [
    ...alarmsOf(state).map((alarm) => `**${alarm}**`),
    ready ? 'Machines of this provider instance' : 'AWS has not been read yet.',
    '| machines | |\n|---|---|\n' + rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n'),
  ].join('\n\n');
}
