import type { Change, MachineRecord, RequestRecord, Rows } from '../../storage/store.ts';

/**
 * Unit of work over the read model: reads see its own pending changes, and all of them are committed together. Maintains
 * each request's count of live machines.
 */
export interface UnitOfWork extends Rows {
  put(change: Put): void;
  /** @param at epoch ms; becomes the end time if this change ends the request */
  putRequest(request: RequestRecord, at: number): void;
  putMachine(machine: MachineRecord, at: number): void;
  changes(): readonly Change[];
}
type Put = Extract<Change, { put: unknown }>;

export function createUnitOfWork(rows: Rows): UnitOfWork {
  const puts = new Map<string, Put>();
  const unitOfWork: UnitOfWork = {
    get: (table, id) =>
      // The key contains the table, so the record has that table's type.
      (puts.get(`${table} ${id}`)?.put as ReturnType<typeof rows.get<typeof table>>) ?? rows.get(table, id),
    put: (change) => puts.set(`${change.table} ${change.put.id}`, change),
    putRequest: (request, at) => unitOfWork.put({ table: 'requests', put: withEndTime(request, at) }),
    putMachine(machine, at) {
      const known = unitOfWork.get('machines', machine.id);
      unitOfWork.put({ table: 'machines', put: machine });
      if (known && countsAsAlive(known)) adjustAliveCount(known.owner, -1, at);
      if (countsAsAlive(machine)) adjustAliveCount(machine.owner, 1, at);
    },
    changes: () => [...puts.values()],
  };
  return unitOfWork;

  function adjustAliveCount(owner: string, change: number, at: number): void {
    const request = unitOfWork.get('requests', owner);
    if (request) unitOfWork.putRequest({ ...request, alive: request.alive + change }, at);
  }
}

export const countsAsAlive = ({ release }: MachineRecord): boolean => release !== 'terminated';

function withEndTime(request: RequestRecord, at: number): RequestRecord {
  const isFinished = request.phase === 'settled' && request.alive === 0;
  return { ...request, endedAt: isFinished ? request.endedAt || at : 0 };
}
