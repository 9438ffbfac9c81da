import type { Machine } from '../../domain/machine/machine.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { UnavailableError } from '../../domain/errors/errors.ts';
import { createdAtOf, isRequestId, isReturnId } from '../../contract/ids.ts';
import { isStatusMemo } from './memo.ts';
import type { StatusAnswer } from '../../domain/request/requestRepository.ts';
import type { WorkflowDescription, TemporalClient } from './gateway.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { CarriedRequestState } from '../../domain/request/input.ts';
import { statusQuery } from '../../contract/status.ts';

/** An id this young may be on its way to the server still. */
const NEW_ID_GRACE_MS = 2 * 60_000;
/** Reads of all pages that are tried before a status that changes meanwhile is read from elsewhere. */
const MAX_PAGING_ATTEMPTS = 3;

/** The provider that asks. */
export interface ProviderScope {
  readonly deployment: string;
  readonly provider: string;
  /** Whether this server and namespace serve it at all. */
  isMonitored(): Promise<boolean>;
}

/**
 * The status of one id, from the freshest source that answers: the workflow itself, else what Temporal
 * keeps of it without a worker, else its result. Another provider's id is one that nobody knows.
 * @param now epoch ms
 * @throws UnavailableError when it cannot be known: never `complete` on doubt
 */
export async function readStatus(
  client: TemporalClient,
  id: string,
  now: number,
  scope: ProviderScope,
): Promise<StatusAnswer> {
  if (!isRequestId(id) && !isReturnId(id)) return unknownIdAnswer(id);
  const live = await queryStatus(client, id, scope);
  if (typeof live === 'object') return live;
  const description = live === 'notFound' ? undefined : await client.describe(id);
  if (!description) {
    if (now - createdAtOf(id) < NEW_ID_GRACE_MS) return runningAnswer('The request is being accepted.');
    // A wrong or an empty server knows no request at all: its word would close every one.
    if (await scope.isMonitored()) return unknownIdAnswer(id);
    throw new UnavailableError(
      `Temporal knows neither ${id} nor the monitor of this provider: a wrong server or namespace, or no worker ` +
        'has ever been started there. See temporal.address and temporal.namespace.',
    );
  }
  const input = await client.readInput(id, description.runId);
  if (!belongsTo(scope, input)) return unknownIdAnswer(id);
  return description.isOpen
    ? readWithoutWorker(id, description, input)
    : readClosed(client, id, description, input);
}

/** @param whose what says it, or, from a worker of 0.1.0, does not */
const belongsTo = ({ deployment, provider }: ProviderScope, source: Partial<ProviderScope>): boolean =>
  (source.deployment ?? deployment) === deployment && (source.provider ?? provider) === provider;

/** Asks the workflow itself, page by page. */
async function queryStatus(
  client: TemporalClient,
  id: string,
  scope: ProviderScope,
): Promise<StatusAnswer | 'closed' | 'unanswered' | 'notFound'> {
  for (let attempt = 0; attempt < MAX_PAGING_ATTEMPTS; attempt++) {
    const machines: Machine[] = [];
    let first: StatusView | undefined;
    for (;;) {
      const answer = await client.query(id, statusQuery, { offset: machines.length });
      if (answer.kind !== 'reply') return answer.kind;
      const view = statusQuery.parse(answer.reply);
      if (!belongsTo(scope, view)) return unknownIdAnswer(id);
      first ??= view;
      // Another total or status: the workflow went on between two pages, and they do not belong together.
      if (view.total !== first.total || view.status !== first.status) break;
      const page = unpackMachines(view.machines);
      machines.push(...page);
      if (machines.length >= view.total) return toStatusAnswer(view, machines);
      if (page.length === 0) return 'unanswered';
    }
  }
  return 'unanswered';
}

type Input = Awaited<ReturnType<TemporalClient['readInput']>>;

/** No worker answers. What was last told to Temporal itself still holds. */
function readWithoutWorker(id: string, { memo }: WorkflowDescription, input: Input): StatusAnswer {
  if (isStatusMemo(memo) && memo.status === 'running') return runningAnswer(memo.message);
  const recorded = recordedStatus(memo, input);
  if (recorded) return recorded;
  throw new UnavailableError(`No worker answers for ${id}, and its machines are not known without one.`);
}

async function readClosed(
  client: TemporalClient,
  id: string,
  { runId, isCompleted, statusName, memo }: WorkflowDescription,
  input: Input,
): Promise<StatusAnswer> {
  if (isCompleted) return completeView(id, await client.readResult(id, runId));
  // What Host Factory was told once as settled stays so, even after the owner was terminated by hand.
  const recorded = recordedStatus(memo, input);
  if (recorded) return recorded;
  return {
    status: 'complete_with_error',
    message: `The workflow of ${id} ended as ${statusName} in Temporal without a result.`,
    machines: [],
  };
}

/** A settled request is in its memo, or in the input of its run. Who is told of it is taken to hold its machines. */
function recordedStatus(memo: unknown, input: Input): StatusAnswer | undefined {
  const carried: CarriedRequestState | undefined = 'carriedState' in input ? input.carriedState : undefined;
  const recorded = carried ?? (isStatusMemo(memo) ? memo : undefined);
  if (!recorded?.machines) return undefined;
  const { status, message } = recorded;
  const machines = unpackMachines(recorded.machines);
  return toStatusAnswer(
    { status, message, unacknowledged: carried ? carried.unacknowledged?.length : machines.length },
    machines,
  );
}

function completeView(id: string, view: StatusView): StatusAnswer {
  const machines = unpackMachines(view.machines);
  if (machines.length < view.total) {
    throw new UnavailableError(`The result of ${id} has ${machines.length} of its ${view.total} machines.`);
  }
  return { status: view.status, message: view.message, machines };
}

function toStatusAnswer(
  {
    status,
    message,
    unacknowledged,
  }: Pick<StatusAnswer, 'status' | 'message'> & { unacknowledged?: number | undefined },
  machines: readonly Machine[],
): StatusAnswer {
  if (!unacknowledged) return { status, message, machines };
  const succeeded = machines.filter(({ result }) => result === 'succeed').map(({ machineId }) => machineId);
  return { status, message, machines, unacknowledged: succeeded };
}

const runningAnswer = (message: string): StatusAnswer => ({ status: 'running', message, machines: [] });
const unknownIdAnswer = (id: string): StatusAnswer => ({
  status: 'complete_with_error',
  message: `Unknown request '${id}'.`,
  machines: [],
});
