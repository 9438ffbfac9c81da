// Made by `npm run generate` from the definitions in @temporalio/proto 1.24.0. Not to be edited.
import { Reader, Writer } from './wire.ts';

export const HistoryEventFilterType = {
  UNSPECIFIED: 0,
  ALL_EVENT: 1,
  CLOSE_EVENT: 2,
} as const;

export const QueryRejectCondition = {
  UNSPECIFIED: 0,
  NONE: 1,
  NOT_OPEN: 2,
  NOT_COMPLETED_CLEANLY: 3,
} as const;

export const TaskQueueKind = {
  UNSPECIFIED: 0,
  NORMAL: 1,
  STICKY: 2,
  WORKER_COMMANDS: 3,
} as const;

export const WorkflowExecutionStatus = {
  UNSPECIFIED: 0,
  RUNNING: 1,
  COMPLETED: 2,
  FAILED: 3,
  CANCELED: 4,
  TERMINATED: 5,
  CONTINUED_AS_NEW: 6,
  TIMED_OUT: 7,
  PAUSED: 8,
} as const;

export const WorkflowIdConflictPolicy = {
  UNSPECIFIED: 0,
  FAIL: 1,
  USE_EXISTING: 2,
  TERMINATE_EXISTING: 3,
} as const;

export const WorkflowIdReusePolicy = {
  UNSPECIFIED: 0,
  ALLOW_DUPLICATE: 1,
  ALLOW_DUPLICATE_FAILED_ONLY: 2,
  REJECT_DUPLICATE: 3,
  TERMINATE_IF_RUNNING: 4,
} as const;

export interface StartWorkflowExecutionRequest {
  readonly namespace?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly workflowType?: WorkflowType | undefined;
  readonly taskQueue?: TaskQueue | undefined;
  readonly input?: Payloads | undefined;
  readonly identity?: string | undefined;
  readonly requestId?: string | undefined;
  readonly workflowIdReusePolicy?: number | undefined;
  readonly workflowIdConflictPolicy?: number | undefined;
  readonly memo?: Memo | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
  readonly userMetadata?: UserMetadata | undefined;
}

export interface SignalWorkflowExecutionRequest {
  readonly namespace?: string | undefined;
  readonly workflowExecution?: WorkflowExecution | undefined;
  readonly signalName?: string | undefined;
  readonly input?: Payloads | undefined;
  readonly identity?: string | undefined;
}

export interface QueryWorkflowRequest {
  readonly namespace?: string | undefined;
  readonly execution?: WorkflowExecution | undefined;
  readonly query?: WorkflowQuery | undefined;
  readonly queryRejectCondition?: number | undefined;
}

export interface DescribeWorkflowExecutionRequest {
  readonly namespace?: string | undefined;
  readonly execution?: WorkflowExecution | undefined;
}

export interface GetWorkflowExecutionHistoryRequest {
  readonly namespace?: string | undefined;
  readonly execution?: WorkflowExecution | undefined;
  readonly maximumPageSize?: number | undefined;
  readonly waitNewEvent?: boolean | undefined;
  readonly historyEventFilterType?: number | undefined;
  readonly skipArchival?: boolean | undefined;
}

export interface WorkflowType {
  readonly name?: string | undefined;
}

export interface WorkflowExecution {
  readonly workflowId?: string | undefined;
  readonly runId?: string | undefined;
}

export interface Payload {
  readonly metadata?: Readonly<Record<string, Uint8Array>> | undefined;
  readonly data?: Uint8Array | undefined;
}

export interface Payloads {
  readonly payloads?: readonly Payload[] | undefined;
}

export interface Memo {
  readonly fields?: Readonly<Record<string, Payload>> | undefined;
}

export interface SearchAttributes {
  readonly indexedFields?: Readonly<Record<string, Payload>> | undefined;
}

export interface TaskQueue {
  readonly name?: string | undefined;
  readonly kind?: number | undefined;
}

export interface WorkflowQuery {
  readonly queryType?: string | undefined;
  readonly queryArgs?: Payloads | undefined;
}

export interface UserMetadata {
  readonly summary?: Payload | undefined;
  readonly details?: Payload | undefined;
}

export interface QueryWorkflowResponse {
  readonly queryResult?: Payloads | undefined;
  readonly queryRejected?: QueryRejected | undefined;
}

export interface DescribeWorkflowExecutionResponse {
  readonly workflowExecutionInfo?: WorkflowExecutionInfo | undefined;
}

export interface GetWorkflowExecutionHistoryResponse {
  readonly history?: History | undefined;
}

export interface QueryRejected {
  readonly status?: number | undefined;
}

export interface WorkflowExecutionInfo {
  readonly execution?: WorkflowExecution | undefined;
  readonly status?: number | undefined;
  readonly memo?: Memo | undefined;
}

export interface History {
  readonly events?: readonly HistoryEvent[] | undefined;
}

export interface HistoryEvent {
  readonly workflowExecutionStartedEventAttributes?: WorkflowExecutionStartedEventAttributes | undefined;
  readonly workflowExecutionCompletedEventAttributes?: WorkflowExecutionCompletedEventAttributes | undefined;
}

export interface WorkflowExecutionStartedEventAttributes {
  readonly input?: Payloads | undefined;
}

export interface WorkflowExecutionCompletedEventAttributes {
  readonly result?: Payloads | undefined;
}

export interface Status {
  readonly details?: readonly Any[] | undefined;
}

export interface Any {
  readonly type_url?: string | undefined;
}

export function encodeStartWorkflowExecutionRequest(message: StartWorkflowExecutionRequest): Uint8Array {
  const out = new Writer();
  if (message.namespace !== undefined) out.string(10, message.namespace);
  if (message.workflowId !== undefined) out.string(18, message.workflowId);
  if (message.workflowType !== undefined) out.bytes(26, encodeWorkflowType(message.workflowType));
  if (message.taskQueue !== undefined) out.bytes(34, encodeTaskQueue(message.taskQueue));
  if (message.input !== undefined) out.bytes(42, encodePayloads(message.input));
  if (message.identity !== undefined) out.string(74, message.identity);
  if (message.requestId !== undefined) out.string(82, message.requestId);
  if (message.workflowIdReusePolicy !== undefined) out.varint(88, message.workflowIdReusePolicy);
  if (message.workflowIdConflictPolicy !== undefined) out.varint(176, message.workflowIdConflictPolicy);
  if (message.memo !== undefined) out.bytes(114, encodeMemo(message.memo));
  if (message.searchAttributes !== undefined) out.bytes(122, encodeSearchAttributes(message.searchAttributes));
  if (message.userMetadata !== undefined) out.bytes(186, encodeUserMetadata(message.userMetadata));
  return out.finish();
}

export function encodeSignalWorkflowExecutionRequest(message: SignalWorkflowExecutionRequest): Uint8Array {
  const out = new Writer();
  if (message.namespace !== undefined) out.string(10, message.namespace);
  if (message.workflowExecution !== undefined) out.bytes(18, encodeWorkflowExecution(message.workflowExecution));
  if (message.signalName !== undefined) out.string(26, message.signalName);
  if (message.input !== undefined) out.bytes(34, encodePayloads(message.input));
  if (message.identity !== undefined) out.string(42, message.identity);
  return out.finish();
}

export function encodeQueryWorkflowRequest(message: QueryWorkflowRequest): Uint8Array {
  const out = new Writer();
  if (message.namespace !== undefined) out.string(10, message.namespace);
  if (message.execution !== undefined) out.bytes(18, encodeWorkflowExecution(message.execution));
  if (message.query !== undefined) out.bytes(26, encodeWorkflowQuery(message.query));
  if (message.queryRejectCondition !== undefined) out.varint(32, message.queryRejectCondition);
  return out.finish();
}

export function encodeDescribeWorkflowExecutionRequest(message: DescribeWorkflowExecutionRequest): Uint8Array {
  const out = new Writer();
  if (message.namespace !== undefined) out.string(10, message.namespace);
  if (message.execution !== undefined) out.bytes(18, encodeWorkflowExecution(message.execution));
  return out.finish();
}

export function encodeGetWorkflowExecutionHistoryRequest(message: GetWorkflowExecutionHistoryRequest): Uint8Array {
  const out = new Writer();
  if (message.namespace !== undefined) out.string(10, message.namespace);
  if (message.execution !== undefined) out.bytes(18, encodeWorkflowExecution(message.execution));
  if (message.maximumPageSize !== undefined) out.varint(24, message.maximumPageSize);
  if (message.waitNewEvent !== undefined) out.varint(40, message.waitNewEvent);
  if (message.historyEventFilterType !== undefined) out.varint(48, message.historyEventFilterType);
  if (message.skipArchival !== undefined) out.varint(56, message.skipArchival);
  return out.finish();
}

export function encodeWorkflowType(message: WorkflowType): Uint8Array {
  const out = new Writer();
  if (message.name !== undefined) out.string(10, message.name);
  return out.finish();
}

export function encodeWorkflowExecution(message: WorkflowExecution): Uint8Array {
  const out = new Writer();
  if (message.workflowId !== undefined) out.string(10, message.workflowId);
  if (message.runId !== undefined) out.string(18, message.runId);
  return out.finish();
}

export function encodePayload(message: Payload): Uint8Array {
  const out = new Writer();
  for (const [key, value] of Object.entries(message.metadata ?? {})) {
    const entry = new Writer();
    entry.string(10, key);
    entry.bytes(18, value);
    out.bytes(10, entry.finish());
  }
  if (message.data !== undefined) out.bytes(18, message.data);
  return out.finish();
}

export function encodePayloads(message: Payloads): Uint8Array {
  const out = new Writer();
  for (const value of message.payloads ?? []) out.bytes(10, encodePayload(value));
  return out.finish();
}

export function encodeMemo(message: Memo): Uint8Array {
  const out = new Writer();
  for (const [key, value] of Object.entries(message.fields ?? {})) {
    const entry = new Writer();
    entry.string(10, key);
    entry.bytes(18, encodePayload(value));
    out.bytes(10, entry.finish());
  }
  return out.finish();
}

export function encodeSearchAttributes(message: SearchAttributes): Uint8Array {
  const out = new Writer();
  for (const [key, value] of Object.entries(message.indexedFields ?? {})) {
    const entry = new Writer();
    entry.string(10, key);
    entry.bytes(18, encodePayload(value));
    out.bytes(10, entry.finish());
  }
  return out.finish();
}

export function encodeTaskQueue(message: TaskQueue): Uint8Array {
  const out = new Writer();
  if (message.name !== undefined) out.string(10, message.name);
  if (message.kind !== undefined) out.varint(16, message.kind);
  return out.finish();
}

export function encodeWorkflowQuery(message: WorkflowQuery): Uint8Array {
  const out = new Writer();
  if (message.queryType !== undefined) out.string(10, message.queryType);
  if (message.queryArgs !== undefined) out.bytes(18, encodePayloads(message.queryArgs));
  return out.finish();
}

export function encodeUserMetadata(message: UserMetadata): Uint8Array {
  const out = new Writer();
  if (message.summary !== undefined) out.bytes(10, encodePayload(message.summary));
  if (message.details !== undefined) out.bytes(18, encodePayload(message.details));
  return out.finish();
}

export function decodeQueryWorkflowResponse(bytes: Uint8Array): QueryWorkflowResponse {
  let queryResult: Payloads | undefined;
  let queryRejected: QueryRejected | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10:
        queryResult = decodePayloads(from.bytes());
        break;
      case 18:
        queryRejected = decodeQueryRejected(from.bytes());
        break;
      default:
        from.skip(tag);
    }
  }
  return { queryResult, queryRejected };
}

export function decodeDescribeWorkflowExecutionResponse(bytes: Uint8Array): DescribeWorkflowExecutionResponse {
  let workflowExecutionInfo: WorkflowExecutionInfo | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 18:
        workflowExecutionInfo = decodeWorkflowExecutionInfo(from.bytes());
        break;
      default:
        from.skip(tag);
    }
  }
  return { workflowExecutionInfo };
}

export function decodeGetWorkflowExecutionHistoryResponse(bytes: Uint8Array): GetWorkflowExecutionHistoryResponse {
  let history: History | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10:
        history = decodeHistory(from.bytes());
        break;
      default:
        from.skip(tag);
    }
  }
  return { history };
}

export function decodeWorkflowExecution(bytes: Uint8Array): WorkflowExecution {
  let runId: string | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 18:
        runId = from.string();
        break;
      default:
        from.skip(tag);
    }
  }
  return { runId };
}

export function decodePayload(bytes: Uint8Array): Payload {
  const metadata: Record<string, Uint8Array> = {};
  let data: Uint8Array | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10: {
        const entry = new Reader(from.bytes());
        let key = '';
        for (let part = entry.tag(); part !== 0; part = entry.tag()) {
          if (part === 10) key = entry.string();
          else if (part === 18) metadata[key] = entry.bytes();
          else entry.skip(part);
        }
        break;
      }
      case 18:
        data = from.bytes();
        break;
      default:
        from.skip(tag);
    }
  }
  return { metadata, data };
}

export function decodePayloads(bytes: Uint8Array): Payloads {
  const payloads: Payload[] = [];
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10:
        payloads.push(decodePayload(from.bytes()));
        break;
      default:
        from.skip(tag);
    }
  }
  return { payloads };
}

export function decodeMemo(bytes: Uint8Array): Memo {
  const fields: Record<string, Payload> = {};
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10: {
        const entry = new Reader(from.bytes());
        let key = '';
        for (let part = entry.tag(); part !== 0; part = entry.tag()) {
          if (part === 10) key = entry.string();
          else if (part === 18) fields[key] = decodePayload(entry.bytes());
          else entry.skip(part);
        }
        break;
      }
      default:
        from.skip(tag);
    }
  }
  return { fields };
}

export function decodeQueryRejected(bytes: Uint8Array): QueryRejected {
  let status: number | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 8:
        status = from.varint();
        break;
      default:
        from.skip(tag);
    }
  }
  return { status };
}

export function decodeWorkflowExecutionInfo(bytes: Uint8Array): WorkflowExecutionInfo {
  let execution: WorkflowExecution | undefined;
  let status: number | undefined;
  let memo: Memo | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10:
        execution = decodeWorkflowExecution(from.bytes());
        break;
      case 40:
        status = from.varint();
        break;
      case 82:
        memo = decodeMemo(from.bytes());
        break;
      default:
        from.skip(tag);
    }
  }
  return { execution, status, memo };
}

export function decodeHistory(bytes: Uint8Array): History {
  const events: HistoryEvent[] = [];
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10:
        events.push(decodeHistoryEvent(from.bytes()));
        break;
      default:
        from.skip(tag);
    }
  }
  return { events };
}

export function decodeHistoryEvent(bytes: Uint8Array): HistoryEvent {
  let workflowExecutionStartedEventAttributes: WorkflowExecutionStartedEventAttributes | undefined;
  let workflowExecutionCompletedEventAttributes: WorkflowExecutionCompletedEventAttributes | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 50:
        workflowExecutionStartedEventAttributes = decodeWorkflowExecutionStartedEventAttributes(from.bytes());
        break;
      case 58:
        workflowExecutionCompletedEventAttributes = decodeWorkflowExecutionCompletedEventAttributes(from.bytes());
        break;
      default:
        from.skip(tag);
    }
  }
  return { workflowExecutionStartedEventAttributes, workflowExecutionCompletedEventAttributes };
}

export function decodeWorkflowExecutionStartedEventAttributes(bytes: Uint8Array): WorkflowExecutionStartedEventAttributes {
  let input: Payloads | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 50:
        input = decodePayloads(from.bytes());
        break;
      default:
        from.skip(tag);
    }
  }
  return { input };
}

export function decodeWorkflowExecutionCompletedEventAttributes(bytes: Uint8Array): WorkflowExecutionCompletedEventAttributes {
  let result: Payloads | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10:
        result = decodePayloads(from.bytes());
        break;
      default:
        from.skip(tag);
    }
  }
  return { result };
}

export function decodeStatus(bytes: Uint8Array): Status {
  const details: Any[] = [];
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 26:
        details.push(decodeAny(from.bytes()));
        break;
      default:
        from.skip(tag);
    }
  }
  return { details };
}

export function decodeAny(bytes: Uint8Array): Any {
  let type_url: string | undefined;
  const from = new Reader(bytes);
  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {
    switch (tag) {
      case 10:
        type_url = from.string();
        break;
      default:
        from.skip(tag);
    }
  }
  return { type_url };
}
