import {
  Client,
  Connection,
  NamespaceNotFoundError,
  QueryRejectedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  defaultGrpcRetryOptions,
  defaultPayloadConverter,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import type { TemporalConfig } from '../../config/index.ts';
import { isOpenStatus } from '../../contract/workflowStatus.ts';
import { SEARCH_ATTRIBUTES } from '../../contract/searchAttributes.ts';
import { connectionOptions } from './connectionOptions.ts';
import type { WorkflowDescription, SearchAttributeValues, TemporalClient, WorkflowStart } from './gateway.ts';
import { MAX_ATTEMPTS, INITIAL_BACKOFF_MS, CALL_TIMEOUT_MS } from './limits.ts';
import {
  GRPC,
  grpcCode,
  isNoWorkerError,
  isRejection,
  unavailableError,
  unreachableError,
} from './temporalErrors.ts';
import { parseInput } from '../../contract/inputs.ts';
import { statusQuery } from '../../contract/status.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { MachineReturnInput } from '../../domain/return/input.ts';

/**
 * Makes the calls with Temporal's SDK, which supports every setup of Temporal but is large and slow to load. lean/ has
 * the other client.
 */
export function openSdkClient(config: TemporalConfig): TemporalClient {
  const connection = Connection.lazy({
    ...connectionOptions(config),
    connectTimeout: CALL_TIMEOUT_MS.connect,
    interceptors: [makeGrpcRetryInterceptor(retryOptions())],
  });
  const client = new Client({
    connection,
    namespace: config.namespace,
    workflow: { queryRejectCondition: 'NOT_OPEN' },
  });
  const deadline = Date.now() + config.deadlineSeconds * 1_000;
  /** Limits a call to `ms` and to the remaining time of the whole operation. */
  const withTimeout = <T>(ms: number, call: () => Promise<T>): Promise<T> =>
    connection.withDeadline(Math.min(Date.now() + ms, deadline), call);
  /** Once one query finds no worker, the queries for the other ids do not wait for the same answer. */
  let hasNoWorker = false;

  return {
    connect: async () => {
      try {
        await connection.ensureConnected();
      } catch (error) {
        throw unreachableError(config, error);
      }
    },
    start: async (workflow) => {
      try {
        await withTimeout(CALL_TIMEOUT_MS.start, () =>
          client.workflow.start(workflow.workflowType, startOptions(workflow)),
        );
        return 'started';
      } catch (error) {
        // Only this call uses the id, so an earlier attempt of it was accepted.
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'started';
        if (isRejection(error) || error instanceof NamespaceNotFoundError)
          throw unavailableError(config, `start ${workflow.workflowType}`, error);
        if (grpcCode(error) === undefined) throw error;
        return 'unconfirmed';
      }
    },
    query: async (workflowId, query, argument) => {
      if (hasNoWorker) return { kind: 'unanswered' };
      try {
        const handle = client.workflow.getHandle(workflowId);
        const reply: unknown = await withTimeout(CALL_TIMEOUT_MS.query, () => handle.query(query, argument));
        return { kind: 'reply', reply };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { kind: 'notFound' };
        if (error instanceof QueryRejectedError) return { kind: 'closed' };
        hasNoWorker ||= isNoWorkerError(error);
        return { kind: 'unanswered' };
      }
    },
    signal: async (workflowId, signal, payload) => {
      try {
        await withTimeout(CALL_TIMEOUT_MS.start, () =>
          client.workflow.getHandle(workflowId).signal(signal, payload),
        );
      } catch (error) {
        throw unavailableError(config, `signal ${workflowId}`, error);
      }
    },
    describe: async (workflowId) => {
      try {
        return await withTimeout(CALL_TIMEOUT_MS.read, () => describe(client, workflowId));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw unavailableError(config, `describe ${workflowId}`, error);
      }
    },
    readInput: async (workflowId, runId) => {
      try {
        return await withTimeout(CALL_TIMEOUT_MS.read, () => readFirstInput(client, workflowId, runId));
      } catch (error) {
        throw unavailableError(config, `read the history of ${workflowId}`, error);
      }
    },
    readResult: async (workflowId, runId) => {
      try {
        const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
        const result: unknown = await withTimeout(CALL_TIMEOUT_MS.read, () => handle.result());
        return statusQuery.parse(result);
      } catch (error) {
        throw unavailableError(config, `read the result of ${workflowId}`, error);
      }
    },
    close: () => connection.close(),
  };
}

/**
 * Retries only calls that the server rejects because of its load: after a lost connection, the answer to a second attempt
 * would not show the outcome of the first. Host Factory repeats its call by itself.
 */
function retryOptions() {
  const { delayFunction } = defaultGrpcRetryOptions({ initialIntervalMs: () => INITIAL_BACKOFF_MS });
  return {
    delayFunction,
    retryableDecider: (attempt: number, { code }: { code: number }) =>
      attempt < MAX_ATTEMPTS && code === GRPC.resourceExhausted,
  };
}

function startOptions(workflow: WorkflowStart) {
  return {
    workflowId: workflow.workflowId,
    taskQueue: workflow.taskQueue,
    args: [workflow.input],
    ...(workflow.memo === undefined ? {} : { memo: { hf: workflow.memo } }),
    typedSearchAttributes: attributePairs(workflow.attributes),
    staticSummary: workflow.summary,
    staticDetails: workflow.details,
    workflowIdConflictPolicy: workflow.startIfNotRunning ? 'USE_EXISTING' : 'FAIL',
    workflowIdReusePolicy: workflow.startIfNotRunning ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
  } as const;
}

function attributePairs({ HfCount, ...keywords }: SearchAttributeValues): SearchAttributePair[] {
  const pairs = Object.entries(keywords).map(([name, value]) => ({
    key: defineSearchAttributeKey(name, 'KEYWORD'),
    value,
  }));
  const count = { key: defineSearchAttributeKey('HfCount', SEARCH_ATTRIBUTES.HfCount), value: HfCount ?? 0 };
  return HfCount === undefined ? pairs : [...pairs, count];
}

async function describe(client: Client, workflowId: string): Promise<WorkflowDescription> {
  const { runId, status, memo, startTime } = await client.workflow.getHandle(workflowId).describe();
  const hf: unknown = memo?.['hf'];
  return {
    runId,
    startedAt: startTime.getTime(),
    isOpen: isOpenStatus(status.name),
    isCompleted: status.name === 'COMPLETED',
    statusName: status.name,
    ...(hf === undefined ? {} : { memo: hf }),
  };
}

async function readFirstInput(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<MachineRequestInput | MachineReturnInput> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  if (!payload) throw new Error('WorkflowExecutionStarted has no input');
  return parseInput(defaultPayloadConverter.fromPayload<unknown>(payload));
}
