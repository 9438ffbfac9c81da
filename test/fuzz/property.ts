import * as fc from 'fast-check';

/** What must hold for whatever comes from outside. */
export interface Property {
  readonly name: string;
  /** Cases of this one for each case of a usual one; 0.01 where a case starts a process. */
  readonly share: number;
  check(parameters: Parameters): Promise<Verdict>;
}

export interface Parameters {
  readonly seed: number;
  readonly numRuns: number;
}

export interface Verdict {
  readonly cases: number;
  /** The smallest case found that breaks it, and how to see it again. */
  readonly broken?: string;
}

/** Properties that share what they were set up with. */
export interface Area {
  readonly properties: readonly Property[];
  close(): Promise<void>;
}

interface Options<T> {
  readonly share?: number;
  /** Cases that once broke it: they come first, each time. */
  readonly found?: readonly T[];
}

export function holds<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  predicate: (value: T) => Promise<void> | void,
  { share = 1, found = [] }: Options<NoInfer<T>> = {},
): Property {
  return {
    name,
    share,
    async check(parameters) {
      const property = fc.asyncProperty(cases, async (value) => predicate(value));
      const examples = found.map((one): [T] => [one]);
      // The examples count as runs.
      const numRuns = parameters.numRuns + examples.length;
      const details = await fc.check(property, {
        ...parameters,
        numRuns,
        examples,
        includeErrorInReport: true,
      });
      const broken = details.failed ? await fc.asyncDefaultReportMessage(details) : undefined;
      return { cases: details.numRuns, ...(broken === undefined ? {} : { broken }) };
    },
  };
}
