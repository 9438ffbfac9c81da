import type { DomainEvent } from '../../domain/events/event.ts';
import type { Change, MachineRecord, RequestRecord, Store, Table, Tables } from '../storage/store.ts';
import type { EventHandler, Published } from './handler.ts';

/** Projects events into the store. What is in the store already is left alone; a reset's new run wins over the old. */
export function readModel(store: Store): EventHandler {
  return {
    name: 'storage',
    begins: 'at the oldest',
    async handle(published) {
      const draft = draftOf(store);
      for (const entry of published) await project(draft, entry);
      await store.commit(draft.changes());
    },
    close: () => store.close(),
  };
}

/** The store with the changes of a batch over it, which go into it together. */
interface Draft {
  get<T extends Table>(table: T, id: string): Promise<Tables[T] | undefined>;
  put(change: Extract<Change, { put: unknown }>): void;
  changes(): readonly Change[];
}

function draftOf(store: Store): Draft {
  const puts = new Map<string, Extract<Change, { put: unknown }>>();
  return {
    async get<T extends Table>(table: T, id: string) {
      const drafted = puts.get(`${table} ${id}`)?.put as Tables[T] | undefined;
      return drafted ?? store.get(table, id);
    },
    put: (change) => puts.set(`${change.table} ${change.put.id}`, change),
    changes: () => [...puts.values()],
  };
}

async function project(draft: Draft, { runId, event }: Published): Promise<void> {
  const owner = await draft.get('requests', event.stream);
  if (owner && owner.runId === runId && owner.sequence >= event.sequence) return;
  const { id, at, provider, requestId, type } = event;
  const machineId = 'machineId' in event ? event.machineId : '';
  draft.put({ table: 'events', put: { id, at, provider, requestId, type, machineId, runId, event } });
  if (event.type === 'TemplateChanged') {
    putTemplate(draft, event);
    return;
  }
  // Without its first event, e.g. in a read model that was made anew, an owner is known by what follows.
  const request = { ...(owner ?? unknownRequest(event)), sequence: event.sequence, runId };
  draft.put({ table: 'requests', put: ended(withEvent(request, event), at) });
  await projectMachine(draft, event);
}

function withEvent(request: RequestRecord, event: DomainEvent): RequestRecord {
  if (event.type === 'RequestStatusChanged') {
    const { status, message, phase, cancelled } = event;
    return { ...request, status, message, phase, cancelled };
  }
  if (event.type !== 'RequestCreated') return request;
  const { templateId, count, deadline, at } = event;
  return { ...request, at, templateId, count, deadline };
}

function unknownRequest({ stream, at, provider, requestId }: DomainEvent): RequestRecord {
  return {
    id: stream,
    at,
    provider,
    requestId,
    templateId: '',
    status: 'running',
    message: '',
    phase: 'acquiring',
    cancelled: false,
    count: 0,
    deadline: 0,
    alive: 0,
    endedAt: 0,
    sequence: 0,
    runId: '',
  };
}

function ended(request: RequestRecord, at: number): RequestRecord {
  const isOver = request.phase === 'settled' && request.alive === 0;
  return { ...request, endedAt: isOver ? request.endedAt || at : 0 };
}

async function projectMachine(draft: Draft, event: DomainEvent): Promise<void> {
  if (!('machineId' in event)) return;
  const known = await draft.get('machines', event.machineId);
  const machine = machineWith(known ?? unknownMachine(event), event);
  draft.put({ table: 'machines', put: machine });
  if (known && isThere(known)) await countAlive(draft, known.owner, -1, event.at);
  if (isThere(machine)) await countAlive(draft, machine.owner, 1, event.at);
}

const isThere = (machine: MachineRecord): boolean => machine.release !== 'gone';

async function countAlive(draft: Draft, owner: string, change: number, at: number): Promise<void> {
  const request = await draft.get('requests', owner);
  if (request)
    draft.put({ table: 'requests', put: ended({ ...request, alive: request.alive + change }, at) });
}

function machineWith(machine: MachineRecord, event: DomainEvent): MachineRecord {
  if (event.type === 'MachineCreated') {
    const { instanceType, spot, units, at, stream } = event;
    return { ...machine, owner: stream, at, instanceType, spot, units, release: 'kept', endedAt: 0 };
  }
  if (event.type === 'MachineStatusChanged') {
    const { result, release, message, name, privateIp, publicIp, launchTime } = event;
    return { ...machine, result, release, message, name, privateIp, publicIp, launchTime };
  }
  if (event.type === 'MachineReclaimed') return { ...machine, reclaimed: true, message: event.reason };
  if (event.type === 'MachineTerminated') return { ...machine, release: 'gone', endedAt: event.at };
  return machine;
}

function unknownMachine(event: DomainEvent & { readonly machineId: string }): MachineRecord {
  const { machineId, at, provider, requestId, stream } = event;
  return {
    id: machineId,
    at,
    provider,
    requestId,
    owner: stream,
    instanceType: '',
    spot: false,
    units: 1,
    result: 'executing',
    release: 'kept',
    message: '',
    name: '',
    privateIp: '',
    publicIp: '',
    launchTime: 0,
    reclaimed: false,
    endedAt: 0,
  };
}

function putTemplate(draft: Draft, event: Extract<DomainEvent, { type: 'TemplateChanged' }>): void {
  const { provider, templateId, at, change, template } = event;
  const put = { id: `${provider}/${templateId}`, at, provider, templateId, removed: change === 'removed' };
  draft.put({ table: 'templates', put: template ? { ...put, template } : put });
}
