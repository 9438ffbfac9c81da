import { firstLabel, sameHost } from '../machine/hostName.ts';
import { newsOfList } from './hostListDiff.ts';
import { newsOfCluster } from './clusterBinding.ts';
import type { HostNews, HostsAnswer, HostsQuery, LossMemo } from './messages.ts';
import { nameOf, type MonitorState } from './state.ts';
import type { Loss } from './records.ts';

/** Kept a while after Host Factory's list lacks it for the first time: lists may overtake each other. */
const KEPT_MS = 10 * 60_000;
const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** Which of Host Factory's hosts go or are gone, and what its list says that the monitor did not know. */
export function answerHosts(state: MonitorState, query: HostsQuery): HostsAnswer {
  const { at, whole, names, ids } = query;
  const cluster = newsOfCluster(state, query);
  const boundTo = cluster.isStrange ? { boundTo: state.cluster } : {};
  if (!state.ready) return { v: 1, ready: false, going: [], ...boundTo, ...newsIf({ ...cluster.news }) };
  const someWithoutId = ids.includes('');
  const lossNamed = someWithoutId ? lossesByName(state) : () => undefined;
  const live = someWithoutId ? liveByName(state) : () => [];
  const going: [number, number][] = [];
  const strangers: [string, string][] = [];
  const named = new Set<string>();
  const misnamed: [string, string][] = [];
  for (const [index, id] of ids.entries()) {
    const name = names[index] ?? '';
    const loss = id === '' ? lossNamed(name) : state.losses.get(id);
    const machineId = loss?.machineId ?? id;
    if (id !== '' || loss) named.add(machineId);
    else for (const known of live(name)) named.add(known);
    if (loss?.stage === 'reported') going.push([index, loss.at]);
    else if (!loss && isStranger(state, machineId)) strangers.push([machineId, name]);
    if (id !== '') misnamed.push(...misnamedNews(state, id, name, misnamed.length));
  }
  // What another cluster has says nothing of the machines of this one.
  if (cluster.isStrange) return { v: 1, ready: true, going, ...boundTo, ...newsIf({ ...cluster.news }) };
  const dropped = whole && ids.length > 0 ? droppedFrom(state, named, at) : [];
  if (whole) for (const id of state.misnamed.keys()) if (!named.has(id)) misnamed.push([id, '']);
  const list = newsOfList(state, query, named);
  return { v: 1, ready: true, going, ...newsIf({ strangers, dropped, misnamed, list, ...cluster.news }) };
}

/** What there is of it; the rest is left out. */
function newsIf({
  strangers = [],
  dropped = [],
  misnamed = [],
  list,
  cluster,
}: Told): Pick<HostsAnswer, 'news'> {
  const isNothing = strangers.length + dropped.length + misnamed.length === 0 && !list && !cluster;
  if (isNothing) return {};
  return {
    news: {
      v: 1,
      strangers,
      dropped,
      ...(misnamed.length > 0 ? { misnamed } : {}),
      ...(list ? { list } : {}),
      ...(cluster ? { cluster } : {}),
    },
  };
}
type Told = { readonly [K in keyof Omit<HostNews, 'v'>]?: HostNews[K] | undefined };

/** A name of a host, short or full, may stand for several machines: each of them counts as named. */
function liveByName(state: MonitorState): (name: string) => readonly string[] {
  const byLabel = new Map<string, string[]>();
  const labelOf = (name: string): string => firstLabel(name.toLowerCase());
  for (const [machineId, { name }] of state.known)
    byLabel.set(labelOf(name), [...(byLabel.get(labelOf(name)) ?? []), machineId]);
  return (name) => (name === '' ? [] : (byLabel.get(labelOf(name)) ?? []));
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
