import * as z from 'zod/mini';
import { isRequestId, isReturnId } from '../../../contract/ids.ts';
import { didYouMean } from '../../../config/input/suggest.ts';
import { EVENT_TYPES, type EventType } from '../../../domain/events/event.ts';
import { ValidationError } from '../../../domain/errors/errors.ts';
import type { AuditLine, EventFilter } from '../../../worker/pipeline/readModelQueries.ts';
import { DEFAULT_LIMIT, limitOption, textOption } from '../../args/fields.ts';
import { defineQuery } from '../../operations/operation.ts';
import { parseTime } from '../../output/times.ts';
import { importWorkerModule, printNote } from '../shared/workerHost.ts';
import { eventRowText, eventsTable } from './eventsTable.ts';

interface Input {
  readonly request?: string | undefined;
  readonly machine?: string | undefined;
  readonly type?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

interface Result {
  readonly events: readonly AuditLine[];
  /** With `--follow`, each result is one event. */
  readonly isFollowed?: boolean;
}

/** Shows the events in the read model of this host's worker; with --follow, then those that reach its outbox. */
export const operation = defineQuery({
  schema: () =>
    z.object({
      request: textOption(
        '--request <id>',
        'Only events of this request (req-…), or of the machines of this return (ret-…)',
      ),
      machine: textOption('--machine <id>', 'Only events of this machine, and of the returns that name it'),
      type: textOption('--type <type>', 'Only events of this type, e.g. MachineLost'),
      since: textOption(
        '--since <time>',
        'Only events since then: 2026-01-31, 2026-01-31T12:00 (UTC), or an age: 90m, 12h, 7d',
      ),
      until: textOption('--until <time>', 'Only events before then, in the same forms'),
      limit: limitOption(),
    }),
  scope: 'workerHost',
  examples: [
    'events --since 1h',
    'events --request req-01989c9e-7a0b-7c3d-9e4f-0123456789ab --limit 1000 --json',
    'events --machine i-0123456789abcdef0',
    'events --type MachineLost --follow',
  ],
  run: async ({ limit = DEFAULT_LIMIT, ...input }, { env }): Promise<Result> => {
    const filter = filterOf(input);
    const { withReadModel } = await importReadModelQueries();
    return withReadModel(env, printNote, async (queries) => ({
      events: await queries.events(filter, limit),
    }));
  },
  watch: {
    flag: 'follow',
    description: 'Continue with each new event, until Ctrl-C',
    results: async ({ limit = DEFAULT_LIMIT, ...input }, { env }, show, signal) => {
      const filter = filterOf(input);
      const { withReadModel } = await importReadModelQueries();
      const showLine = (line: AuditLine): Promise<void> => show({ events: [line], isFollowed: true });
      await withReadModel(env, printNote, (queries) => queries.follow(filter, limit, showLine, signal));
    },
  },
  json: ({ events, isFollowed }) => (isFollowed ? (events[0] ?? {}) : { events }),
  text: ({ events, isFollowed }, { limit = DEFAULT_LIMIT }) =>
    isFollowed ? events.map(eventRowText).join('') : eventsTable(events, limit),
});

const importReadModelQueries = () =>
  importWorkerModule(() => import('../../../worker/pipeline/readModelQueries.ts'));

/** @throws ValidationError */
function filterOf({ request: id, machine: machineId, since, until, ...input }: Input): EventFilter {
  if (id !== undefined && !isRequestId(id) && !isReturnId(id))
    throw new ValidationError(
      `--request is "${id}"; allowed: the id of a request (req-…) or a return (ret-…).`,
    );
  const type = parseType(input.type);
  const [from, to] = [timeOf('since', since), timeOf('until', until)];
  return {
    ...(id === undefined ? {} : { id }),
    ...(machineId === undefined ? {} : { machineId }),
    ...(type === undefined ? {} : { type }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function parseType(value: string | undefined): EventType | undefined {
  const type = EVENT_TYPES.find((each) => each === value);
  if (value === undefined || type) return type;
  throw new ValidationError(
    `--type is "${value}".${didYouMean(value, EVENT_TYPES)} Allowed: ${EVENT_TYPES.join(', ')}.`,
  );
}

function timeOf(name: 'since' | 'until', value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const time = parseTime(value, Date.now());
  if (time !== undefined) return time;
  throw new ValidationError(
    `--${name} is "${value}"; allowed: 2026-01-31, 2026-01-31T12:00 (UTC), or an age: 90m, 12h, 7d.`,
  );
}
