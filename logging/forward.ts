import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry } from './line.ts';
import type { TargetSettings } from './target.ts';

export interface ForwardedLine {
  readonly entry: LogEntry;
  /** One JSON object, without its end. */
  readonly line: string;
}

/** The target will never take these lines, but others. */
export class UndeliverableError extends Error {}

export interface Forwarding {
  readonly name: string;
  /** Lines that are delivered at once, after waiting so long for more. */
  readonly batch: number;
  readonly gatherMs: number;
  /** @throws when they have to be delivered again, or UndeliverableError */
  readonly deliver: (lines: readonly ForwardedLine[]) => Promise<void>;
  readonly close?: () => void;
}

/** Lines that wait for a target that is out of order; later ones are lost. */
export const MOST_WAITING = 10_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
const CLOSE_MS = 2_000;

/** Delivers lines elsewhere, in order and beside all work. */
export const forward = ({ name, batch, gatherMs, deliver, close }: Forwarding): TargetSettings => ({
  name,
  open({ failed, worked, lost }) {
    const waiting: ForwardedLine[] = [];
    const closing = new AbortController();
    let running: Promise<void> | undefined;
    const pause = (ms: number): Promise<void> =>
      delay(ms, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);

    async function run(): Promise<void> {
      await pause(gatherMs);
      for (let retryMs = FIRST_RETRY_MS; waiting.length > 0;) {
        const lines = waiting.slice(0, batch);
        try {
          await deliver(lines);
          waiting.splice(0, lines.length);
          worked();
          retryMs = FIRST_RETRY_MS;
        } catch (error) {
          failed(error);
          if (error instanceof UndeliverableError) {
            for (const _ of waiting.splice(0, lines.length)) lost();
            continue;
          }
          if (closing.signal.aborted) return;
          await pause(retryMs);
          retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
        }
      }
    }
    const start = (): void => {
      running ??= run().finally(() => {
        running = undefined;
        if (waiting.length > 0 && !closing.signal.aborted) start();
      });
    };
    return {
      write(entry, line) {
        if (waiting.length >= MOST_WAITING) return lost();
        waiting.push({ entry, line });
        start();
      },
      async close() {
        closing.abort();
        await Promise.race([running, delay(CLOSE_MS, undefined, { ref: false })]);
        close?.();
      },
    };
  },
});
