import { isObject } from '../../domain/isObject.ts';
import type { StatusMemo } from '../../contract/status.ts';

/** Whether this is what our workflows keep in their memo; somebody else's may be anything. */
export const isStatusMemo = (value: unknown): value is StatusMemo =>
  isObject(value) && typeof value['status'] === 'string' && typeof value['message'] === 'string';
