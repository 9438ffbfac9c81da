import type { Outcome } from '../operations/operation.ts';
import { jsonLine, writeStdout } from './writeStdout.ts';

/** Prints a result as one JSON document or as text. @returns false if the reader has closed the pipe */
export const emit = (outcome: Outcome, asJson: boolean): Promise<boolean> =>
  writeStdout(asJson ? jsonLine(outcome.json()) : outcome.text());
