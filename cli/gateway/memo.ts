import { isObject } from '../../config/input/jsonFile.ts';
import type { StatusMemo } from '../../contract/messages.ts';

/** Whether a memo is one of our workflows. Other applications' workflows may have any memo. */
export const isStatusMemo = (value: unknown): value is StatusMemo =>
  isObject(value) && typeof value['status'] === 'string' && typeof value['message'] === 'string';
