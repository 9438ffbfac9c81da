import type { Machine, Sighting } from '../../../domain/machine/machine.ts';
import { deadlineOf } from '../../../domain/request/state.ts';
import type { Change, MachineRecord, Rows } from '../../storage/store.ts';
import { draftOver, isThere } from './unitOfWork.ts';
import { unknownMachine, unknownRequest } from './readModel.ts';
import type { RequestStatus } from '../../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../../domain/request/input.ts';

/** What an owner knows of its request. */
export interface OwnerBook {
  readonly input: Omit<MachineRequestInput, 'carried'>;
  readonly status: RequestStatus;
  readonly message: string;
  readonly cancelled: boolean;
  readonly machines: readonly Machine[];
  /** Epoch ms; 0 while it is open. */
  readonly endedAt: number;
  /** Why it did not answer by itself: then this is what Temporal keeps of it, which may be less, or old. */
  readonly silence?: string;
}

/** What has to change in the read model for it to say the same as the owner. */
export function changesBy(rows: Rows, id: string, book: OwnerBook): readonly Change[] {
  const { input, status, message, cancelled } = book;
  const { requestId, provider, createdAt, count, template } = input;
  const at = book.endedAt || Date.now();
  const draft = draftOver(rows);
  const known =
    rows.get('requests', id) ?? unknownRequest({ stream: id, at: createdAt, provider, requestId });
  const machines = book.machines.map((machine) => machineRecord(rows, id, book, machine, at));
  const counted = machines.flatMap((machine) => rows.get('machines', machine.id) ?? []);
  draft.put({
    table: 'requests',
    put: {
      ...known,
      templateId: template?.templateId ?? '',
      count,
      deadline: deadlineOf(input),
      status,
      message,
      cancelled: cancelled || known.cancelled,
      phase: status === 'running' ? 'acquiring' : 'settled',
      alive: counted.filter((machine) => machine.owner === id && isThere(machine)).length,
    },
  });
  for (const machine of machines) draft.putMachine(machine, at);
  const request = draft.get('requests', id);
  if (request) draft.putRequest(request, at);
  return draft.changes();
}

function machineRecord(
  rows: Rows,
  owner: string,
  { input }: OwnerBook,
  machine: Machine,
  at: number,
): MachineRecord {
  const { machineId, launchTime, result, release, units, reason, message } = machine;
  const { requestId, provider, createdAt } = input;
  const known = rows.get('machines', machineId);
  const born = launchTime > 0 ? launchTime * 1_000 : createdAt;
  return {
    ...unknownMachine({ machineId, at: born, provider, requestId, stream: owner }),
    message: release === 'refused' ? reason : message,
    ...known,
    ...factsOf(machine),
    owner,
    units,
    result,
    release,
    endedAt: release === 'gone' ? known?.endedAt || at : 0,
  };
}

/** What the cloud shows of a machine. */
export function factsOf({
  name,
  privateIp,
  publicIp,
  launchTime,
  instanceType,
  spot,
}: Sighting): Pick<
  MachineRecord,
  'name' | 'privateIp' | 'publicIp' | 'launchTime' | 'instanceType' | 'spot'
> {
  return { name, privateIp, publicIp, launchTime, instanceType, spot };
}
