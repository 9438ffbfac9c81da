import type { Writable } from 'node:stream';
import { appendLines, type LogFile } from './file.ts';
import type { TargetDefinition } from './target.ts';

/** Bytes that may wait in memory for a slow reader of the output. */
const MAX_UNREAD_BYTES = 4 << 20;
const CLOSE_TIMEOUT_MS = 1_000;

/** Appends each line to a file. Every line is a new attempt, so logging resumes as soon as the disk works again. */
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

/** Writes to a stream. A slow reader must not fill the worker's memory, and a closed pipe must not end the worker. */
export const streamTarget = (stream: Writable, name = 'standard output'): TargetDefinition => ({
  name,
  open({ onFailure, onSuccess, onLineLost }) {
    // Without a listener, the error of a closed pipe would end the process.
    stream.on('error', onFailure);
    return {
      write(_entry, line) {
        if (stream.destroyed || stream.writableLength > MAX_UNREAD_BYTES) {
          onLineLost();
          onFailure(new Error('its reader is closed or too slow'));
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
