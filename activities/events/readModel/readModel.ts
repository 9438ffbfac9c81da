import type { DomainEvent } from '../../../domain/events/event.ts';
import type { MachineRecord, RequestRecord, Store } from '../../storage/store.ts';
import { draftOver, type Draft } from './unitOfWork.ts';
import type { EventHandler, Published } from '../handlers/handler.ts';

/** Projects events into the store. What is in the store already is left alone; a reset's new run wins over the old. */
export function readModel(store: Store): EventHandler {
  return {
    name: 'storage',
    begins: 'at the oldest',
    handle: (published) =>
      store.commitFrom((rows) => {
        const draft = draftOver(rows);
        for (const entry of published) project(draft, entry);
        return draft.changes();
      }),
    close: () => store.close(),
  };
}

function project(draft: Draft, { runId, event }: Published): void {
  const owner = draft.get('requests', event.stream);
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
  draft.putRequest(withEvent(request, event), at);
  if ('machineId' in event) {
    const known = draft.get('machines', event.machineId);
    draft.putMachine(machineWith(known ?? unknownMachine(event), event), at);
  }
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

type Named = Pick<DomainEvent, 'stream' | 'at' | 'provider' | 'requestId'>;

/** What is known of a request by its id alone. */
export function unknownRequest({ stream, at, provider, requestId }: Named): RequestRecord {
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

/** What is known of a machine by its id and its owner alone. */
export function unknownMachine({
  machineId,
  at,
  provider,
  requestId,
  stream,
}: Named & { readonly machineId: string }): MachineRecord {
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
  const { provider, templateId, at, template } = event;
  draft.put({
    table: 'templates',
    put: { id: `${provider}/${templateId}`, at, provider, templateId, template },
  });
}
