import type { PackedMachines } from '../domain/machine/packed.ts';
import type { RequestStatus } from '../domain/machine/machine.ts';
import type { StatusView } from '../domain/request/statusView.ts';
import { isObject } from '../domain/isObject.ts';
import { query } from './definitions.ts';

/** Argument of the `status` query: replies come in pages, because Temporal limits one reply to 2 MB. */
export interface StatusPage {
  readonly offset: number;
}

/** `machineRequest` and `machineReturn` answer it from their own state: a status poll makes no call to the cloud. */
export const statusQuery = query<[StatusPage], StatusView>('status', isStatusView);

/** Memo under the key `hf` of a request or a return: its status, readable without a worker. */
export interface StatusMemo {
  readonly v: 1;
  readonly status: RequestStatus;
  readonly message: string;
  /** All machines of a settled request, until a run begins that has them in its input. */
  readonly machines?: PackedMachines;
}

function isStatusView(value: unknown): value is StatusView {
  return (
    isObject(value) &&
    typeof value['status'] === 'string' &&
    typeof value['message'] === 'string' &&
    typeof value['total'] === 'number' &&
    typeof value['offset'] === 'number' &&
    isObject(value['machines']) &&
    Array.isArray(value['machines']['ids'])
  );
}
