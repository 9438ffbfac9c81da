import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers, WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { CALL_ID_HEADER } from '../../contract/callId.ts';

/** Puts the id of Host Factory's call, which a workflow has from its input, on its log lines and its activities. */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let callId: string | undefined;
  const withCallId = (headers: Headers): Headers =>
    callId === undefined
      ? headers
      : { ...headers, [CALL_ID_HEADER]: defaultPayloadConverter.toPayload(callId) };
  return {
    inbound: [
      {
        execute(input, next) {
          callId = callIdOf(input.args[0]);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        getLogAttributes: (input, next) => ({ ...next(input), ...(callId === undefined ? {} : { callId }) }),
        scheduleActivity: (input, next) => next({ ...input, headers: withCallId(input.headers) }),
        scheduleLocalActivity: (input, next) => next({ ...input, headers: withCallId(input.headers) }),
      },
    ],
  };
};

function callIdOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('callId' in input)) return undefined;
  return typeof input.callId === 'string' ? input.callId : undefined;
}
