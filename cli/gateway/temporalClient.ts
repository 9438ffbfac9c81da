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
import { isObject } from '../../config/jsonFile.ts';
import { UnavailableError } from '../../domain/shared/errors.ts';
import {
  QUERY,
  type MachineRequestInput,
  type MachineReturnInput,
  type StatusMemo,
  type StatusPage,
  type StatusView,
} from '../../domain/shared/messages.ts';
import { SEARCH_ATTRIBUTES } from '../../domain/shared/searchAttributes.ts';
import { connectionOptions } from './connectionOptions.ts';
import type { Description, SearchAttributeValues, TemporalCalls, WorkflowStart } from './gateway.ts';
import { GRPC, grpcCode, grpcReason, isRefusal } from './temporalErrors.ts';

const CONNECT_MS = 2_000;
const START_MS = 5_000;
/** The server says "no worker" a second before the deadline, so this costs a dead worker 0.3 s. */
const QUERY_MS = 1_300;
const READ_MS = 3_000;

/** The calls over Temporal's own client. It is big, so only those that need Temporal load this module. */
export async function openTemporalClient(config: TemporalConfig): Promise<TemporalCalls> {
  const connection = Connection.lazy({
    ...(await connectionOptions(config)),
    connectTimeout: CONNECT_MS,
    interceptors: [makeGrpcRetryInterceptor(retries())],
  });
  const { address, namespace } = config;
  const client = new Client({ connection, namespace, workflow: { queryRejectCondition: 'NOT_OPEN' } });
  const until = Date.now() + config.deadlineSeconds * 1_000;
  /** Gives a call its time, but never more than what is left for the whole operation. */
  const within = <T>(ms: number, call: () => Promise<T>): Promise<T> =>
    connection.withDeadline(Math.min(Date.now() + ms, until), call);
  const unavailable = (doing: string, error: unknown): UnavailableError =>
    new UnavailableError(
      `Temporal at ${address} (namespace ${namespace}) could not ${doing}: ${grpcReason(error)}`,
      { cause: error },
    );
  /** Told once that no worker is there, the other ids of the call need not wait for the same. */
  let noWorker = false;

  return {
    connect: async () => {
      try {
        await connection.ensureConnected();
      } catch (error) {
        throw new UnavailableError(
          `Temporal at ${address} cannot be reached (${grpcReason(error)}). ` +
            'Start it, or set temporal.address in config.json (TEMPORAL_ADDRESS).',
          { cause: error },
        );
      }
    },
    start: async (workflow) => {
      try {
        await within(START_MS, () => client.workflow.start(workflow.workflowType, startOptions(workflow)));
        return 'started';
      } catch (error) {
        // The id is ours alone: an earlier attempt of this very call was accepted.
        if (error instanceof WorkflowExecutionAlreadyStartedError) return 'started';
        if (isRefusal(error) || error instanceof NamespaceNotFoundError)
          throw unavailable(`start ${workflow.workflowType}`, error);
        if (grpcCode(error) === undefined) throw error;
        return 'inDoubt';
      }
    },
    queryStatus: async (workflowId, offset) => {
      if (noWorker) return { kind: 'noAnswer' };
      try {
        const handle = client.workflow.getHandle(workflowId);
        const view = await within(QUERY_MS, () =>
          handle.query<StatusView, [StatusPage]>(QUERY.status, { offset }),
        );
        return { kind: 'view', view };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { kind: 'notFound' };
        if (error instanceof QueryRejectedError) return { kind: 'closed' };
        noWorker ||= /no poller seen/.test(grpcReason(error));
        return { kind: 'noAnswer' };
      }
    },
    describe: async (workflowId) => {
      try {
        return await within(READ_MS, () => describe(client, workflowId));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw unavailable(`describe ${workflowId}`, error);
      }
    },
    inputOf: async (workflowId, runId) => {
      try {
        return await within(READ_MS, () => firstInput(client, workflowId, runId));
      } catch (error) {
        throw unavailable(`read the history of ${workflowId}`, error);
      }
    },
    resultOf: async (workflowId, runId) => {
      try {
        const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
        const result: unknown = await within(READ_MS, () => handle.result());
        return result as StatusView;
      } catch (error) {
        throw unavailable(`read the result of ${workflowId}`, error);
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
  const { delayFunction } = defaultGrpcRetryOptions({ maxAttempts: 2, initialIntervalMs: () => 200 });
  return {
    delayFunction,
    retryableDecider: (attempt: number, { code }: { code: number }) =>
      attempt < 3 && code === GRPC.resourceExhausted,
  };
}

function startOptions(workflow: WorkflowStart) {
  return {
    workflowId: workflow.workflowId,
    taskQueue: workflow.taskQueue,
    args: [workflow.input],
    memo: { hf: workflow.memo },
    typedSearchAttributes: attributePairs(workflow.attributes),
    staticSummary: workflow.summary,
    staticDetails: workflow.details,
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  } as const;
}

const keyword = (name: string, value: string): SearchAttributePair => ({
  key: defineSearchAttributeKey(name, 'KEYWORD'),
  value,
});

function attributePairs(values: SearchAttributeValues): SearchAttributePair[] {
  const { HfCount, HfTemplate } = values;
  return [
    keyword('HfState', values.HfState),
    ...(HfTemplate === undefined ? [] : [keyword('HfTemplate', HfTemplate)]),
    keyword('HfProvider', values.HfProvider),
    keyword('HfRequestType', values.HfRequestType),
    { key: defineSearchAttributeKey('HfCount', SEARCH_ATTRIBUTES.HfCount), value: HfCount },
  ];
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
    ...(isMemo(hf) ? { memo: hf } : {}),
  };
}

const isMemo = (value: unknown): value is StatusMemo =>
  isObject(value) && typeof value['status'] === 'string' && typeof value['message'] === 'string';

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
