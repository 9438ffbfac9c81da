import type { DomainEvent } from '../../../domain/events/event.ts';
import type {
  EventRecord,
  MachineRecord,
  RequestRecord,
  TemplateRecord,
} from '../../../activities/storage/store.ts';
import { aTemplate } from '../../fixtures/builders.ts';

export function aMachineRecord(id: string, changes: Partial<MachineRecord> = {}): MachineRecord {
  return {
    id,
    at: 1_000,
    provider: 'awsinst',
    requestId: 'req-1',
    owner: 'req-1',
    instanceType: 't3.medium',
    spot: false,
    units: 1,
    result: 'succeed',
    release: 'kept',
    message: '',
    name: `${id}.ec2.internal`,
    privateIp: '10.0.0.1',
    publicIp: '',
    launchTime: 1,
    reclaimed: false,
    endedAt: 0,
    ...changes,
  };
}

export function aRequestRecord(id: string, changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id,
    at: 1_000,
    provider: 'awsinst',
    requestId: id,
    templateId: 'demo',
    status: 'running',
    message: '',
    phase: 'acquiring',
    cancelled: false,
    count: 3,
    deadline: 9_000,
    alive: 0,
    endedAt: 0,
    sequence: 1,
    runId: 'run',
    ...changes,
  };
}

export function aTemplateRecord(id: string, changes: Partial<TemplateRecord> = {}): TemplateRecord {
  return { id, at: 1_000, provider: 'awsinst', templateId: id, template: aTemplate(), ...changes };
}

export function anEvent(stream: string, sequence: number, at = 1_000): DomainEvent {
  return {
    v: 1,
    id: `${stream}/${sequence}`,
    stream,
    sequence,
    requestId: stream,
    deployment: 'test',
    provider: 'awsinst',
    at,
    type: 'LaunchOverdue',
    ordinal: sequence,
  };
}

export function anEventRecord(event: DomainEvent, changes: Partial<EventRecord> = {}): EventRecord {
  const { id, at, provider, requestId, type } = event;
  return { id, at, provider, requestId, type, machineId: '', runId: 'run', event, ...changes };
}
