import type { HostsQuery, ListNews } from './messages.ts';
import type { MonitorState } from './state.ts';
import type { SeenList } from './records.ts';
import type { AskResult } from './observation.ts';

/** Lists closer to each other than this may be one call repeated; they count as one. */
const SPACING_MS = 5_000;
/** After such a time without a list Host Factory may have been restarted: the count begins again. */
const GAP_MS = 5 * 60_000;
/** A list that cannot be trusted is followed for so long before an alarm is raised. */
export const LISTS_UNTIL_ALARM = 5;
/** Ids in one signal; what is left out comes with the next list. */
const MOST_LACKING = 1_000;

/**
 * What a whole list says that has to be remembered: our machines that it lacks for the first time, those that are
 * back, and, while a machine is being counted, that there was one more list. Undefined in all other cases, so that
 * lists cost no event as long as each of our machines stands in them.
 */
export function newsOfList(
  state: MonitorState,
  { at, whole, ids }: HostsQuery,
  named: ReadonlySet<string>,
): ListNews | undefined {
  const { rules, known, absences, losses } = state;
  if (!whole || !rules || !state.ready) return undefined;
  const lacking: string[] = [];
  const back: string[] = [];
  let ours = 0;
  for (const [machineId, { launchTime, leaving }] of known) {
    if (named.has(machineId)) {
      ours += 1;
      if (absences.has(machineId)) back.push(machineId);
    } else if (!absences.has(machineId) && !leaving && !losses.has(machineId)) {
      const isOld = launchTime > 0 && launchTime * 1_000 + rules.minAgeMs <= at;
      if (isOld) lacking.push(machineId);
    }
  }
  const news = { at, hosts: ids.length, named: ours, lacking: lacking.slice(0, MOST_LACKING), back };
  if (lacking.length + back.length > 0) return news;
  return absences.size > 0 && goesOn(state, news) ? news : undefined;
}

/** Whether one more list changes anything for the machines that are absent. */
function goesOn(state: MonitorState, news: ListNews): boolean {
  const { list, absences } = state;
  if (!list) return true;
  if (Math.abs(news.at - list.at) < SPACING_MS) return false;
  const doubt = doubtOfList(news, absences);
  if (doubt !== list.doubt) return true;
  if (doubt !== '') return list.streak < LISTS_UNTIL_ALARM;
  return [...absences.values()].some(({ standing }) => standing !== 'held' && standing !== 'released');
}

/**
 * Why a list says nothing of the machines that it lacks. Host Factory that names no host may have lost its books;
 * one that names less than half of the machines that it once read knows them by other names than we do.
 */
function doubtOfList(
  { hosts, named }: Pick<ListNews, 'hosts' | 'named'>,
  absences: MonitorState['absences'],
): SeenList['doubt'] {
  if (hosts === 0) return 'empty';
  const claimed = [...absences.values()].filter(({ standing }) => standing === 'held').length;
  return named < claimed ? 'names' : '';
}

/** Counts one list. Only consecutive ones that can be trusted count, never time. */
export function listed(state: MonitorState, news: ListNews, now: number): MonitorState {
  const { known, list: last, rules } = state;
  const { at, hosts, named } = news;
  const absences = new Map(state.absences);
  for (const machineId of news.back) absences.delete(machineId);
  for (const machineId of news.lacking) {
    if (!known.has(machineId) || absences.has(machineId)) continue;
    absences.set(machineId, { machineId, lists: 0, standing: 'unasked', askAt: now, reclaimedAt: 0 });
  }
  // One that was overtaken by a later list, or that is the same call once more.
  if (last && at - last.at < SPACING_MS && last.at - at < GAP_MS) return { ...state, absences };
  const doubt = doubtOfList(news, absences);
  const share = rules?.share ?? 0;
  const anew = !last || Math.abs(at - last.at) > GAP_MS || hosts < last.hosts * (1 - share);
  for (const absence of absences.values()) {
    const lists = doubt !== '' ? 0 : anew ? 1 : absence.lists + 1;
    absences.set(absence.machineId, { ...absence, lists });
  }
  const streak = last?.doubt === doubt ? last.streak + 1 : 1;
  return { ...state, absences, list: { at, hosts, named, doubt, streak } };
}

export function absentAsked(
  state: MonitorState,
  standings: AskResult['standings'],
  now: number,
): MonitorState {
  const absences = new Map(state.absences);
  for (const [machineId, standing] of standings) {
    const absence = absences.get(machineId);
    if (!absence || absence.standing === 'released' || absence.standing === 'held') continue;
    if (standing === 'silent' || standing === 'unknown' || standing === 'booting') {
      absences.set(machineId, { ...absence, standing: 'unasked', askAt: now + ASK_AGAIN_MS });
    } else absences.set(machineId, { ...absence, standing });
  }
  return { ...state, absences };
}

const ASK_AGAIN_MS = 5 * 60_000;

export function reclaimOrdered(state: MonitorState, machineIds: readonly string[]): MonitorState {
  const absences = new Map(state.absences);
  for (const id of machineIds) {
    const absence = absences.get(id);
    if (absence) absences.set(id, { ...absence, reclaimedAt: state.list?.at ?? 0 });
  }
  return { ...state, absences };
}

/** Without those whose machines are no longer alive. */
export function withoutEnded(state: MonitorState): MonitorState {
  if (state.absences.size === 0) return state;
  const alive = [...state.absences].filter(([machineId]) => state.known.get(machineId)?.leaving === false);
  return { ...state, absences: new Map(alive) };
}
