import type { DomainEvent, EventType } from '../../../domain/events/event.ts';
import type { PublishedEvent } from './handler.ts';

/** An event as auditors read it: these fields, then the other fields of the event. */
export interface AuditLine extends Pick<DomainEvent, 'requestId' | 'deployment' | 'provider' | 'id' | 'v'> {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly who: Cause['who'];
  readonly what: EventType;
  readonly call?: string;
  readonly why?: string;
  /** The workflow that published the event, and its run. */
  readonly owner: string;
  readonly run: string;
}

/** Starts with `time, who, what, why` for human readers. */
export function auditLine({ runId, event }: PublishedEvent): AuditLine {
  const { v, id, stream, sequence: _, at, type, ...rest } = event;
  const { who, call, why } = causeOf(event);
  return {
    time: new Date(at).toISOString(),
    who,
    what: type,
    ...(call === undefined ? {} : { call }),
    ...(why === '' ? {} : { why }),
    ...rest,
    id,
    owner: stream,
    run: runId,
    v,
  };
}

interface Cause {
  readonly who: 'Host Factory' | 'provider' | 'cloud' | 'administrator';
  /** The Host Factory operation that caused it. */
  readonly call?: string;
  readonly why: string;
}

function causeOf(event: DomainEvent): Cause {
  switch (event.type) {
    case 'RequestCreated':
      return event.count > 0
        ? { who: 'Host Factory', call: 'requestMachines', why: '' }
        : { who: 'provider', why: 'Adopted machines of a lost owner.' };
    case 'ReturnRequested':
      return { who: 'Host Factory', call: 'requestReturnMachines', why: '' };
    case 'TemplateChanged':
      return { who: 'administrator', why: event.keys.length > 0 ? `Changed: ${event.keys.join(', ')}.` : '' };
    case 'LaunchDecided':
      return { who: 'provider', call: 'requestMachines', why: '' };
    case 'LaunchOverdue':
      return { who: 'cloud', why: 'The outcome of the launch is unknown.' };
    case 'RequestStatusChanged':
      return { who: 'provider', why: event.message };
    case 'MachineStatusChanged':
      return { who: event.release === 'refused' ? 'cloud' : 'provider', why: event.message };
    case 'MachineLost':
    case 'MachineTerminated':
      return { who: 'cloud', why: event.reason };
    case 'LaunchSettled':
    case 'MachineCreated':
      return { who: 'cloud', why: '' };
    case 'ShortageReported':
      return { who: 'cloud', why: event.message };
  }
}
