import { bootingMachines, deadlineOf } from '../../domain/request/state.ts';
import { waitStub } from '../runtime/activityStubs.ts';
import { FIRST_REPORT_SECONDS, type RequestOwner } from './requestOwner.ts';
import type { LaunchedMachine } from '../../domain/request/launch.ts';

/** Watches launched machines while they boot, each once in a run. */
export class BootWatch {
  readonly #owner: RequestOwner;
  /** Machines that an activity of this run has waited or waits for. */
  readonly #watched = new Set<string>();

  constructor(owner: RequestOwner) {
    this.#owner = owner;
  }

  watch(machines: readonly LaunchedMachine[]): void {
    const machineIds = machines.map(({ machineId }) => machineId).filter((id) => !this.#watched.has(id));
    for (const id of machineIds) this.#watched.add(id);
    if (machineIds.length > 0)
      this.#owner.background.start('watch booting machines', () => this.#awaitDecided(machineIds));
  }

  /** Waits until each machine is ready or terminated, or a read after the deadline shows that it is not. */
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
      // While AWS cannot be read, the boot timeout fails no machine; the deadline of the request does.
      if (observations.length === 0 && deadline < requestDeadline) deadline = requestDeadline;
      else {
        const bootTimeout = deadline < requestDeadline ? { seconds: bootTimeoutSeconds } : {};
        this.#owner.apply({ type: 'DeadlinePassed', machineIds: batch, ...bootTimeout });
      }
    }
  }
}
