import type { MachineResult, ReleaseStage, RequestStatus } from '../machine/machine.ts';
import type { Template } from '../template/template.ts';

/**
 * What happened, for the audit log, the read model and notifications. No decision depends on an event; owners decide
 * by their own state. `v` increases when a type changes its meaning; readers accept all older versions.
 */
export type DomainEvent = EventBase & EventBody;
export type EventType = EventBody['type'];

export interface EventBase {
  readonly v: 1;
  /** `<stream>/<sequence>`: the same event has the same id, however often it is published. */
  readonly id: string;
  /** What the sequence belongs to: the workflow id of an owner, or the templates of a provider. */
  readonly stream: string;
  /** 1, 2, 3, ... without gaps. */
  readonly sequence: number;
  /** '' for events of templates. */
  readonly requestId: string;
  readonly deployment: string;
  readonly provider: string;
  /** Epoch ms by the workflow's clock. */
  readonly at: number;
}

export type EventBody =
  | {
      readonly type: 'RequestCreated';
      readonly templateId: string;
      /** 0 for an adopter. */
      readonly count: number;
      /** Epoch ms. */
      readonly deadline: number;
      /** Id of Host Factory's call in the logs. */
      readonly callId?: string;
    }
  | {
      readonly type: 'RequestStatusChanged';
      readonly status: RequestStatus;
      readonly message: string;
      readonly phase: 'provisioning' | 'settled';
      readonly cancelled: boolean;
    }
  | {
      readonly type: 'LaunchDecided';
      readonly ordinal: number;
      readonly units: number;
      readonly token: string;
    }
  /** The outcome is uncertain long after the deadline; a LaunchSettled still follows. */
  | { readonly type: 'LaunchOverdue'; readonly ordinal: number }
  | {
      readonly type: 'LaunchSettled';
      readonly ordinal: number;
      readonly units: number;
      readonly fulfilledUnits: number;
    }
  | {
      readonly type: 'ShortageReported';
      readonly offering: string;
      readonly code: string;
      readonly message: string;
    }
  | {
      readonly type: 'MachineCreated';
      readonly machineId: string;
      readonly instanceType: string;
      readonly spot: boolean;
      readonly units: number;
    }
  | {
      readonly type: 'MachineStatusChanged';
      readonly machineId: string;
      readonly result: MachineResult;
      readonly release: ReleaseStage;
      readonly message: string;
      readonly name: string;
      readonly privateIp: string;
      readonly publicIp: string;
      /** Epoch seconds. */
      readonly launchTime: number;
    }
  /** The machine ended although neither Host Factory nor its owner released it. A MachineTerminated follows. */
  | { readonly type: 'MachineLost'; readonly machineId: string; readonly reason: string }
  | { readonly type: 'MachineTerminated'; readonly machineId: string; readonly reason: string }
  | {
      readonly type: 'ReturnRequested';
      readonly returnId: string;
      /** Machines that this event adds: a large return has several events. */
      readonly machineIds: readonly string[];
      /** Id of Host Factory's call in the logs. */
      readonly callId?: string;
    }
  | {
      readonly type: 'TemplateChanged';
      readonly templateId: string;
      /** `added`: the read model has no earlier request with a template of this name. */
      readonly change: 'added' | 'changed';
      /** Keys of the template whose values changed. */
      readonly keys: readonly string[];
      /** The new template, without its user data, which may be secret. */
      readonly template: Omit<Template, 'userData'>;
    };

export const EVENT_TYPES = [
  'RequestCreated',
  'RequestStatusChanged',
  'LaunchDecided',
  'LaunchOverdue',
  'LaunchSettled',
  'ShortageReported',
  'MachineCreated',
  'MachineStatusChanged',
  'MachineLost',
  'MachineTerminated',
  'ReturnRequested',
  'TemplateChanged',
] as const satisfies readonly EventType[];

/** Makes events of bodies that happened together, numbered from `nextSequence` on. */
export function numberEvents(
  bodies: readonly EventBody[],
  base: Omit<EventBase, 'v' | 'id' | 'sequence'>,
  nextSequence: number,
): DomainEvent[] {
  return bodies.map((body, index) => {
    const sequence = nextSequence + index;
    return { v: 1, id: `${base.stream}/${sequence}`, sequence, ...base, ...body };
  });
}
