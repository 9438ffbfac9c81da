import type { LogEntry, SimulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import type { AwsMachine, AwsView } from './compare.ts';

/** The tag by which machines tell for which request they were launched; docs/how-it-works.md promises it. */
const REQUEST_TAG = 'ohf:request-id';

/** The simulated AWS's own log, read as it grows: the judge of what was launched and terminated, and by whom. */
export interface AwsMirror {
  look(): Promise<AwsView>;
  readonly log: readonly LogEntry[];
}

export function createAwsMirror(control: SimulatorControl): AwsMirror {
  const machines = new Map<string, AwsMachine>();
  const log: LogEntry[] = [];
  const living = new Map<string, number>();
  const peaks = new Map<string, number>();

  async function requestsOf(launched: readonly string[]): Promise<ReadonlyMap<string, string | undefined>> {
    if (launched.length === 0) return new Map();
    return new Map((await control.instances()).map(({ id, tags }) => [id, tags[REQUEST_TAG]]));
  }

  function count(requestId: string | undefined, by: 1 | -1): void {
    if (requestId === undefined) return;
    const now = (living.get(requestId) ?? 0) + by;
    living.set(requestId, now);
    peaks.set(requestId, Math.max(now, peaks.get(requestId) ?? 0));
  }

  return {
    log,
    async look() {
      const askedAt = Date.now();
      const fresh = await control.log(log.length);
      const tags = await requestsOf(fresh.flatMap(({ launched }) => launched));
      for (const { action, launched, terminated } of fresh) {
        for (const machineId of launched) {
          const requestId = tags.get(machineId);
          const of = requestId === undefined ? {} : { requestId };
          machines.set(machineId, { machineId, ...of, alive: true, takenAway: false });
          count(requestId, 1);
        }
        for (const machineId of terminated) {
          const machine = machines.get(machineId);
          if (!machine) continue;
          machines.set(machineId, { ...machine, alive: false, takenAway: action.startsWith('simulator:') });
          count(machine.requestId, -1);
        }
      }
      log.push(...fresh);
      return { askedAt, machines, peaks };
    },
  };
}
