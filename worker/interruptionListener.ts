import type { Client } from '@temporalio/client';
import { toFleetObservation } from '../activities/monitor/sweep.ts';
import type {
  Interruption,
  InterruptionSource,
  MachineReader,
  ProviderInstance,
} from '../activities/provider.ts';
import { createBackoff } from '../activities/runtime/backoff.ts';
import { truncateMessage } from '../activities/runtime/failures.ts';
import { packObservations, type FleetObservation } from '../domain/monitor/observation.ts';
import { ProviderError } from '../domain/errors/errors.ts';
import { monitorStartOptions } from './monitor.ts';
import { messageOf } from '../domain/errors/messageOf.ts';
import { type MachinesInterrupted, machinesInterruptedSignal } from '../contract/fleetMonitor.ts';

export interface InterruptionListener {
  /** Why the interruption queue cannot be read now, if it cannot: then only the sweep notices lost machines. */
  readonly failureReason: () => string | undefined;
  /** Stops after the messages already received are passed on. */
  stop(): Promise<void>;
}

export interface ListenerCallbacks {
  readonly onFailure: (reason: string) => void;
  readonly onRecovery: () => void;
}

/** A single failed call is not worth a warning. */
const MIN_FAILURES_TO_REPORT = 3;
const BACKOFF = { initialMs: 1_000, maxMs: 30_000 };
const SIGNAL_TIMEOUT_MS = 10_000;

/** Passes interruptions of this provider instance's machines from the cloud to the monitor. */
export function listenForInterruptions(
  source: InterruptionSource,
  instance: ProviderInstance,
  machines: MachineReader,
  client: Client,
  { onFailure, onRecovery }: ListenerCallbacks,
): InterruptionListener {
  const stopped = new AbortController();
  let failureReason: string | undefined;

  async function pollOnce(): Promise<void> {
    const { interruptions, remove } = await source.receive(stopped.signal);
    const observations = await observeOwnMachines(interruptions, instance, machines);
    if (observations.length > 0) await signalMonitor(client, instance, observations);
    // Only now: the queue redelivers what the monitor did not get.
    await remove();
  }

  async function run(): Promise<void> {
    const backoff = createBackoff(BACKOFF);
    for (let failures = 0; !stopped.signal.aborted;) {
      try {
        await pollOnce();
        failures = 0;
        backoff.reset();
        if (failureReason !== undefined) onRecovery();
        failureReason = undefined;
      } catch (error) {
        failures += 1;
        if (failures >= MIN_FAILURES_TO_REPORT && !stopped.signal.aborted) {
          if (failureReason === undefined) onFailure(failureText(error));
          failureReason = failureText(error);
        }
        await backoff.wait(stopped.signal);
      }
    }
  }

  const running = run();
  return {
    failureReason: () => failureReason,
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

const failureText = (error: unknown): string =>
  error instanceof ProviderError
    ? `${error.providerCode}: ${truncateMessage(error.message)}`
    : truncateMessage(messageOf(error));

/** Reads the interrupted machines, and combines what the read shows of our own with their interruptions. */
async function observeOwnMachines(
  interruptions: readonly Interruption[],
  { deployment, provider }: ProviderInstance,
  machines: MachineReader,
): Promise<FleetObservation[]> {
  const ids = [...new Set(interruptions.map(({ machineId }) => machineId))].filter((id) =>
    machines.isMachineId(id),
  );
  if (ids.length === 0) return [];
  const machinesById = await machines.readMachines(ids);
  return [...machinesById.values()]
    .filter(({ owner }) => owner?.deployment === deployment && owner.provider === provider)
    .map((machine) => {
      const ownInterruptions = interruptions.filter(({ machineId }) => machineId === machine.machineId);
      return applyInterruptions(toFleetObservation(machine), ownInterruptions);
    })
    .filter(
      ({ state, interruptionAt }) => interruptionAt > 0 || (state !== 'running' && state !== 'pending'),
    );
}

function applyInterruptions(
  observation: FleetObservation,
  interruptions: readonly Interruption[],
): FleetObservation {
  const times = interruptions.flatMap(({ interruptionAt }) => interruptionAt ?? []);
  const states = interruptions.flatMap(({ state }) => state ?? []);
  const ended = states.find((state) => state === 'terminated') ?? states[0];
  return {
    ...observation,
    // A read may lag behind the event.
    state: observation.state === 'terminated' ? observation.state : (ended ?? observation.state),
    interruptionAt: times.length > 0 ? Math.min(...times) : 0,
  };
}

async function signalMonitor(
  client: Client,
  { deployment, provider }: ProviderInstance,
  observations: readonly FleetObservation[],
): Promise<void> {
  const { workflowType, ...options } = monitorStartOptions(deployment, provider);
  const payload: MachinesInterrupted = { v: 1, observations: packObservations(observations) };
  // The queue redelivers what this deadline cuts off, and a shutdown waits no longer than this.
  await client.connection.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () =>
    client.workflow.signalWithStart(workflowType, {
      ...options,
      signal: machinesInterruptedSignal,
      signalArgs: [payload],
    }),
  );
}
