import type { Machine } from '../../domain/machine/machine.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { UnavailableError } from '../../domain/errors/errors.ts';
import { createdAtOf, isRequestId, isReturnId, type RequestId, type ReturnId } from '../../contract/ids.ts';
import { isStatusMemo } from './memo.ts';
import type { StatusAnswer } from '../../domain/request/requestRepository.ts';
import type { WorkflowDescription, TemporalClient } from './gateway.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { CarriedRequestState } from '../../domain/request/input.ts';
import { statusQuery } from '../../contract/status.ts';

/** The call that starts a request may still be in flight while its id is younger than this. */
const NEW_ID_GRACE_MS = 2 * 60_000;
/** Attempts to read all pages of a status that changes meanwhile; after that, another source is read. */
const MAX_PAGING_ATTEMPTS = 3;

/** The provider that Host Factory calls. */
export interface ProviderScope {
  readonly deployment: string;
  readonly provider: string;
  /** @throws UnavailableError unless it is certain that nothing is alive of a request that Temporal does not know */
  assertNothingAlive(id: RequestId | ReturnId): Promise<void>;
}

/**
 * Reads the status of one id from the most recent source that answers: the workflow, else its memo and input, else its
 * result. An id of another provider counts as unknown.
 * @param now epoch ms
 * @throws UnavailableError when no source has the status; `complete` is never a guess
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
    await scope.assertNothingAlive(id);
    return unknownIdAnswer(id);
  }
  const input = await client.readInput(id, description.runId);
  if (!belongsTo(scope, input)) return unknownIdAnswer(id);
  return description.isOpen
    ? readWithoutWorker(id, description, input)
    : readClosed(client, id, description, input);
}

/** @param source names its provider, except if a worker of release 0.1.0 wrote it */
const belongsTo = ({ deployment, provider }: ProviderScope, source: Partial<ProviderScope>): boolean =>
  (source.deployment ?? deployment) === deployment && (source.provider ?? provider) === provider;

/** Queries the workflow, page by page. */
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
      // Another total or status: the workflow changed between two pages, so they are inconsistent.
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

/** Without a worker, what the workflow last recorded in Temporal is still true. */
function readWithoutWorker(id: string, { memo }: WorkflowDescription, input: Input): StatusAnswer {
  if (isStatusMemo(memo) && memo.status === 'running') return runningAnswer(memo.message);
  const recorded = recordedStatus(memo, input);
  if (recorded) return recorded;
  throw new UnavailableError(`No worker answers for ${id}, and without one its machines are unknown.`);
}

async function readClosed(
  client: TemporalClient,
  id: string,
  { runId, isCompleted, statusName, memo }: WorkflowDescription,
  input: Input,
): Promise<StatusAnswer> {
  if (isCompleted) return completeView(id, await client.readResult(id, runId));
  // A settled status that Host Factory has read stays, even after an operator terminated the owner.
  const recorded = recordedStatus(memo, input);
  if (recorded) return recorded;
  return {
    status: 'complete_with_error',
    message: `The workflow of ${id} ended as ${statusName} in Temporal without a result.`,
    machines: [],
  };
}

/**
 * The settled status in the input of a run, or in its memo. A memo does not record which machines are acknowledged, so all
 * of them count as unacknowledged.
 */
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
