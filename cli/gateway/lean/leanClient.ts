import { hostname } from 'node:os';
import type { TemporalConfig } from '../../../config/index.ts';
import type {
  WorkflowDescription,
  SearchAttributeValues,
  TemporalClient,
  WorkflowStart,
} from '../gateway.ts';
import { isOpenStatus } from '../../../contract/workflowStatus.ts';
import { CALL_TIMEOUT_MS } from '../limits.ts';
import { GRPC, isNoWorkerError, isRejection, unavailableError, unreachableError } from '../temporalErrors.ts';
import { GrpcError } from './grpcError.ts';
import * as proto from './messages.ts';
import { firstPayload, fromPayload, toAttribute, toPayload } from './payload.ts';
import { openService } from './service.ts';
import { parseInput } from '../../../contract/inputs.ts';
import { statusQuery } from '../../../contract/status.ts';

/**
 * Makes the same calls as Temporal's SDK, with Node's HTTP/2 alone. A process that Host Factory starts makes one or two
 * calls and exits; to load the SDK would take ten times as long as the calls.
 */
export function openLeanClient(config: TemporalConfig): TemporalClient {
  const { namespace } = config;
  const service = openService(config);
  const deadline = Date.now() + config.deadlineSeconds * 1_000;
  const deadlineIn = (ms: number): number => Math.min(Date.now() + ms, deadline);
  /** Once one query finds no worker, the queries for the other ids do not wait for the same answer. */
  let hasNoWorker = false;

  const readHistoryEvent = async (
    workflowId: string,
    runId: string,
    more: Pick<
      proto.GetWorkflowExecutionHistoryRequest,
      'maximumPageSize' | 'waitNewEvent' | 'historyEventFilterType'
    >,
  ): Promise<proto.HistoryEvent | undefined> => {
    const message = proto.encodeGetWorkflowExecutionHistoryRequest({
      namespace,
      execution: { workflowId, runId },
      skipArchival: true,
      ...more,
    });
    const answer = await service.call(
      'read',
      'GetWorkflowExecutionHistory',
      message,
      deadlineIn(CALL_TIMEOUT_MS.read),
    );
    return proto.decodeGetWorkflowExecutionHistoryResponse(answer).history?.events?.[0];
  };

  return {
    connect: async () => {
      try {
        await service.connect(deadlineIn(CALL_TIMEOUT_MS.connect));
      } catch (error) {
        throw unreachableError(config, error);
      }
    },
    start: async (workflow) => {
      const message = startMessage(namespace, workflow);
      try {
        await service.call('write', 'StartWorkflowExecution', message, deadlineIn(CALL_TIMEOUT_MS.start));
        return 'started';
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error;
        // Only this call uses the id, so an earlier attempt of it was accepted.
        if (error.code === GRPC.alreadyExists) return 'started';
        if (isRejection(error) || error.isUnprocessed)
          throw unavailableError(config, `start ${workflow.workflowType}`, error);
        return 'unconfirmed';
      }
    },
    query: async (workflowId, query, argument) => {
      if (hasNoWorker) return { kind: 'unanswered' };
      const message = queryMessage(namespace, workflowId, query.name, argument);
      try {
        const answer = await service.call(
          'read',
          'QueryWorkflow',
          message,
          deadlineIn(CALL_TIMEOUT_MS.query),
        );
        const { queryRejected, queryResult } = proto.decodeQueryWorkflowResponse(answer);
        if (queryRejected) return { kind: 'closed' };
        return { kind: 'reply', reply: firstPayload(queryResult) };
      } catch (error) {
        if (isWorkflowNotFound(error)) return { kind: 'notFound' };
        hasNoWorker ||= isNoWorkerError(error);
        return { kind: 'unanswered' };
      }
    },
    signal: async (workflowId, { name: signalName }, payload) => {
      const message = proto.encodeSignalWorkflowExecutionRequest({
        namespace,
        workflowExecution: { workflowId },
        signalName,
        input: { payloads: [toPayload(payload)] },
        identity: identity(),
      });
      try {
        await service.call('write', 'SignalWorkflowExecution', message, deadlineIn(CALL_TIMEOUT_MS.start));
      } catch (error) {
        throw unavailableError(config, `signal ${workflowId}`, error);
      }
    },
    describe: async (workflowId) => {
      const message = proto.encodeDescribeWorkflowExecutionRequest({ namespace, execution: { workflowId } });
      try {
        return toDescription(
          await service.call('read', 'DescribeWorkflowExecution', message, deadlineIn(CALL_TIMEOUT_MS.read)),
        );
      } catch (error) {
        if (isWorkflowNotFound(error)) return undefined;
        throw unavailableError(config, `describe ${workflowId}`, error);
      }
    },
    readInput: async (workflowId, runId) => {
      try {
        const event = await readHistoryEvent(workflowId, runId, { maximumPageSize: 1 });
        const { input } = event?.workflowExecutionStartedEventAttributes ?? {};
        return parseInput(firstPayload(input));
      } catch (error) {
        throw unavailableError(config, `read the history of ${workflowId}`, error);
      }
    },
    readResult: async (workflowId, runId) => {
      try {
        const event = await readHistoryEvent(workflowId, runId, {
          waitNewEvent: true,
          historyEventFilterType: proto.HistoryEventFilterType.CLOSE_EVENT,
        });
        const completed = event?.workflowExecutionCompletedEventAttributes;
        if (!completed) throw new Error('its last event has no result');
        return statusQuery.parse(firstPayload(completed.result));
      } catch (error) {
        throw unavailableError(config, `read the result of ${workflowId}`, error);
      }
    },
    close: () => Promise.resolve(service.close()),
  };
}

/** A missing namespace has the same code, but does not show that the workflow is missing. */
const isWorkflowNotFound = (error: unknown): boolean =>
  error instanceof GrpcError &&
  error.code === GRPC.notFound &&
  !error.detailTypes.includes('NamespaceNotFoundFailure');

const { ALLOW_DUPLICATE, REJECT_DUPLICATE } = proto.WorkflowIdReusePolicy;
const { USE_EXISTING, FAIL } = proto.WorkflowIdConflictPolicy;
const identity = (): string => `${process.pid}@${hostname()}`;

function startMessage(namespace: string, workflow: WorkflowStart): Uint8Array {
  const { startIfNotRunning, memo } = workflow;
  return proto.encodeStartWorkflowExecutionRequest({
    namespace,
    workflowId: workflow.workflowId,
    workflowType: { name: workflow.workflowType },
    taskQueue: { name: workflow.taskQueue, kind: proto.TaskQueueKind.NORMAL },
    input: { payloads: [toPayload(workflow.input)] },
    identity: identity(),
    // An idempotency token: the same in every attempt of this call, and as unique as the id.
    requestId: startIfNotRunning ? `${workflow.workflowId}-${identity()}-${Date.now()}` : workflow.workflowId,
    workflowIdReusePolicy: startIfNotRunning ? ALLOW_DUPLICATE : REJECT_DUPLICATE,
    workflowIdConflictPolicy: startIfNotRunning ? USE_EXISTING : FAIL,
    ...(memo === undefined ? {} : { memo: { fields: { hf: toPayload(memo) } } }),
    searchAttributes: { indexedFields: searchAttributes(workflow.attributes) },
    userMetadata: { summary: toPayload(workflow.summary), details: toPayload(workflow.details) },
  });
}

function searchAttributes(values: SearchAttributeValues): Record<string, proto.Payload> {
  const { HfState, HfTemplate, HfProvider, HfRequestType, HfCount } = values;
  const keyword = (name: string, value: string | undefined) =>
    value === undefined ? {} : { [name]: toAttribute(value, 'Keyword') };
  return {
    ...keyword('HfState', HfState),
    ...keyword('HfTemplate', HfTemplate),
    ...keyword('HfProvider', HfProvider),
    ...keyword('HfRequestType', HfRequestType),
    ...(HfCount === undefined ? {} : { HfCount: toAttribute(HfCount, 'Int') }),
  };
}

const queryMessage = (namespace: string, workflowId: string, query: string, argument: object): Uint8Array =>
  proto.encodeQueryWorkflowRequest({
    namespace,
    execution: { workflowId },
    query: { queryType: query, queryArgs: { payloads: [toPayload(argument)] } },
    queryRejectCondition: proto.QueryRejectCondition.NOT_OPEN,
  });

function toDescription(answer: Uint8Array): WorkflowDescription {
  const info = proto.decodeDescribeWorkflowExecutionResponse(answer).workflowExecutionInfo;
  const runId = info?.execution?.runId;
  if (!info || !runId) throw new Error('the answer has no run id');
  const statusName = statusNameOf(info.status ?? 0);
  const hf = info.memo?.fields?.['hf'];
  const memo = hf && fromPayload(hf);
  return {
    runId,
    startedAt: (info.startTime?.seconds ?? 0) * 1_000,
    isOpen: isOpenStatus(statusName),
    isCompleted: statusName === 'COMPLETED',
    statusName,
    ...(memo === undefined ? {} : { memo }),
  };
}

function statusNameOf(status: number): string {
  const entry = Object.entries(proto.WorkflowExecutionStatus).find(([, number]) => number === status);
  const name = entry?.[0] ?? 'UNKNOWN';
  // As Temporal's SDK spells it.
  return name === 'CANCELED' ? 'CANCELLED' : name;
}
