import type { Doubt, KnownMachine, Loss, MonitorState } from './state.ts';

/** What a monitor carries into its next run. What is left out is found again by the next sweep or list. */
export interface CarriedMonitor {
  readonly v: 1;
  readonly ready: boolean;
  readonly bound: boolean;
  /** Ids, names, and of each the place of its request in `requests`. */
  readonly known: readonly (readonly [machineId: string, name: string, request: number])[];
  readonly requests: readonly string[];
  readonly losses: readonly Loss[];
  readonly doubts: readonly Doubt[];
  readonly misnamed?: readonly (readonly [machineId: string, name: string])[];
}

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
    known: rows.map(([machineId, { name, requestId }]) => [
      machineId,
      rows.length > MOST_NAMED ? '' : name,
      places.get(requestId) ?? 0,
    ]),
    requests,
    losses: [...state.losses.values()].slice(-MOST_OTHERS),
    doubts: [...state.doubts.values()].slice(-MOST_OTHERS),
    misnamed: [...state.misnamed],
  };
}

export function carriedState(
  carried: CarriedMonitor | undefined,
): Pick<MonitorState, 'ready' | 'bound' | 'known' | 'losses' | 'doubts' | 'misnamed'> {
  const known = (carried?.known ?? []).map(([machineId, name, request]): readonly [string, KnownMachine] => [
    machineId,
    { name, requestId: carried?.requests[request] ?? '' },
  ]);
  return {
    ready: carried?.ready ?? false,
    bound: carried?.bound ?? false,
    known: new Map(known),
    losses: new Map(carried?.losses.map((loss) => [loss.machineId, loss])),
    doubts: new Map(carried?.doubts.map((doubt) => [doubt.machineId, doubt])),
    misnamed: new Map(carried?.misnamed),
  };
}
