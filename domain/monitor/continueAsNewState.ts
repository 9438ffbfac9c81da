import type { MonitorState } from './state.ts';
import type { KnownMachine } from './records.ts';
import type { CarriedMonitor, MonitorInput } from './messages.ts';

/** Rows carried at most: together they stay under 1 MB, half of Temporal's limit for a payload. */
const MOST_NAMED = 8_000;
const MOST_KNOWN = 20_000;
const MOST_OTHERS = 1_500;

export function carryMonitor(state: MonitorState): CarriedMonitor {
  const rows = [...state.known].slice(0, MOST_KNOWN);
  const requests = [...new Set(rows.map(([, { requestId }]) => requestId))];
  const places = new Map(requests.map((requestId, place) => [requestId, place]));
  return {
    v: 1,
    ready: state.ready,
    bound: state.bound,
    known: rows.map(([machineId, { name, requestId, launchTime, leaving }]) => [
      machineId,
      rows.length > MOST_NAMED ? '' : name,
      places.get(requestId) ?? 0,
      launchTime,
      leaving ? 1 : 0,
    ]),
    requests,
    losses: [...state.losses.values()].slice(-MOST_OTHERS),
    doubts: [...state.doubts.values()].slice(-MOST_OTHERS),
    unheard: state.unheard,
    misnamed: [...state.misnamed],
    absences: [...state.absences.values()].slice(0, MOST_OTHERS),
    ...(state.list ? { list: state.list } : {}),
    cluster: state.cluster,
    ...(state.stranger ? { stranger: state.stranger } : {}),
  };
}

/** What lists of Host Factory's hosts told. */
type Noticed = Pick<MonitorState, 'absences' | 'list' | 'cluster' | 'stranger'>;

export function carriedState(
  carried: CarriedMonitor | undefined,
): Pick<
  MonitorState,
  'ready' | 'bound' | 'known' | 'losses' | 'doubts' | 'unheard' | 'misnamed' | keyof Noticed
> {
  const known = (carried?.known ?? []).map(
    ([machineId, name, request, launchTime = 0, leaving = 0]): readonly [string, KnownMachine] => [
      machineId,
      { name, requestId: carried?.requests[request] ?? '', launchTime, leaving: leaving === 1 },
    ],
  );
  return {
    ready: carried?.ready ?? false,
    bound: carried?.bound ?? false,
    known: new Map(known),
    losses: new Map(carried?.losses.map((loss) => [loss.machineId, loss])),
    doubts: new Map(carried?.doubts.map((doubt) => [doubt.machineId, doubt])),
    unheard: carried?.unheard ?? '',
    misnamed: new Map(carried?.misnamed),
    absences: new Map(carried?.absences?.map((absence) => [absence.machineId, absence])),
    list: carried?.list,
    cluster: carried?.cluster ?? '',
    stranger: carried?.stranger,
  };
}

export const initialMonitor = (input: MonitorInput): MonitorState => ({
  input,
  token: '',
  coming: undefined,
  ownerless: [],
  withGroups: [],
  adopted: [],
  byHand: [],
  rules: undefined,
  ...carriedState(input.carried),
});
