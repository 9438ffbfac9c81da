import type { Outcome } from '../operations/operation.ts';
import { jsonLine, writeStdout } from './writeStdout.ts';

/** Prints a result as one JSON document or as text. @returns false when nobody reads any more */
export const emit = (outcome: Outcome, asJson: boolean): Promise<boolean> =>
  writeStdout(asJson ? jsonLine(outcome.json()) : outcome.text());
