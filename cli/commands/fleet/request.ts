import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { isRequestId, isReturnId } from '../../../contract/ids.ts';
import { ValidationError } from '../../../domain/errors/errors.ts';
import type { StatusAnswer } from '../../../domain/request/requestRepository.ts';
import type { QueryContext } from '../../bus/context.ts';
import { argument, switchOption } from '../../args/fields.ts';
import { machineRow } from '../../operations/machineRow.ts';
import { defineQuery } from '../../operations/operation.ts';
import { machinesTable } from './machinesTable.ts';
import { readStored, STORED_OPTION, storedRequestText } from './storedRequests.ts';

const POLL_INTERVAL_MS = 1_000;

/** Shows one request or return with its machines. */
export const operation = defineQuery({
  schema: () =>
    z.object({
      id: argument(
        '<id>',
        'the id of a request (req-…) or a return (ret-…)',
        (id) => isRequestId(id) || isReturnId(id),
      ),
      stored: switchOption(...STORED_OPTION),
    }),
  examples: [
    'request req-01989c9e-7a0b-7c3d-9e4f-0123456789ab --watch',
    'request req-01989c9e-7a0b-7c3d-9e4f-0123456789ab --stored',
  ],
  run: async ({ id, stored }, context): Promise<Result> =>
    stored ? { stored: await readStored(id, context.env) } : { status: await readStatus(id, context) },
  watch: {
    flag: 'watch',
    description: 'Print it at every change until it is settled; exit code 0 only if it is complete',
    results: async ({ id, stored }, context, show, signal) => {
      if (stored) throw new ValidationError('--watch cannot be combined with --stored.');
      let lastShown = '';
      while (!signal.aborted) {
        const status = await readStatus(id, context);
        const text = JSON.stringify(status);
        if (text !== lastShown) await show({ status, isWatched: true });
        lastShown = text;
        if (status.status !== 'running') return;
        await delay(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  },
  json: ({ stored, status }, { id }) => stored ?? (status ? statusJson(id, status) : {}),
  text: ({ stored, status }, { id }) =>
    stored ? storedRequestText(stored) : status ? statusText(id, status) : '',
  exitCode: ({ status, isWatched = false }) => (isWatched && status?.status !== 'complete' ? 1 : 0),
});

interface Result {
  readonly stored?: Awaited<ReturnType<typeof readStored>>;
  readonly status?: StatusAnswer;
  readonly isWatched?: boolean;
}

async function readStatus(id: string, { requests }: QueryContext): Promise<StatusAnswer> {
  const [status] = await requests.statuses([id]);
  if (!status) throw new Error(`no status for ${id}`);
  return status;
}

const statusJson = (requestId: string, { status, message, machines }: StatusAnswer): object => ({
  requestId,
  status,
  message,
  machines: machines.map(machineRow),
});

function statusText(id: string, { status, message, machines }: StatusAnswer): string {
  const done = machines.filter(({ result }) => result === 'succeed').length;
  const verb = isReturnId(id) ? 'terminated' : 'up';
  const head = `${id}: ${status}, ${done} of ${machines.length} machines ${verb}${message && `: ${message}`}\n`;
  if (machines.length === 0) return head;
  const rows = machines.map((machine) => [machine, machine.result, machine.message || '-'] as const);
  return head + machinesTable(['RESULT', 'MESSAGE'], rows);
}
