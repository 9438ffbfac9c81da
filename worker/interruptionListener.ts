import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { toSeen } from '../activities/monitor/sweep.ts';
import type { Announcement, Announcements, MachineReader, ProviderInstance } from '../activities/provider.ts';
import { brief } from '../activities/runtime/failures.ts';
import { packSeen, type SeenMachine } from '../domain/monitor/observation.ts';
import { ProviderError } from '../domain/errors/errors.ts';
import { SIGNAL, type MachinesAnnounced } from '../contract/messages.ts';
import { monitorOptions } from './monitor.ts';

export interface Listener {
  /** Why the cloud can't be heard at the moment, if it can't: then only the sweep finds what is taken away. */
  readonly trouble: () => string | undefined;
  /** Waits until what was heard is handed on. */
  stop(): Promise<void>;
}

export interface ListenerEvents {
  readonly onFailure: (reason: string) => void;
  readonly onRecovery: () => void;
}

/** A call that fails once is no trouble. */
const FAILURES_UNTIL_TROUBLE = 3;
const LONGEST_PAUSE_MS = 30_000;
const TELL_MS = 10_000;

/** Hands to the monitor what the cloud announces of the machines of this provider instance. */
export function listen(
  source: Announcements,
  instance: ProviderInstance,
  machines: MachineReader,
  client: Client,
  { onFailure, onRecovery }: ListenerEvents,
): Listener {
  const stopped = new AbortController();
  let trouble: string | undefined;

  async function hearOnce(): Promise<void> {
    const { announced, takeOff } = await source.next(stopped.signal);
    const seen = await ownMachines(announced, instance, machines);
    if (seen.length > 0) await tellMonitor(client, instance, seen);
    // Not before: what was not taken in comes again.
    await takeOff();
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopped.signal.aborted;) {
      try {
        await hearOnce();
        failures = 0;
        if (trouble !== undefined) onRecovery();
        trouble = undefined;
      } catch (error) {
        failures += 1;
        if (failures >= FAILURES_UNTIL_TROUBLE && !stopped.signal.aborted) {
          if (trouble === undefined) onFailure(reasonOf(error));
          trouble = reasonOf(error);
        }
        const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures);
        await delay(pause, undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
  }

  const running = run();
  return {
    trouble: () => trouble,
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

const reasonOf = (error: unknown): string =>
  error instanceof ProviderError
    ? `${error.providerCode}: ${brief(error.message)}`
    : brief(error instanceof Error ? error.message : String(error));

/** What one complete read shows of the machines of this provider instance, with what was announced of each. */
async function ownMachines(
  announced: readonly Announcement[],
  { deployment, provider }: ProviderInstance,
  machines: MachineReader,
): Promise<SeenMachine[]> {
  const ids = [...new Set(announced.map(({ machineId }) => machineId))].filter((id) => machines.isId(id));
  if (ids.length === 0) return [];
  const read = await machines.byId(ids);
  return [...read.values()]
    .filter(({ owner }) => owner?.deployment === deployment && owner.provider === provider)
    .map((machine) => {
      const own = announced.filter(({ machineId }) => machineId === machine.machineId);
      return withAnnounced(toSeen(machine), own);
    })
    .filter(({ state, reclaimAt }) => reclaimAt > 0 || (state !== 'running' && state !== 'pending'));
}

function withAnnounced(seen: SeenMachine, announced: readonly Announcement[]): SeenMachine {
  const times = announced.flatMap(({ reclaimAt }) => reclaimAt ?? []);
  const states = announced.flatMap(({ state }) => state ?? []);
  const ended = states.find((state) => state === 'terminated') ?? states[0];
  return {
    ...seen,
    // A read may lag behind the event.
    state: seen.state === 'terminated' ? seen.state : (ended ?? seen.state),
    reclaimAt: times.length > 0 ? Math.min(...times) : 0,
  };
}

async function tellMonitor(
  client: Client,
  { deployment, provider }: ProviderInstance,
  seen: readonly SeenMachine[],
): Promise<void> {
  const { workflowType, ...options } = monitorOptions(deployment, provider);
  const news: MachinesAnnounced = { v: 1, seen: packSeen(seen) };
  // What is not taken in within this time comes again soon; a worker that stops waits no longer either.
  await client.connection.withDeadline(Date.now() + TELL_MS, () =>
    client.workflow.signalWithStart(workflowType, {
      ...options,
      signal: SIGNAL.machinesAnnounced,
      signalArgs: [news],
    }),
  );
}
