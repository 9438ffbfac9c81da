import { bootingMachines, deadlineOf } from '../../domain/request/state.ts';
import { waitStub } from '../runtime/activityStubs.ts';
import { FIRST_REPORT_SECONDS, type RequestOwner } from './requestOwner.ts';
import type { LaunchedMachine } from '../../domain/request/launch.ts';

/** Has machines watched that launches brought, each once in a run. */
export class BootWatch {
  readonly #owner: RequestOwner;
  /** Machines that an activity of this run waits for. */
  readonly #watched = new Set<string>();

  constructor(owner: RequestOwner) {
    this.#owner = owner;
  }

  watch(machines: readonly LaunchedMachine[]): void {
    const machineIds = machines.map(({ machineId }) => machineId).filter((id) => !this.#watched.has(id));
    for (const id of machineIds) this.#watched.add(id);
    if (machineIds.length > 0) void this.#awaitDecided(machineIds);
  }

  /** Until each of these is decided: ready, dead, or not up by a read after their deadline. */
  async #awaitDecided(machineIds: readonly string[]): Promise<void> {
    const { input } = this.#owner.state;
    const { bootTimeoutSeconds = Infinity } = input;
    const requestDeadline = deadlineOf(input);
    let deadline = Math.min(requestDeadline, Date.now() + bootTimeoutSeconds * 1_000);
    for (let reportSeconds = FIRST_REPORT_SECONDS; ; reportSeconds *= 2) {
      const bootingIds = new Set(bootingMachines(this.#owner.state).map((machine) => machine.machineId));
      const batch = machineIds.filter((id) => bootingIds.has(id));
      if (batch.length === 0) return;
      const stub = waitStub(`wait for ${batch.length} machines to boot`);
      const { observations, isFinal } = await stub.awaitReady({ machineIds: batch, deadline, reportSeconds });
      this.#owner.apply({ type: 'MachinesObserved', observations });
      if (!isFinal) continue;
      // While AWS can't be read, their own limit ends nothing.
      if (observations.length === 0 && deadline < requestDeadline) deadline = requestDeadline;
      else {
        const ownLimit = deadline < requestDeadline ? { seconds: bootTimeoutSeconds } : {};
        this.#owner.apply({ type: 'DeadlinePassed', machineIds: batch, ...ownLimit });
      }
    }
  }
}
