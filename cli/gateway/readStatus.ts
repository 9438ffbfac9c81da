import type { Machine } from '../../domain/machine/machine.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { UnavailableError } from '../../domain/shared/errors.ts';
import { bornAt, isRequestId, isReturnId } from '../../domain/shared/ids.ts';
import { QUERY, type CarriedRequest, type StatusView } from '../../domain/shared/messages.ts';
import { isMemo } from './memo.ts';
import type { Description, StatusAnswer, TemporalCalls } from './gateway.ts';

/** An id this young may be on its way to the server still. */
const YOUNG_MS = 2 * 60_000;
/** Reads of all pages that are tried before a status that changes meanwhile is read from elsewhere. */
const PAGING_ATTEMPTS = 3;

/**
 * The status of one id, from the freshest source that answers: the workflow itself, else what Temporal
 * keeps of it without a worker, else its result.
 * @param now epoch ms
 * @param isOurServer whether this server and namespace serve the provider at all
 * @throws UnavailableError when it cannot be known: never `complete` on doubt
 */
export async function readStatus(
  calls: TemporalCalls,
  id: string,
  now: number,
  isOurServer: () => Promise<boolean>,
): Promise<StatusAnswer> {
  if (!isRequestId(id) && !isReturnId(id)) return unknown(id);
  const live = await readLive(calls, id);
  if (typeof live === 'object') return live;
  const description = live === 'notFound' ? undefined : await calls.describe(id);
  if (!description) {
    if (now - bornAt(id) < YOUNG_MS) return running('The request is being accepted.');
    // A wrong or an empty server knows no request at all: its word would close every one.
    if (await isOurServer()) return unknown(id);
    throw new UnavailableError(
      `Temporal knows neither ${id} nor the monitor of this provider: a wrong server or namespace, or no worker ` +
        'has ever been started there. See temporal.address and temporal.namespace.',
    );
  }
  return description.open ? readIdle(calls, id, description) : readClosed(calls, id, description);
}

/** Asks the workflow itself, page by page. */
async function readLive(
  calls: TemporalCalls,
  id: string,
): Promise<StatusAnswer | 'closed' | 'noAnswer' | 'notFound'> {
  for (let attempt = 0; attempt < PAGING_ATTEMPTS; attempt++) {
    const machines: Machine[] = [];
    let first: StatusView | undefined;
    for (;;) {
      const answer = await calls.query(id, QUERY.status, { offset: machines.length });
      if (answer.kind !== 'view') return answer.kind;
      const view = answer.view as StatusView;
      first ??= view;
      // Another total or status: the workflow went on between two pages, and they do not belong together.
      if (view.total !== first.total || view.status !== first.status) break;
      const page = unpackMachines(view.machines);
      machines.push(...page);
      if (machines.length >= view.total) return { status: view.status, message: view.message, machines };
      if (page.length === 0) return 'noAnswer';
    }
  }
  return 'noAnswer';
}

/** No worker answers. What was last told to Temporal itself still holds. */
async function readIdle(calls: TemporalCalls, id: string, description: Description): Promise<StatusAnswer> {
  const { memo, runId } = description;
  if (isMemo(memo) && memo.status === 'running') return running(memo.message);
  const carried = await carriedBy(calls, id, runId);
  if (carried) return carried;
  throw new UnavailableError(`No worker answers for ${id}, and its machines are not known without one.`);
}

async function readClosed(calls: TemporalCalls, id: string, description: Description): Promise<StatusAnswer> {
  const { runId, completed, statusName } = description;
  if (completed) return wholeView(id, await calls.resultOf(id, runId));
  // What Host Factory was told once as settled stays so, even after the owner was terminated by hand.
  const carried = await carriedBy(calls, id, runId);
  if (carried) return carried;
  return {
    status: 'complete_with_error',
    message: `The workflow of ${id} ended as ${statusName} in Temporal without a result.`,
    machines: [],
  };
}

async function carriedBy(calls: TemporalCalls, id: string, runId: string): Promise<StatusAnswer | undefined> {
  const input = await calls.inputOf(id, runId);
  const carried: CarriedRequest | undefined = 'carried' in input ? input.carried : undefined;
  if (!carried) return undefined;
  return { status: carried.status, message: carried.message, machines: unpackMachines(carried.machines) };
}

function wholeView(id: string, view: StatusView): StatusAnswer {
  const machines = unpackMachines(view.machines);
  if (machines.length < view.total) {
    throw new UnavailableError(`The result of ${id} has ${machines.length} of its ${view.total} machines.`);
  }
  return { status: view.status, message: view.message, machines };
}

const running = (message: string): StatusAnswer => ({ status: 'running', message, machines: [] });
const unknown = (id: string): StatusAnswer => ({
  status: 'complete_with_error',
  message: `Unknown request '${id}'.`,
  machines: [],
});
