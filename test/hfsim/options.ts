import { readWorkload, type Workload } from './hostFactory/workload.ts';

export interface Options {
  /** How long there is demand, in minutes of Host Factory's time. */
  readonly minutes: number;
  /** How many times faster than in real life the configured timers run. */
  readonly speed: number;
  readonly seed: number;
  /** Probability of each fault, at each call or at each interval. */
  readonly faults: number;
  /** The most machines that are wanted at once. */
  readonly hosts: number;
  /** The demand to be played, instead of a random one. */
  readonly demand?: Workload;
}

export const USAGE = `npm run hfsim -- [--minutes 10] [--speed 60] [--seed N] [--faults 1%] [--hosts 40]
                    [--demand 0:10,3:40,6:0]

Plays Host Factory against the five scripts, a worker, Temporal and the simulated AWS, and compares its hostTable
with AWS all along. Exit code 0: the hostTable are equal and everything was given back.
  --minutes  how long there is demand, in Host Factory's time
  --speed    how many times faster than in real life its timers run
  --seed     of a run to repeat: the same demand, the same faults
  --faults   probability of each fault, at each call, at each call to AWS, or at each interval of 30 s
  --hosts    the most machines that are wanted at once
  --demand   how many are wanted from which minute on, instead of a random demand`;

const DEFAULTS = { minutes: 10, speed: 60, faults: 0, hosts: 40 };

/** @throws Error that says what is wrong */
export function readOptions(words: readonly string[], newSeed: number, defaults = DEFAULTS): Options {
  const options = { ...defaults, seed: newSeed };
  let demand: Workload | undefined;
  for (let index = 0; index < words.length; index += 2) {
    const name = words[index]?.replace(/^--/, '') ?? '';
    const value = words[index + 1] ?? '';
    if (name === 'demand') {
      demand = readWorkload(value);
      continue;
    }
    if (!isOption(name, options)) throw new Error(`There is no option '${words[index]}'.`);
    const number = Number(value.replace(/%$/, ''));
    if (value === '' || !(number >= 0)) throw new Error(`--${name} takes a number, not '${value}'.`);
    options[name] = value.endsWith('%') ? number / 100 : number;
  }
  return { ...options, ...(demand && { demand }) };
}

const isOption = <T extends object>(name: string, options: T): name is keyof T & string => name in options;

/** What `--speed` makes of the timers; those with a floor cover work that takes its time at any speed. */
export interface Timers {
  /** ms between two rounds of Host Factory; 30 s in real life. */
  readonly intervalMs: number;
  /** ms after which it kills a script; 300 s in real life. The provider's own limit for a call is 8 s. */
  readonly limitMs: number;
  readonly bootSeconds: number;
  readonly endSeconds: number;
  readonly deadlineSeconds: number;
  readonly pollSeconds: { readonly min: number; readonly max: number };
  readonly consistencySeconds: number;
  readonly sweepSeconds: number;
}

export const timersAt = (speed: number): Timers => ({
  intervalMs: Math.max(250, 30_000 / speed),
  limitMs: Math.max(12_000, 300_000 / speed),
  bootSeconds: Math.max(0.5, 40 / speed),
  endSeconds: Math.max(0.5, 30 / speed),
  deadlineSeconds: Math.max(60, Math.round(900 / speed)),
  pollSeconds: { min: Math.max(0.25, 1 / speed), max: Math.max(0.5, 15 / speed) },
  consistencySeconds: Math.max(1, 60 / speed),
  sweepSeconds: Math.max(1, 60 / speed),
});
