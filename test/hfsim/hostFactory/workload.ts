import type { Random } from '../random.ts';

/** How many machines Symphony's sessions could use, minute by minute. */
export interface Workload {
  /** `minute` of Host Factory's time. */
  wantedAt(minute: number): number;
}

/** Levels of demand from a minute on: `0:10,3.5:40,6:0`. @throws Error that says what is wrong */
export function readWorkload(text: string): Workload {
  const levels = text.split(',').map((level) => {
    const [, from, wanted] = /^(\d+(?:\.\d+)?):(\d+)$/.exec(level.trim()) ?? [];
    if (from === undefined || wanted === undefined) throw new Error(`'${level}' is no MINUTE:MACHINES.`);
    return { from: Number(from), wanted: Number(wanted) };
  });
  return stepsOf(levels);
}

/** A while at one level, then at another: up by a lot, down to nothing, as sessions come and end. */
export function randomWorkload(random: Random, minutes: number, hosts: number): Workload {
  const levels: Level[] = [];
  for (let from = 0; from < minutes; from += 0.4 + random.next() * 1.5) {
    levels.push({ from, wanted: random.chance(0.15) ? 0 : random.whole(1, hosts) });
  }
  return stepsOf(levels);
}

interface Level {
  readonly from: number;
  readonly wanted: number;
}

const stepsOf = (levels: readonly Level[]): Workload => ({
  wantedAt: (minute) => levels.findLast(({ from }) => from <= minute)?.wanted ?? 0,
});
