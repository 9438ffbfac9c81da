import type { Machine } from '../../domain/machine/machine.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { UnavailableError } from '../../domain/errors/errors.ts';
import { bornAt, isRequestId, isReturnId } from '../../contract/ids.ts';
import { QUERY } from '../../contract/messages.ts';
import { isMemo } from './memo.ts';
import type { Description, StatusAnswer, TemporalCalls } from './gateway.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { CarriedRequest } from '../../domain/request/input.ts';

/** An id this young may be on its way to the server still. */
const YOUNG_MS = 2 * 60_000;
/** Reads of all pages that are tried before a status that changes meanwhile is read from elsewhere. */
const PAGING_ATTEMPTS = 3;

/** The provider that asks. */
export interface Asker {
  readonly deployment: string;
  readonly provider: string;
  /** Whether this server and namespace serve it at all. */
  isServed(): Promise<boolean>;
}

/**
 * The status of one id, from the freshest source that answers: the workflow itself, else what Temporal
 * keeps of it without a worker, else its result. Another provider's id is one that nobody knows.
 * @param now epoch ms
 * @throws UnavailableError when it cannot be known: never `complete` on doubt
 */
export async function readStatus(
  calls: TemporalCalls,
  id: string,
  now: number,
  asker: Asker,
): Promise<StatusAnswer> {
  if (!isRequestId(id) && !isReturnId(id)) return unknown(id);
  const live = await readLive(calls, id, asker);
  if (typeof live === 'object') return live;
  const description = live === 'notFound' ? undefined : await calls.describe(id);
  if (!description) {
    if (now - bornAt(id) < YOUNG_MS) return running('The request is being accepted.');
    // A wrong or an empty server knows no request at all: its word would close every one.
    if (await asker.isServed()) return unknown(id);
    throw new UnavailableError(
      `Temporal knows neither ${id} nor the monitor of this provider: a wrong server or namespace, or no worker ` +
        'has ever been started there. See temporal.address and temporal.namespace.',
    );
  }
  const input = await calls.inputOf(id, description.runId);
  if (!isOf(asker, input)) return unknown(id);
  return description.open ? readIdle(id, description, input) : readClosed(calls, id, description, input);
}

/** @param whose what says it, or, from a worker of 0.1.0, does not */
const isOf = ({ deployment, provider }: Asker, whose: Partial<Asker>): boolean =>
  (whose.deployment ?? deployment) === deployment && (whose.provider ?? provider) === provider;

/** Asks the workflow itself, page by page. */
async function readLive(
  calls: TemporalCalls,
  id: string,
  asker: Asker,
): Promise<StatusAnswer | 'closed' | 'noAnswer' | 'notFound'> {
  for (let attempt = 0; attempt < PAGING_ATTEMPTS; attempt++) {
    const machines: Machine[] = [];
    let first: StatusView | undefined;
    for (;;) {
      const answer = await calls.query(id, QUERY.status, { offset: machines.length });
      if (answer.kind !== 'view') return answer.kind;
      const view = answer.view as StatusView;
      if (!isOf(asker, view)) return unknown(id);
      first ??= view;
      // Another total or status: the workflow went on between two pages, and they do not belong together.
      if (view.total !== first.total || view.status !== first.status) break;
      const page = unpackMachines(view.machines);
      machines.push(...page);
      if (machines.length >= view.total) return answerOf(view, machines);
      if (page.length === 0) return 'noAnswer';
    }
  }
  return 'noAnswer';
}

type Input = Awaited<ReturnType<TemporalCalls['inputOf']>>;

/** No worker answers. What was last told to Temporal itself still holds. */
function readIdle(id: string, { memo }: Description, input: Input): StatusAnswer {
  if (isMemo(memo) && memo.status === 'running') return running(memo.message);
  const known = toldBy(memo, input);
  if (known) return known;
  throw new UnavailableError(`No worker answers for ${id}, and its machines are not known without one.`);
}

async function readClosed(
  calls: TemporalCalls,
  id: string,
  { runId, completed, statusName, memo }: Description,
  input: Input,
): Promise<StatusAnswer> {
  if (completed) return wholeView(id, await calls.resultOf(id, runId));
  // What Host Factory was told once as settled stays so, even after the owner was terminated by hand.
  const known = toldBy(memo, input);
  if (known) return known;
  return {
    status: 'complete_with_error',
    message: `The workflow of ${id} ended as ${statusName} in Temporal without a result.`,
    machines: [],
  };
}

/** A settled request is in its memo, or in the input of its run. Who is told of it is taken to hold its machines. */
function toldBy(memo: unknown, input: Input): StatusAnswer | undefined {
  const carried: CarriedRequest | undefined = 'carried' in input ? input.carried : undefined;
  const told = carried ?? (isMemo(memo) ? memo : undefined);
  if (!told?.machines) return undefined;
  const { status, message } = told;
  const machines = unpackMachines(told.machines);
  return answerOf(
    { status, message, unclaimed: carried ? carried.unclaimed?.length : machines.length },
    machines,
  );
}

function wholeView(id: string, view: StatusView): StatusAnswer {
  const machines = unpackMachines(view.machines);
  if (machines.length < view.total) {
    throw new UnavailableError(`The result of ${id} has ${machines.length} of its ${view.total} machines.`);
  }
  return { status: view.status, message: view.message, machines };
}

function answerOf(
  {
    status,
    message,
    unclaimed,
  }: Pick<StatusAnswer, 'status' | 'message'> & { unclaimed?: number | undefined },
  machines: readonly Machine[],
): StatusAnswer {
  if (!unclaimed) return { status, message, machines };
  const ready = machines.filter(({ result }) => result === 'succeed').map(({ machineId }) => machineId);
  return { status, message, machines, unclaimed: ready };
}

const running = (message: string): StatusAnswer => ({ status: 'running', message, machines: [] });
const unknown = (id: string): StatusAnswer => ({
  status: 'complete_with_error',
  message: `Unknown request '${id}'.`,
  machines: [],
});
