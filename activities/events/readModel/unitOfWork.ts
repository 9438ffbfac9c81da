import type { Change, MachineRecord, RequestRecord, Rows } from '../../storage/store.ts';

/** Rows of the read model with changes over them, which go into it together. Keeps the count of a request's machines. */
export interface Draft extends Rows {
  put(change: Put): void;
  /** @param at epoch ms at which it was so: when the request has ended by it */
  putRequest(request: RequestRecord, at: number): void;
  putMachine(machine: MachineRecord, at: number): void;
  changes(): readonly Change[];
}
type Put = Extract<Change, { put: unknown }>;

export function draftOver(rows: Rows): Draft {
  const puts = new Map<string, Put>();
  const draft: Draft = {
    get: (table, id) =>
      // The key says which table its record is of.
      (puts.get(`${table} ${id}`)?.put as ReturnType<typeof rows.get<typeof table>>) ?? rows.get(table, id),
    put: (change) => puts.set(`${change.table} ${change.put.id}`, change),
    putRequest: (request, at) => draft.put({ table: 'requests', put: ended(request, at) }),
    putMachine(machine, at) {
      const known = draft.get('machines', machine.id);
      draft.put({ table: 'machines', put: machine });
      if (known && isThere(known)) countAlive(known.owner, -1, at);
      if (isThere(machine)) countAlive(machine.owner, 1, at);
    },
    changes: () => [...puts.values()],
  };
  return draft;

  function countAlive(owner: string, change: number, at: number): void {
    const request = draft.get('requests', owner);
    if (request) draft.putRequest({ ...request, alive: request.alive + change }, at);
  }
}

export const isThere = ({ release }: MachineRecord): boolean => release !== 'gone';

function ended(request: RequestRecord, at: number): RequestRecord {
  const isOver = request.phase === 'settled' && request.alive === 0;
  return { ...request, endedAt: isOver ? request.endedAt || at : 0 };
}
