import { isObject } from '../../domain/isObject.ts';
import type { StatusMemo } from '../../contract/status.ts';

/** Whether a memo is one of our workflows. Other applications' workflows may have any memo. */
export const isStatusMemo = (value: unknown): value is StatusMemo =>
  isObject(value) && typeof value['status'] === 'string' && typeof value['message'] === 'string';
