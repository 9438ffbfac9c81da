import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { CALL_ID_HEADER } from '../../contract/callId.ts';

/** Adds the id of Host Factory's call to the log lines of an activity. */
export const callIdInterceptor: ActivityInterceptorsFactory = () => {
  let callId: unknown;
  return {
    inbound: {
      execute(input, next) {
        const header = input.headers[CALL_ID_HEADER];
        if (header) callId = defaultPayloadConverter.fromPayload(header);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (attributes, next) =>
        next(callId === undefined ? attributes : { ...attributes, callId }),
    },
  };
};
