import type { Machine, Observation } from '../../../domain/machine/machine.ts';
import { deadlineOf } from '../../../domain/request/state.ts';
import type { Change, MachineRecord, Rows } from '../../storage/store.ts';
import { createUnitOfWork, countsAsAlive } from './unitOfWork.ts';
import { emptyMachineRecord, emptyRequestRecord } from './readModel.ts';
import type { RequestStatus } from '../../../domain/machine/machine.ts';
import type { MachineRequestInput } from '../../../domain/request/input.ts';

/** An owner's view of its request. */
export interface OwnerSnapshot {
  readonly input: Omit<MachineRequestInput, 'carriedState'>;
  readonly status: RequestStatus;
  readonly message: string;
  readonly cancelled: boolean;
  readonly machines: readonly Machine[];
  /** Epoch ms; 0 while it is open. */
  readonly endedAt: number;
  /** Why the owner could not be queried; the snapshot then comes from its input and may be old. */
  readonly queryError?: string;
}

/** The changes that make the read model agree with the owner. */
export function changesToMatch(rows: Rows, id: string, snapshot: OwnerSnapshot): readonly Change[] {
  const { input, status, message, cancelled } = snapshot;
  const { requestId, provider, createdAt, count, template } = input;
  const at = snapshot.endedAt || Date.now();
  const unitOfWork = createUnitOfWork(rows);
  const known =
    rows.get('requests', id) ?? emptyRequestRecord({ stream: id, at: createdAt, provider, requestId });
  const machines = snapshot.machines.map((machine) => machineRecord(rows, id, snapshot, machine, at));
  const existing = machines.flatMap((machine) => rows.get('machines', machine.id) ?? []);
  unitOfWork.put({
    table: 'requests',
    put: {
      ...known,
      templateId: template?.templateId ?? '',
      count,
      deadline: deadlineOf(input),
      status,
      message,
      cancelled: cancelled || known.cancelled,
      phase: status === 'running' ? 'provisioning' : 'settled',
      alive: existing.filter((machine) => machine.owner === id && countsAsAlive(machine)).length,
    },
  });
  for (const machine of machines) unitOfWork.putMachine(machine, at);
  const request = unitOfWork.get('requests', id);
  if (request) unitOfWork.putRequest(request, at);
  return unitOfWork.changes();
}

function machineRecord(
  rows: Rows,
  owner: string,
  { input }: OwnerSnapshot,
  machine: Machine,
  at: number,
): MachineRecord {
  const { machineId, launchTime, result, release, units, reason, message } = machine;
  const { requestId, provider, createdAt } = input;
  const known = rows.get('machines', machineId);
  const launchedAt = launchTime > 0 ? launchTime * 1_000 : createdAt;
  return {
    ...emptyMachineRecord({ machineId, at: launchedAt, provider, requestId, stream: owner }),
    message: release === 'refused' ? reason : message,
    ...known,
    ...observedFields(machine),
    owner,
    units,
    result,
    release,
    endedAt: release === 'terminated' ? known?.endedAt || at : 0,
  };
}

/** The fields of a machine's record that an observation shows. */
export function observedFields({
  name,
  privateIp,
  publicIp,
  launchTime,
  instanceType,
  spot,
}: Observation): Pick<
  MachineRecord,
  'name' | 'privateIp' | 'publicIp' | 'launchTime' | 'instanceType' | 'spot'
> {
  return { name, privateIp, publicIp, launchTime, instanceType, spot };
}
