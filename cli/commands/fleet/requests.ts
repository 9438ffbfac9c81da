import * as z from 'zod/mini';
import type { WorkflowRow } from '../../../domain/request/requestRepository.ts';
import { DEFAULT_LIMIT, limitOption, switchOption, textOption } from '../../args/fields.ts';
import { defineQuery } from '../../operations/operation.ts';
import { renderTable } from '../../output/table.ts';
import { createdAtText } from '../../output/times.ts';
import { listStored, STORED_OPTION, storedListText } from './storedRequests.ts';

const NAME = ['0-9 A-Z a-z _ -', /^[\w-]+$/] as const;

/** Lists requests, returns and adopters of a provider, the newest first. */
export const operation = defineQuery({
  schema: () =>
    z.object({
      all: switchOption('--all', 'Closed ones too, as long as Temporal retains them'),
      state: textOption(
        '--state <state>',
        'Only in this state: provisioning, settled, returning, returned or cancelled',
        ...NAME,
      ),
      template: textOption('--template <id>', 'Only requests of this template', ...NAME),
      limit: limitOption(),
      stored: switchOption(...STORED_OPTION),
    }),
  examples: [
    'requests',
    'requests --state settled --template demo',
    'requests --all --limit 1000 --json',
    'requests --all --stored',
  ],
  run: async ({ all = false, state, template, limit = DEFAULT_LIMIT, stored }, context) => {
    const filter = { isOpen: !all, state, templateId: template };
    return stored
      ? { stored: await listStored(filter, limit, context.env) }
      : { rows: await context.requests.list(filter, limit) };
  },
  json: ({ stored, rows }) => ({ requests: stored ?? rows }),
  text: ({ stored, rows = [] }, { limit = DEFAULT_LIMIT }) =>
    stored ? storedListText(stored, limit) : requestsText(rows, limit),
});

function requestsText(rows: readonly WorkflowRow[], limit: number): string {
  if (rows.length === 0) return 'none\n';
  const hint = rows.length === limit ? `the newest ${limit}; --limit shows more\n` : '';
  const table = renderTable(
    ['ID', 'KIND', 'STATE', 'TEMPLATE', 'COUNT', 'SINCE'],
    rows.map(({ id, kind, state, template, count }) => [
      id,
      kind,
      state,
      template || '-',
      count,
      createdAtText(id),
    ]),
  );
  return table + hint;
}
