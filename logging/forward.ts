import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry } from './line.ts';
import type { TargetDefinition } from './target.ts';

export interface ForwardedLine {
  readonly entry: LogEntry;
  /** One JSON object, without the line break. */
  readonly line: string;
}

/** The target rejects these lines permanently; it may accept others. */
export class UndeliverableError extends Error {}

export interface ForwardOptions {
  readonly name: string;
  /** The most lines in one delivery. */
  readonly batchSize: number;
  /** How long the first line of a batch waits for more. */
  readonly lingerMs: number;
  /** @throws UndeliverableError to drop the lines, any other error to have them delivered again */
  readonly deliver: (lines: readonly ForwardedLine[]) => Promise<void>;
  readonly close?: () => void;
}

/** The most lines that wait for a failing target; further ones are lost. */
export const MAX_QUEUED_LINES = 10_000;
const MIN_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 30_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** Queues lines and delivers them in order, in the background, with retries. */
export const forwardingTarget = ({
  name,
  batchSize,
  lingerMs,
  deliver,
  close,
}: ForwardOptions): TargetDefinition => ({
  name,
  open({ onFailure, onSuccess, onLineLost }) {
    const queue: ForwardedLine[] = [];
    const closing = new AbortController();
    let delivery: Promise<void> | undefined;
    const sleep = (ms: number): Promise<void> =>
      delay(ms, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);

    async function deliverQueue(): Promise<void> {
      await sleep(lingerMs);
      for (let backoffMs = MIN_BACKOFF_MS; queue.length > 0;) {
        const lines = queue.slice(0, batchSize);
        try {
          await deliver(lines);
          queue.splice(0, lines.length);
          onSuccess();
          backoffMs = MIN_BACKOFF_MS;
        } catch (error) {
          onFailure(error);
          if (error instanceof UndeliverableError) {
            for (const _ of queue.splice(0, lines.length)) onLineLost();
            continue;
          }
          if (closing.signal.aborted) return;
          await sleep(backoffMs);
          backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
        }
      }
    }
    const startDelivery = (): void => {
      delivery ??= deliverQueue().finally(() => {
        delivery = undefined;
        if (queue.length > 0 && !closing.signal.aborted) startDelivery();
      });
    };
    return {
      write(entry, line) {
        if (queue.length >= MAX_QUEUED_LINES) return onLineLost();
        queue.push({ entry, line });
        startDelivery();
      },
      async close() {
        closing.abort();
        await Promise.race([delivery, delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
        close?.();
      },
    };
  },
});
