import type { DomainEvent } from '../../../domain/events/event.ts';
import type { MachineRecord, RequestRecord, Store } from '../../storage/store.ts';
import { createUnitOfWork, type UnitOfWork } from './unitOfWork.ts';
import type { EventHandler, PublishedEvent } from '../handlers/handler.ts';

/** Projects events into the store. Redelivered events change nothing; after a reset the newest run wins. */
export function createReadModelHandler(store: Store): EventHandler {
  return {
    name: 'readModel',
    startFrom: 'earliest',
    handle: (published) =>
      store.commitWith((rows) => {
        const unitOfWork = createUnitOfWork(rows);
        for (const entry of published) applyEvent(unitOfWork, entry);
        return unitOfWork.changes();
      }),
    close: () => store.close(),
  };
}

function applyEvent(unitOfWork: UnitOfWork, { runId, event }: PublishedEvent): void {
  const owner = unitOfWork.get('requests', event.stream);
  if (owner && owner.runId === runId && owner.sequence >= event.sequence) return;
  const { id, at, provider, requestId, type } = event;
  const machineId = 'machineId' in event ? event.machineId : '';
  unitOfWork.put({ table: 'events', put: { id, at, provider, requestId, type, machineId, runId, event } });
  if (event.type === 'TemplateChanged') {
    putTemplate(unitOfWork, event);
    return;
  }
  // An owner whose first event is missing (e.g. in a rebuilt read model) is created from the first one that arrives.
  const request = { ...(owner ?? emptyRequestRecord(event)), sequence: event.sequence, runId };
  unitOfWork.putRequest(applyToRequest(request, event), at);
  if ('machineId' in event) {
    const known = unitOfWork.get('machines', event.machineId);
    unitOfWork.putMachine(applyToMachine(known ?? emptyMachineRecord(event), event), at);
  }
}

function applyToRequest(request: RequestRecord, event: DomainEvent): RequestRecord {
  if (event.type === 'RequestStatusChanged') {
    const { status, message, phase, cancelled } = event;
    return { ...request, status, message, phase, cancelled };
  }
  if (event.type !== 'RequestCreated') return request;
  const { templateId, count, deadline, at } = event;
  return { ...request, at, templateId, count, deadline };
}

type RecordIdentity = Pick<DomainEvent, 'stream' | 'at' | 'provider' | 'requestId'>;

/** A request's record with nothing but its ids. */
export function emptyRequestRecord({ stream, at, provider, requestId }: RecordIdentity): RequestRecord {
  return {
    id: stream,
    at,
    provider,
    requestId,
    templateId: '',
    status: 'running',
    message: '',
    phase: 'provisioning',
    cancelled: false,
    count: 0,
    deadline: 0,
    alive: 0,
    endedAt: 0,
    sequence: 0,
    runId: '',
  };
}

function applyToMachine(machine: MachineRecord, event: DomainEvent): MachineRecord {
  if (event.type === 'MachineCreated') {
    const { instanceType, spot, units, at, stream } = event;
    return { ...machine, owner: stream, at, instanceType, spot, units, release: 'held', endedAt: 0 };
  }
  if (event.type === 'MachineStatusChanged') {
    const { result, release, message, name, privateIp, publicIp, launchTime } = event;
    return { ...machine, result, release, message, name, privateIp, publicIp, launchTime };
  }
  if (event.type === 'MachineLost') return { ...machine, lost: true, message: event.reason };
  if (event.type === 'MachineTerminated') return { ...machine, release: 'terminated', endedAt: event.at };
  return machine;
}

/** A machine's record with nothing but its ids. */
export function emptyMachineRecord({
  machineId,
  at,
  provider,
  requestId,
  stream,
}: RecordIdentity & { readonly machineId: string }): MachineRecord {
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
    release: 'held',
    message: '',
    name: '',
    privateIp: '',
    publicIp: '',
    launchTime: 0,
    lost: false,
    endedAt: 0,
  };
}

function putTemplate(unitOfWork: UnitOfWork, event: Extract<DomainEvent, { type: 'TemplateChanged' }>): void {
  const { provider, templateId, at, template } = event;
  unitOfWork.put({
    table: 'templates',
    put: { id: `${provider}/${templateId}`, at, provider, templateId, template },
  });
}
