import type { Installed } from './installed.ts';

/** One piece of work, which has an installation for itself while it runs. */
export interface Job {
  readonly name: string;
  /** Jobs of one number have one installation after another: what they prepare there, they prepare once. */
  readonly lane?: number;
  run(installed: Installed): Promise<void>;
}

export interface Outcome {
  readonly fault?: Error;
  readonly seconds: number;
}

/** Installations side by side: much of a check is waiting, for AWS or for a bound. */
export interface InstallationPool {
  /** What came of a job; if it has not begun, it is the next. */
  outcome(name: string): Promise<Outcome>;
  /** Ends the installations, without the jobs that have not begun. @throws the first Error of an installation */
  end(): Promise<void>;
}

interface Entry {
  readonly job: Job;
  readonly outcome: Promise<Outcome>;
  readonly settle: (outcome: Outcome) => void;
}

export function openPool(
  count: number,
  jobs: readonly Job[],
  start: () => Promise<Installed>,
): InstallationPool {
  const entries = new Map(jobs.map((job) => [job.name, entryOf(job)]));
  let waiting = [...entries.values()];

  /** Those of this lane alone first: nobody else takes them. */
  function take(lane: number): Entry | undefined {
    const next =
      waiting.find(({ job }) => job.lane !== undefined && job.lane % count === lane) ??
      waiting.find(({ job }) => job.lane === undefined);
    waiting = waiting.filter((entry) => entry !== next);
    return next;
  }

  /** Starts and ends come one after another: each takes the whole processor, and an end replays all histories. */
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = turn.then(act);
    turn = done.catch(() => undefined);
    return done;
  }

  async function work(lane: number): Promise<void> {
    const installed = await inTurn(start);
    try {
      for (let entry = take(lane); entry; entry = take(lane)) {
        const began = Date.now();
        const fault = await entry.job.run(installed).then(() => undefined, asError);
        await installed.world.restore();
        entry.settle({ ...(fault && { fault }), seconds: (Date.now() - began) / 1_000 });
      }
    } finally {
      await inTurn(() => installed.end());
    }
  }

  const lanes = Array.from({ length: count }, async (_, lane) => {
    try {
      await work(lane);
    } catch (error) {
      // Without it nobody may be left for some jobs.
      for (const { settle } of entries.values()) settle({ fault: asError(error), seconds: 0 });
      waiting = [];
      throw error;
    }
  });
  for (const lane of lanes) lane.catch(() => undefined);

  return {
    async outcome(name) {
      const entry = entries.get(name);
      if (!entry) throw new Error(`There is no job '${name}'.`);
      if (waiting.includes(entry)) waiting = [entry, ...waiting.filter((each) => each !== entry)];
      return entry.outcome;
    },
    async end() {
      waiting = [];
      // All of them end, whatever becomes of one.
      const ends = await Promise.allSettled(lanes);
      for (const each of ends) if (each.status === 'rejected') throw asError(each.reason);
    },
  };
}

function entryOf(job: Job): Entry {
  let settle: (outcome: Outcome) => void = () => undefined;
  const outcome = new Promise<Outcome>((resolve) => (settle = resolve));
  return { job, outcome, settle };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
