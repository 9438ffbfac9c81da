import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { SweepActivities, SweepInput } from '../../contract/monitorActivities.ts';
import { isAlive } from '../../domain/machine/machine.ts';
import type { SweepResult } from '../../domain/monitor/activityResults.ts';
import { packObservations, type FleetObservation } from '../../domain/monitor/observation.ts';
import { withHeartbeat } from '../runtime/heartbeat.ts';
import type { OwnerlessRequests, OrphanDetector } from './orphanDetector.ts';
import { sleep } from '../runtime/yieldOnShutdown.ts';
import type { MachineReader, OwnedObservation } from '../provider.ts';
import type { UnacknowledgedRules } from '../../domain/monitor/records.ts';

export interface SweepSettings {
  /** Seconds between two sweeps. */
  readonly seconds: number;
  readonly rules: UnacknowledgedRules;
  readonly onError: (error: unknown) => void;
  readonly onSweepCompleted?: SweepObserver;
  /** Why interruptions are not received, if a listener is configured and fails. */
  readonly interruptionListenerError?: () => string | undefined;
}

/** Called after each complete read with its machines and, if owners were checked, the requests without an owner. */
export type SweepObserver = (
  machines: readonly FleetObservation[],
  ownerless: ReadonlySet<string> | undefined,
) => void;

/** What was last reported to the monitor, and the pages not reported yet. */
interface ReportedState {
  readonly snapshotId: string;
  readonly machines: ReadonlyMap<string, FleetObservation>;
  readonly unreported: readonly FleetObservation[];
  readonly ownerlessRequests: OwnerlessRequests | undefined;
  readonly interruptionListenerError: string | undefined;
}

const NOTHING_REPORTED: ReportedState = {
  snapshotId: '',
  machines: new Map(),
  unreported: [],
  ownerlessRequests: undefined,
  interruptionListenerError: undefined,
};

/** A sweep without changes returns after this time, so that the activity's history stays bounded. */
const MAX_SWEEP_MS = 60 * 60_000;
/** Keeps one result below 256 KB. */
const MAX_PAGE_MACHINES = 2_000;

/** Remembers the last reported snapshot in the worker, so that only changes enter the monitor's history. */
export function createSweepActivities(
  reader: MachineReader,
  orphanDetector: OrphanDetector,
  settings: SweepSettings,
): SweepActivities {
  let reported = NOTHING_REPORTED;

  /** The next page of what is not reported yet. */
  function nextPage(state: Omit<ReportedState, 'snapshotId'>, isFullSnapshot: boolean): SweepResult {
    reported = { ...state, snapshotId: randomUUID(), unreported: state.unreported.slice(MAX_PAGE_MACHINES) };
    const { snapshotId, unreported, ownerlessRequests, interruptionListenerError } = reported;
    return {
      snapshotId,
      isFullSnapshot,
      hasMore: unreported.length > 0,
      rules: settings.rules,
      ...(ownerlessRequests
        ? {
            ownerlessRequests: [...ownerlessRequests.requestIds],
            ownerlessWithGroups: [...ownerlessRequests.withGroups],
          }
        : {}),
      ...(interruptionListenerError ? { interruptionListenerError } : {}),
      observations: packObservations(state.unreported.slice(0, MAX_PAGE_MACHINES)),
    };
  }

  async function sweepOnce(input: SweepInput, previous: ReportedState['machines']): Promise<SweepChanges> {
    const listed = await reader.listMachines(input);
    const owned = new Map(listed.map((machine) => [machine.machineId, machine]));
    const missing = [...previous.values()].filter(
      ({ machineId, state }) => state !== 'terminated' && !owned.has(machineId),
    );
    // A machine that is missing from the tag query may only have lost its tag, so it is described by id.
    const byId = await reader.readMachines(missing.map(({ machineId }) => machineId));
    const observed = [...owned.values(), ...byId.values()];
    const interruptions = await reader.readInterruptions(observed);
    const machines = new Map(
      observed.map((machine): readonly [string, FleetObservation] => {
        const { machineId } = machine;
        const observation = toFleetObservation(machine);
        const requestId = observation.requestId || previous.get(machineId)?.requestId || '';
        return [machineId, { ...observation, requestId, interruptionAt: interruptions.get(machineId) ?? 0 }];
      }),
    );
    const changed = [...machines.values()].filter((current) =>
      hasRelevantChange(previous.get(current.machineId), current),
    );
    const absentMachines = missing.filter(({ machineId }) => !machines.has(machineId));
    return {
      machines,
      changes: [
        ...changed,
        ...absentMachines.map((observation) => ({ ...observation, state: 'absent' as const })),
      ],
    };
  }

  async function sweep(input: SweepInput): Promise<SweepResult> {
    const returnAt = Date.now() + MAX_SWEEP_MS;
    const isFullSnapshot = input.snapshotId === '' || input.snapshotId !== reported.snapshotId;
    const previous: ReportedState = isFullSnapshot ? NOTHING_REPORTED : reported;
    if (previous.unreported.length > 0) return nextPage(previous, false);
    for (let isFirst = isFullSnapshot; ; isFirst = false) {
      if (!isFirst) await sleep(settings.seconds * 1_000);
      try {
        const { machines, changes } = await sweepOnce(input, previous.machines);
        // A monitor without a snapshot gets one at once; ownership is checked from the next sweep on.
        const ownerlessRequests = isFullSnapshot
          ? undefined
          : await orphanDetector.findOwnerlessRequests(input, requestIdsOfStayingMachines(machines));
        settings.onSweepCompleted?.([...machines.values()], ownerlessRequests?.requestIds);
        const interruptionListenerError = settings.interruptionListenerError?.();
        const hasChanged =
          changes.length > 0 ||
          !isSameOrphans(ownerlessRequests, previous.ownerlessRequests) ||
          interruptionListenerError !== previous.interruptionListenerError;
        if (isFullSnapshot || hasChanged || Date.now() >= returnAt)
          return nextPage(
            { machines, unreported: changes, ownerlessRequests, interruptionListenerError },
            isFullSnapshot,
          );
      } catch (error) {
        // A failed read reports nothing, not even its complete parts; the next sweep is due soon.
        settings.onError(error);
        Context.current().cancellationSignal.throwIfAborted();
      }
    }
  }

  return { sweep: (input) => withHeartbeat(() => sweep(input)) };
}

interface SweepChanges {
  readonly machines: ReportedState['machines'];
  readonly changes: readonly FleetObservation[];
}

/** Requests whose owner would have to release a machine; machines that are already shutting down need none. */
function requestIdsOfStayingMachines(machines: ReportedState['machines']): ReadonlySet<string> {
  const staying = [...machines.values()].filter(({ state }) => isAlive(state) && state !== 'shutting-down');
  return new Set(staying.map(({ requestId }) => requestId));
}

const isSameOrphans = (a: OwnerlessRequests | undefined, b: OwnerlessRequests | undefined): boolean =>
  a === b || (!!a && !!b && isEqualSet(a.requestIds, b.requestIds) && isEqualSet(a.withGroups, b.withGroups));

const isEqualSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((id) => b.has(id));

export function toFleetObservation(machine: OwnedObservation): FleetObservation {
  const { machineId, name, launchTime, state, reason, owner } = machine;
  return { machineId, name, launchTime, state, requestId: owner?.requestId ?? '', interruptionAt: 0, reason };
}

/** A boot (pending -> running) is not a change: the owner watches it. */
function hasRelevantChange(previous: FleetObservation | undefined, current: FleetObservation): boolean {
  if (!previous) return true;
  const stage = ({ state }: FleetObservation): string => (state === 'pending' ? 'running' : state);
  return (
    stage(previous) !== stage(current) ||
    previous.interruptionAt !== current.interruptionAt ||
    previous.name !== current.name
  );
}
