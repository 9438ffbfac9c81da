import type { DomainEvent, EventType } from '../../../domain/events/event.ts';
import type { PublishedEvent } from './handler.ts';

/** An event as auditors read it; what else it says stands beside these. */
export interface AuditLine extends Pick<DomainEvent, 'requestId' | 'deployment' | 'provider' | 'id' | 'v'> {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly who: Cause['who'];
  readonly what: EventType;
  readonly call?: string;
  readonly why?: string;
  /** The workflow whose sequence the event is of, and its run. */
  readonly owner: string;
  readonly run: string;
}

/** `time, who, what, why` first, for those who read it with their eyes. */
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
  /** The operation that it goes back to. */
  readonly call?: string;
  readonly why: string;
}

function causeOf(event: DomainEvent): Cause {
  switch (event.type) {
    case 'RequestCreated':
      return event.count > 0
        ? { who: 'Host Factory', call: 'requestMachines', why: '' }
        : { who: 'provider', why: 'Machines whose owner was lost are adopted.' };
    case 'ReturnRequested':
      return { who: 'Host Factory', call: 'requestReturnMachines', why: '' };
    case 'TemplateChanged':
      return { who: 'administrator', why: event.keys.length > 0 ? `Changed: ${event.keys.join(', ')}.` : '' };
    case 'LaunchDecided':
      return { who: 'provider', call: 'requestMachines', why: '' };
    case 'LaunchOverdue':
      return { who: 'cloud', why: 'It is not known what became of the launch.' };
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
