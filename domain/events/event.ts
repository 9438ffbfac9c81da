import type { MachineResult, ReleaseStage } from '../machine/machine.ts';
import type { Template } from '../template/template.ts';
import type { RequestStatus } from '../request/statusView.ts';

/**
 * What happened, for those who look on from outside: the audit log, the read model, notifications. Never input
 * of a decision: that is the owner's own state. `v` rises when a type changes its meaning; readers take all older ones.
 */
export type DomainEvent = EventBase & EventBody;
export type EventType = EventBody['type'];

export interface EventBase {
  readonly v: 1;
  /** `<stream>/<sequence>`: the same event has the same id, however often it is published. */
  readonly id: string;
  /** Whose sequence it is: the workflow id of an owner, or the templates of a provider. */
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
      /** 0 for an owner that only adopts. */
      readonly count: number;
      /** Epoch ms. */
      readonly deadline: number;
      /** Names the call of Host Factory in logs. */
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
  /** Not known long after the deadline; a LaunchSettled still follows. */
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
  /** The cloud took it although nobody wanted it gone. A MachineTerminated follows. */
  | { readonly type: 'MachineLost'; readonly machineId: string; readonly reason: string }
  | { readonly type: 'MachineTerminated'; readonly machineId: string; readonly reason: string }
  | {
      readonly type: 'ReturnRequested';
      readonly returnId: string;
      /** Those that this event adds: a large return comes in several. */
      readonly machineIds: readonly string[];
      /** Names the call of Host Factory in logs. */
      readonly callId?: string;
    }
  | {
      readonly type: 'TemplateChanged';
      readonly templateId: string;
      /** `added`: no request was made with a template of this name before, as far as is known. */
      readonly change: 'added' | 'changed';
      /** Of the template's, those that are others than before. */
      readonly keys: readonly string[];
      /** As it is now; without its user data, which may be secret. */
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

/** Numbers bodies that happened together, from `nextSequence` on. */
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
