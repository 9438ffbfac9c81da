import { isObject } from '../domain/isObject.ts';
import type { MachineRequestInput } from '../domain/request/input.ts';
import type { MachineReturnInput } from '../domain/return/input.ts';

/** The input of a request or a return, from the WorkflowExecutionStarted event. @throws TypeError if it is the input of another workflow */
export function parseInput(input: unknown): MachineRequestInput | MachineReturnInput {
  if (isRequestInput(input) || isReturnInput(input)) return input;
  throw new TypeError(
    `The workflow input is neither a request's nor a return's; was it written by another release? ${JSON.stringify(input)?.slice(0, 200)}`,
  );
}

/** @throws TypeError if it is not the input of a request */
export function parseRequestInput(input: unknown): MachineRequestInput {
  if (isRequestInput(input)) return input;
  throw new TypeError(
    `The workflow input is not a request's; was it written by another release? ${JSON.stringify(input)?.slice(0, 200)}`,
  );
}

const isRequestInput = (input: unknown): input is MachineRequestInput =>
  isObject(input) && typeof input['requestId'] === 'string';

const isReturnInput = (input: unknown): input is MachineReturnInput =>
  isObject(input) && typeof input['returnId'] === 'string' && Array.isArray(input['machines']);
