import type { Writable } from 'node:stream';
import { appendLines, type LogFile } from './file.ts';
import type { TargetDefinition } from './target.ts';

/** Bytes that a reader of the output may be behind. */
const MAX_UNREAD_BYTES = 4 << 20;
const CLOSE_TIMEOUT_MS = 1_000;

/** The log file: tried for each line, so that it goes on as soon as the disk does. */
export const fileTarget = (file: LogFile): TargetDefinition => ({
  name: file.path,
  open: ({ onFailure, onSuccess, onLineLost }) => ({
    write(_entry, line) {
      try {
        appendLines(file, `${line}\n`);
        onSuccess();
      } catch (error) {
        onLineLost();
        onFailure(error);
      }
    },
    close: async () => undefined,
  }),
});

/** An output whose reader may be slow, or gone: neither must end the worker or fill its memory. */
export const streamTarget = (stream: Writable, name = 'standard output'): TargetDefinition => ({
  name,
  open({ onFailure, onSuccess, onLineLost }) {
    // Unheard, the error of a closed pipe would end the process.
    stream.on('error', onFailure);
    return {
      write(_entry, line) {
        if (stream.destroyed || stream.writableLength > MAX_UNREAD_BYTES) {
          onLineLost();
          onFailure(new Error('nobody reads it'));
        } else {
          stream.write(`${line}\n`, (error) => (error ? onLineLost() : onSuccess()));
        }
      },
      async close() {
        if (stream.destroyed || stream.writableLength === 0) return;
        await new Promise<void>((resolve) => {
          setTimeout(resolve, CLOSE_TIMEOUT_MS).unref();
          stream.write('', () => resolve());
        });
      },
    };
  },
});
