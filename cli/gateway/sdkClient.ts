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
import { SEARCH_ATTRIBUTES } from '../../contract/searchAttributes.ts';
import { connectionOptions } from './connectionOptions.ts';
import type { Description, SearchAttributeValues, TemporalCalls, WorkflowStart } from './gateway.ts';
import { ATTEMPTS, FIRST_PAUSE, LIMITS } from './limits.ts';
import { GRPC, grpcCode, isNoWorker, isRefusal, unavailable, unreachable } from './temporalErrors.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { MachineReturnInput } from '../../domain/return/input.ts';

/**
 * The calls over Temporal's own client, which covers all that Temporal can be set up with. It is big and
 * slow to load; see lean/ for the other way.
 */
export function openTemporalClient(config: TemporalConfig): TemporalCalls {
  const connection = Connection.lazy({
    ...connectionOptions(config),
    connectTimeout: LIMITS.connect,
    interceptors: [makeGrpcRetryInterceptor(retries())],
  });
  const client = new Client({
    connection,
    namespace: config.namespace,
    workflow: { queryRejectCondition: 'NOT_OPEN' },
  });
  const until = Date.now() + config.deadlineSeconds * 1_000;
  /** Gives a call its time, but never more than what is left for the whole operation. */
  const within = <T>(ms: number, call: () => Promise<T>): Promise<T> =>
    connection.withDeadline(Math.min(Date.now() + ms, until), call);
  /** Told once that no worker is there, the other ids of the call need not wait for the same. */
  let noWorker = false;

  return {
    connect: async () => {
      try {
        await connection.ensureConnected();
      } catch (error) {
        throw unreachable(config, error);
      }
    },
    start: async (workflow) => {
      try {
        await within(LIMITS.start, () =>
          client.workflow.start(workflow.workflowType, startOptions(workflow)),
        );
        return 'started';
      } catch (error) {
        // The id is ours alone: an earlier attempt of this very call was accepted.
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'started';
        if (isRefusal(error) || error instanceof NamespaceNotFoundError)
          throw unavailable(config, `start ${workflow.workflowType}`, error);
        if (grpcCode(error) === undefined) throw error;
        return 'inDoubt';
      }
    },
    query: async (workflowId, query, argument) => {
      if (noWorker) return { kind: 'noAnswer' };
      try {
        const handle = client.workflow.getHandle(workflowId);
        const view = await within(LIMITS.query, () => handle.query<unknown, [object]>(query, argument));
        return { kind: 'view', view };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { kind: 'notFound' };
        if (error instanceof QueryRejectedError) return { kind: 'closed' };
        noWorker ||= isNoWorker(error);
        return { kind: 'noAnswer' };
      }
    },
    signal: async (workflowId, signal, argument) => {
      try {
        await within(LIMITS.start, () => client.workflow.getHandle(workflowId).signal(signal, argument));
      } catch (error) {
        throw unavailable(config, `signal ${workflowId}`, error);
      }
    },
    describe: async (workflowId) => {
      try {
        return await within(LIMITS.read, () => describe(client, workflowId));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw unavailable(config, `describe ${workflowId}`, error);
      }
    },
    inputOf: async (workflowId, runId) => {
      try {
        return await within(LIMITS.read, () => firstInput(client, workflowId, runId));
      } catch (error) {
        throw unavailable(config, `read the history of ${workflowId}`, error);
      }
    },
    resultOf: async (workflowId, runId) => {
      try {
        const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
        const result: unknown = await within(LIMITS.read, () => handle.result());
        return result as StatusView;
      } catch (error) {
        throw unavailable(config, `read the result of ${workflowId}`, error);
      }
    },
    close: () => connection.close(),
  };
}

/**
 * Only a call that the server turned away for load is sent again: after a lost connection a second answer
 * would no longer tell what became of the first. Host Factory asks again by itself.
 */
function retries() {
  const { delayFunction } = defaultGrpcRetryOptions({ initialIntervalMs: () => FIRST_PAUSE });
  return {
    delayFunction,
    retryableDecider: (attempt: number, { code }: { code: number }) =>
      attempt < ATTEMPTS && code === GRPC.resourceExhausted,
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
    workflowIdConflictPolicy: workflow.unlessRunning ? 'USE_EXISTING' : 'FAIL',
    workflowIdReusePolicy: workflow.unlessRunning ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
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

async function describe(client: Client, workflowId: string): Promise<Description> {
  const { runId, status, memo } = await client.workflow.getHandle(workflowId).describe();
  const hf: unknown = memo?.['hf'];
  return {
    runId,
    // Between two runs of one workflow Temporal may show the older one.
    open: status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW' || status.name === 'PAUSED',
    completed: status.name === 'COMPLETED',
    statusName: status.name,
    ...(hf === undefined ? {} : { memo: hf }),
  };
}

async function firstInput(
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
  if (!payload) throw new Error('its first event has no input');
  return defaultPayloadConverter.fromPayload<MachineRequestInput | MachineReturnInput>(payload);
}
