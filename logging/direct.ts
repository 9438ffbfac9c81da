import type { Writable } from 'node:stream';
import { appendLines, type LogFile } from './file.ts';
import type { TargetSettings } from './target.ts';

/** Bytes that a reader of the output may be behind. */
const MOST_UNREAD = 4 << 20;
const CLOSE_MS = 1_000;

/** The log file: tried for each line, so that it goes on as soon as the disk does. */
export const fileTarget = (file: LogFile): TargetSettings => ({
  name: file.path,
  open: ({ failed, worked, lost }) => ({
    write(_entry, line) {
      try {
        appendLines(file, `${line}\n`);
        worked();
      } catch (error) {
        lost();
        failed(error);
      }
    },
    close: async () => undefined,
  }),
});

/** An output whose reader may be slow, or gone: neither must end the worker or fill its memory. */
export const streamTarget = (stream: Writable, name = 'standard output'): TargetSettings => ({
  name,
  open({ failed, worked, lost }) {
    // Unheard, the error of a closed pipe would end the process.
    stream.on('error', failed);
    return {
      write(_entry, line) {
        if (stream.destroyed || stream.writableLength > MOST_UNREAD) {
          lost();
          failed(new Error('nobody reads it'));
        } else {
          stream.write(`${line}\n`, (error) => (error ? lost() : worked()));
        }
      },
      async close() {
        if (stream.destroyed || stream.writableLength === 0) return;
        await new Promise<void>((resolve) => {
          setTimeout(resolve, CLOSE_MS).unref();
          stream.write('', () => resolve());
        });
      },
    };
  },
});
