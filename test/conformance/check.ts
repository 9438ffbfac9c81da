import type { Harness } from './harness.ts';

/** One promise of Host Factory's contract. */
export interface Check {
  readonly number: number;
  readonly title: string;
  /** Checks of one number share an installation, for what they prepare there once; see installationPool.ts. */
  readonly lane?: number;
  /** @throws Error that says how the plugin breaks it */
  run(harness: Harness): Promise<void>;
}

/** A list of checks in the order of their numbers, from `first` on. */
export const checksFrom = (
  first: number,
  checks: readonly (readonly [title: string, run: Check['run'], lane?: number])[],
): readonly Check[] =>
  checks.map(([title, run, lane], index) => ({
    number: first + index,
    title,
    run,
    ...(lane !== undefined && { lane }),
  }));
