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
  /** Why what the cloud announces is not heard, if it should be and isn't. */
  readonly interruptionListenerError?: () => string | undefined;
}

/** Hears of every complete read: the machines that it showed, and the requests whose owner nobody knows, if asked. */
export type SweepObserver = (
  machines: readonly FleetObservation[],
  ownerless: ReadonlySet<string> | undefined,
) => void;

/** What the monitor was told last, and what it still is to be told. */
interface ReportedState {
  readonly token: string;
  readonly machines: ReadonlyMap<string, FleetObservation>;
  readonly unreported: readonly FleetObservation[];
  readonly ownerlessRequests: OwnerlessRequests | undefined;
  readonly interruptionListenerError: string | undefined;
}

const NOTHING_REPORTED: ReportedState = {
  token: '',
  machines: new Map(),
  unreported: [],
  ownerlessRequests: undefined,
  interruptionListenerError: undefined,
};

/** A sweep without news goes on; Temporal hears of it that often. */
const MAX_SWEEP_MS = 60 * 60_000;
/** Machines in one result: it stays under 256 KB. */
const MAX_PAGE_MACHINES = 2_000;

/** Keeps in the worker what was seen last, so that only what has changed goes into the monitor's history. */
export function createSweepActivities(
  reader: MachineReader,
  orphanDetector: OrphanDetector,
  settings: SweepSettings,
): SweepActivities {
  let reported = NOTHING_REPORTED;

  /** The next page of what is to be told. */
  function nextPage(state: Omit<ReportedState, 'token'>, isFullSnapshot: boolean): SweepResult {
    reported = { ...state, token: randomUUID(), unreported: state.unreported.slice(MAX_PAGE_MACHINES) };
    const { token, unreported, ownerlessRequests, interruptionListenerError } = reported;
    return {
      snapshotId: token,
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
    // Not shown as ours may be a mark that was taken off: only its id decides.
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
    const isFullSnapshot = input.snapshotId === '' || input.snapshotId !== reported.token;
    const previous: ReportedState = isFullSnapshot ? NOTHING_REPORTED : reported;
    if (previous.unreported.length > 0) return nextPage(previous, false);
    for (let isFirst = isFullSnapshot; ; isFirst = false) {
      if (!isFirst) await sleep(settings.seconds * 1_000);
      try {
        const { machines, changes } = await sweepOnce(input, previous.machines);
        // A monitor that starts anew is told at once; who owns the machines is found out with the next sweep.
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
        // Nothing is said of a read that failed, not even in part; the next one is due soon.
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

/** Requests of machines that an owner would have to give back: not of those that end already. */
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

/** Booting is no news of a machine: its owner watches that. */
function hasRelevantChange(previous: FleetObservation | undefined, current: FleetObservation): boolean {
  if (!previous) return true;
  const stage = ({ state }: FleetObservation): string => (state === 'pending' ? 'running' : state);
  return (
    stage(previous) !== stage(current) ||
    previous.interruptionAt !== current.interruptionAt ||
    previous.name !== current.name
  );
}
