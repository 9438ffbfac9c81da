import { once } from 'node:events';
import { didYouMean } from '../../../config/input/suggest.ts';
import { EVENT_TYPES, type EventType } from '../../../domain/events/event.ts';
import { ValidationError } from '../../../domain/errors/errors.ts';
import { isRequestId, isReturnId } from '../../../contract/ids.ts';
import type { EventFilter } from '../../../worker/pipeline/readModelQueries.ts';
import { eventRowText, eventsTable } from './eventsTable.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { parseTime } from '../../output/times.ts';
import { importWorkerModule, printNote } from '../shared/workerHost.ts';
import { limitFlag, textFlag, type Command, type Flags } from '../../args/command.ts';

/** Shows what the worker of this host has published, from its read model; and from its outbox with --follow. */
export const run: Command = async ({ flags }, env) => {
  const [filter, limit] = [filterOf(flags), limitFlag(flags)];
  const isJson = flags['json'] === true;
  const { withReadModel } = await importWorkerModule(
    () => import('../../../worker/pipeline/readModelQueries.ts'),
  );
  return withReadModel(env, printNote, async (records) => {
    if (flags['follow'] === true) {
      const interrupted = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM']) void once(process, signal).then(() => interrupted.abort());
      const show = async (line: Parameters<typeof eventRowText>[0]): Promise<void> => {
        if (!(await writeStdout(isJson ? `${JSON.stringify(line)}\n` : eventRowText(line))))
          interrupted.abort();
      };
      await records.follow(filter, limit, show, interrupted.signal);
      return 0;
    }
    const events = await records.events(filter, limit);
    await writeStdout(isJson ? `${JSON.stringify({ events })}\n` : eventsTable(events, limit));
    return 0;
  });
};

/** @throws ValidationError */
function filterOf(flags: Flags): EventFilter {
  const [id, machineId] = [textFlag(flags, 'request'), textFlag(flags, 'machine')];
  if (id !== undefined && !isRequestId(id) && !isReturnId(id))
    throw new ValidationError(
      `--request is '${id}'; allowed: the id of a request (req-…) or a return (ret-…).`,
    );
  const type = typeFlag(flags);
  const [from, to] = [timeFlag(flags, 'since'), timeFlag(flags, 'until')];
  return {
    ...(id === undefined ? {} : { id }),
    ...(machineId === undefined ? {} : { machineId }),
    ...(type === undefined ? {} : { type }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function typeFlag(flags: Flags): EventType | undefined {
  const value = textFlag(flags, 'type');
  const type = EVENT_TYPES.find((each) => each === value);
  if (value === undefined || type) return type;
  throw new ValidationError(
    `--type is '${value}', which is no type of event.${didYouMean(value, EVENT_TYPES)} Types: ${EVENT_TYPES.join(', ')}.`,
  );
}

function timeFlag(flags: Flags, name: 'since' | 'until'): number | undefined {
  const value = textFlag(flags, name);
  if (value === undefined) return undefined;
  const time = parseTime(value, Date.now());
  if (time !== undefined) return time;
  throw new ValidationError(
    `--${name} is '${value}'; allowed: 2026-01-31, 2026-01-31T12:00 (UTC), or how long ago: 90m, 12h, 7d.`,
  );
}
