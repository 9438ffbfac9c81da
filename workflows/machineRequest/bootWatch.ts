import { booting, deadlineOf } from '../../domain/request/state.ts';
import { waitLane } from '../runtime/activityStubs.ts';
import { FIRST_REPORT_SECONDS, type Ledger } from './requestOwner.ts';
import type { LaunchedMachine } from '../../domain/request/launch.ts';

/** Has machines watched that launches brought, each once in a run. */
export class Watching {
  readonly #ledger: Ledger;
  /** Machines that an activity of this run waits for. */
  readonly #watched = new Set<string>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  watch(machines: readonly LaunchedMachine[]): void {
    const machineIds = machines.map(({ machineId }) => machineId).filter((id) => !this.#watched.has(id));
    for (const id of machineIds) this.#watched.add(id);
    if (machineIds.length > 0) void this.#untilDecided(machineIds);
  }

  /** Until each of these is decided: ready, dead, or not up by a read after their deadline. */
  async #untilDecided(machineIds: readonly string[]): Promise<void> {
    const { input } = this.#ledger.state;
    const { pendingSeconds = Infinity } = input;
    const last = deadlineOf(input);
    let deadline = Math.min(last, Date.now() + pendingSeconds * 1_000);
    for (let reportSeconds = FIRST_REPORT_SECONDS; ; reportSeconds *= 2) {
      const waitedFor = new Set(booting(this.#ledger.state).map((machine) => machine.machineId));
      const batch = machineIds.filter((id) => waitedFor.has(id));
      if (batch.length === 0) return;
      const lane = waitLane(`wait for ${batch.length} machines to boot`);
      const { sightings, final } = await lane.awaitMachines({ machineIds: batch, deadline, reportSeconds });
      this.#ledger.apply({ type: 'MachinesSeen', sightings });
      if (!final) continue;
      // While AWS can't be read, their own limit ends nothing.
      if (sightings.length === 0 && deadline < last) deadline = last;
      else {
        const own = deadline < last ? { seconds: pendingSeconds } : {};
        this.#ledger.apply({ type: 'DeadlinePassed', machineIds: batch, ...own });
      }
    }
  }
}
