import { firstLabel, sameHost } from '../machine/hostName.ts';
import type { HostNews, HostsAnswer, HostsQuery, LossMemo } from './messages.ts';
import { nameOf, type Loss, type MonitorState } from './state.ts';

/** Kept a while after Host Factory's list lacks it for the first time: lists may overtake each other. */
const KEPT_MS = 10 * 60_000;
const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** Which of Host Factory's hosts go or are gone, and what its list says that the monitor did not know. */
export function answerHosts(state: MonitorState, { at, whole, names, ids }: HostsQuery): HostsAnswer {
  if (!state.ready) return { v: 1, ready: false, going: [] };
  const lossNamed = ids.includes('') ? lossesByName(state) : () => undefined;
  const going: [number, number][] = [];
  const strangers: [string, string][] = [];
  const named = new Set<string>();
  const misnamed: [string, string][] = [];
  for (const [index, id] of ids.entries()) {
    const name = names[index] ?? '';
    const loss = id === '' ? lossNamed(name) : state.losses.get(id);
    const machineId = loss?.machineId ?? id;
    named.add(machineId);
    if (loss?.stage === 'reported') going.push([index, loss.at]);
    else if (!loss && isStranger(state, machineId)) strangers.push([machineId, name]);
    if (id !== '') misnamed.push(...misnamedNews(state, id, name, misnamed.length));
  }
  const dropped = whole && ids.length > 0 ? droppedFrom(state, named, at) : [];
  if (whole) for (const id of state.misnamed.keys()) if (!named.has(id)) misnamed.push([id, '']);
  const news: HostNews = { v: 1, strangers, dropped, ...(misnamed.length > 0 ? { misnamed } : {}) };
  const hasNews = strangers.length + dropped.length + misnamed.length > 0;
  return { v: 1, ready: true, going, ...(hasNews ? { news } : {}) };
}

const isStranger = (state: MonitorState, machineId: string): boolean =>
  !state.known.has(machineId) && !state.doubts.has(machineId) && INSTANCE_ID.test(machineId);

/** AWS uses private names again: one that a live machine has says nothing of a lost one. */
function lossesByName(state: MonitorState): (name: string) => Loss | undefined {
  const byLabel = new Map<string, Loss[]>();
  const labelOf = (name: string): string => firstLabel(name.toLowerCase());
  for (const loss of state.losses.values()) {
    byLabel.set(labelOf(loss.name), [...(byLabel.get(labelOf(loss.name)) ?? []), loss]);
  }
  for (const [machineId, { name }] of state.known) {
    const losses = byLabel.get(labelOf(name));
    if (losses)
      byLabel.set(
        labelOf(name),
        losses.filter((loss) => loss.machineId === machineId || !sameHost(loss.name, name)),
      );
  }
  return (name) => byLabel.get(labelOf(name))?.findLast((loss) => sameHost(loss.name, name));
}

/** One for each machine would make a list as long as Host Factory's own. */
const MOST_MISNAMED = 100;

/**
 * What this host says against what the monitor knows of names: Host Factory has another than it was told, or, with
 * '', has it no longer.
 */
function misnamedNews(
  state: MonitorState,
  machineId: string,
  name: string,
  found: number,
): [string, string][] {
  const told = nameOf(state, machineId);
  if (told === '' || name === '') return [];
  const before = state.misnamed.get(machineId);
  if (sameHost(told, name)) return before === undefined ? [] : [[machineId, '']];
  if (before === name || state.misnamed.size + found >= MOST_MISNAMED) return [];
  return [[machineId, name]];
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

export function lossMemo({ losses }: MonitorState, alarms: readonly string[]): LossMemo {
  const reported = [...losses.values()].filter(({ stage }) => stage === 'reported');
  return {
    v: 1,
    going: reported.slice(-MOST_IN_MEMO).map(({ machineId, at }) => [machineId, at]),
    ...(alarms.length > 0 ? { alarms } : {}),
  };
}
