import type { Machine } from '../machine/machine.ts';
import { numberEvents, type DomainEvent, type EventBody, type EventType } from '../events/event.ts';
import { adopterId } from './adopterId.ts';
import type { MachineRequestInput } from './input.ts';
import { deadlineOf, type RequestState } from './state.ts';

/** The first event of an owner; its sequence is 1. */
export function requestCreated(state: RequestState): DomainEvent[] {
  const { input } = state;
  const templateId = input.template?.templateId ?? '';
  const body: EventBody = {
    type: 'RequestCreated',
    templateId,
    count: input.count,
    deadline: deadlineOf(input),
    ...(input.callId === undefined ? {} : { callId: input.callId }),
  };
  return numberEvents([body], baseOf(input, input.createdAt), 1);
}

/**
 * Derives the events of one step from the states before and after it, so the reducer contains no events. Causes come
 * before effects.
 * @param at epoch ms
 */
export function diffEvents(
  before: RequestState,
  after: RequestState,
  at: number,
  nextSequence: number,
): DomainEvent[] {
  const bodies = [
    ...launchEvents(before, after),
    ...returnEvents(before, after),
    ...machineEvents(before, after),
    ...statusEvents(before, after),
  ];
  return numberEvents(bodies, baseOf(after.input, at), nextSequence);
}

/** An adopter has a stream and a sequence of its own, apart from those of the request's first owner. */
function baseOf(input: MachineRequestInput, at: number) {
  const { requestId, deployment, provider } = input;
  return { stream: input.template ? requestId : adopterId(requestId), requestId, deployment, provider, at };
}

function launchEvents(before: RequestState, after: RequestState): EventBody[] {
  if (before.launches === after.launches && before.shortages === after.shortages) return [];
  const stages = new Map(before.launches.map((launch) => [launch.ordinal, launch.stage]));
  const knownShortages = new Set(before.shortages);
  return [
    ...after.launches.flatMap(({ ordinal, units, token, stage, fulfilledUnits }): EventBody[] => {
      const previous = stages.get(ordinal);
      return [
        ...(previous === undefined ? [{ type: 'LaunchDecided', ordinal, units, token } as const] : []),
        ...(previous !== stage && stage === 'overdue' ? [{ type: 'LaunchOverdue', ordinal } as const] : []),
        ...(previous !== stage && stage === 'settled'
          ? [{ type: 'LaunchSettled', ordinal, units, fulfilledUnits } as const]
          : []),
      ];
    }),
    ...after.shortages
      .filter((shortage) => !knownShortages.has(shortage))
      .map(({ offering, code, message }) => ({ type: 'ShortageReported', offering, code, message }) as const),
  ];
}

function returnEvents(before: RequestState, after: RequestState): EventBody[] {
  if (before.openReturns === after.openReturns) return [];
  return [...after.openReturns].flatMap(([returnId, machineIds]): EventBody[] => {
    const known = new Set(before.openReturns.get(returnId));
    const added = machineIds.filter((id) => !known.has(id));
    const callId = after.returnCallIds.get(returnId);
    const callFields = callId === undefined ? {} : { callId };
    return added.length === 0
      ? []
      : [{ type: 'ReturnRequested', returnId, machineIds: added, ...callFields }];
  });
}

function machineEvents(before: RequestState, after: RequestState): EventBody[] {
  if (before.machines === after.machines) return [];
  const bodies = [...after.machines.values()].flatMap((current): EventBody[] => {
    const previous = before.machines.get(current.machineId);
    return previous === current ? [] : eventsOfMachine(previous, current);
  });
  // Events of one type follow each other, so that they are packed into one table.
  return MACHINE_EVENT_ORDER.flatMap((type) => bodies.filter((body) => body.type === type));
}

/** In the order in which they happen to a machine. */
const MACHINE_EVENT_ORDER = [
  'MachineCreated',
  'MachineStatusChanged',
  'MachineLost',
  'MachineTerminated',
] as const satisfies readonly EventType[];

function eventsOfMachine(previous: Machine | undefined, current: Machine): EventBody[] {
  const { machineId, reason } = current;
  const bodies: EventBody[] = [];
  if (!previous) {
    const { instanceType, spot, units } = current;
    bodies.push({ type: 'MachineCreated', machineId, instanceType, spot, units });
  }
  if (isStatusChange(previous, current)) bodies.push(machineStatusChanged(current));
  if (current.release === 'terminated' && previous?.release !== 'terminated') {
    if (previous?.release === 'held') bodies.push({ type: 'MachineLost', machineId, reason });
    bodies.push({ type: 'MachineTerminated', machineId, reason });
  }
  return bodies;
}

/** Changes of the result, of the name, and AWS's refusal to terminate. `terminated` has an event of its own. */
function isStatusChange(previous: Machine | undefined, current: Machine): boolean {
  if (!previous) return current.result !== 'executing' || current.name !== '';
  return (
    previous.result !== current.result ||
    previous.name !== current.name ||
    (previous.release !== current.release && current.release === 'refused')
  );
}

function machineStatusChanged(machine: Machine): EventBody {
  const { machineId, result, release, name, privateIp, publicIp, launchTime } = machine;
  const message = release === 'refused' ? machine.reason : machine.message;
  return {
    type: 'MachineStatusChanged',
    machineId,
    result,
    release,
    message,
    name,
    privateIp,
    publicIp,
    launchTime,
  };
}

function statusEvents(before: RequestState, after: RequestState): EventBody[] {
  const { status, message, phase, cancelled } = after;
  const isUnchanged =
    before.status === status &&
    before.message === message &&
    before.phase === phase &&
    before.cancelled === cancelled;
  return isUnchanged ? [] : [{ type: 'RequestStatusChanged', status, message, phase, cancelled }];
}
