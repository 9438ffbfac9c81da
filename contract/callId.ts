/** Header of activities: the id of Host Factory's call, for log lines. */
export const CALL_ID_HEADER = 'ohf-call-id';
