import type { HostNews, HostsAnswer, HostsQuery, LossMemo } from './messages.ts';
import type { Loss, MonitorState } from './state.ts';

/** Kept a while after Host Factory's list lacks it for the first time: lists may overtake each other. */
const KEPT_MS = 10 * 60_000;
const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** Which of Host Factory's hosts go or are gone, and what its list says that the monitor did not know. */
export function answerHosts(state: MonitorState, { at, whole, names, ids }: HostsQuery): HostsAnswer {
  if (!state.ready) return { v: 1, ready: false, going: [] };
  const byName = ids.includes('') ? lossesByName(state) : new Map<string, Loss>();
  const going: [number, number][] = [];
  const strangers: [string, string][] = [];
  const named = new Set<string>();
  for (const [index, id] of ids.entries()) {
    const name = names[index] ?? '';
    const loss = id === '' ? byName.get(name.toLowerCase()) : state.losses.get(id);
    const machineId = loss?.machineId ?? id;
    named.add(machineId);
    if (loss?.stage === 'reported') going.push([index, loss.at]);
    else if (!loss && isStranger(state, machineId)) strangers.push([machineId, name]);
  }
  const dropped = whole && ids.length > 0 ? droppedFrom(state, named, at) : [];
  const news: HostNews = { v: 1, strangers, dropped };
  const hasNews = strangers.length > 0 || dropped.length > 0;
  return { v: 1, ready: true, going, ...(hasNews ? { news } : {}) };
}

const isStranger = (state: MonitorState, machineId: string): boolean =>
  !state.known.has(machineId) && !state.doubts.has(machineId) && INSTANCE_ID.test(machineId);

/** AWS uses private names again: one that a live machine has says nothing of a lost one. */
function lossesByName(state: MonitorState): ReadonlyMap<string, Loss> {
  const byName = new Map<string, Loss>();
  for (const loss of state.losses.values()) byName.set(loss.name.toLowerCase(), loss);
  for (const [machineId, { name }] of state.known) {
    if (byName.get(name.toLowerCase())?.machineId !== machineId) byName.delete(name.toLowerCase());
  }
  byName.delete('');
  return byName;
}

function droppedFrom(state: MonitorState, named: ReadonlySet<string>, now: number): string[] {
  const over = [...state.losses.values()].filter(
    ({ machineId, stage, told, at, since }) =>
      stage === 'reported' && told && Math.max(at, since) + KEPT_MS < now && !named.has(machineId),
  );
  const strangers = [...state.doubts.values()].filter(
    ({ machineId, requestId }) => requestId === '' && !named.has(machineId),
  );
  return [...over, ...strangers].map(({ machineId }) => machineId);
}

/** A memo goes into every list of workflows: it has to be small. */
const MOST_IN_MEMO = 200;

export function lossMemo({ losses }: MonitorState): LossMemo {
  const reported = [...losses.values()].filter(({ stage }) => stage === 'reported');
  return { v: 1, going: reported.slice(-MOST_IN_MEMO).map(({ machineId, at }) => [machineId, at]) };
}
