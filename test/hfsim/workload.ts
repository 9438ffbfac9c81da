import type { Random } from './random.ts';

/** How many machines Symphony's sessions could use, minute by minute. */
export interface Workload {
  /** `minute` of Host Factory's time. */
  wantedAt(minute: number): number;
}

/** A while at one level, then at another: up by a lot, down to nothing, as sessions come and end. */
export function randomWorkload(random: Random, minutes: number, hosts: number): Workload {
  const levels: { readonly from: number; readonly wanted: number }[] = [];
  for (let from = 0; from < minutes; from += 0.4 + random.next() * 1.5) {
    levels.push({ from, wanted: random.chance(0.15) ? 0 : random.whole(1, hosts) });
  }
  return { wantedAt: (minute) => levels.findLast(({ from }) => from <= minute)?.wanted ?? 0 };
}
