import type { Machine } from '../machine/machine.ts';
import { deadlineOf, type RequestState } from '../request/state.ts';
import { numbered, type DomainEvent, type EventBody, type EventType } from './event.ts';
import type { MachineRequestInput } from '../request/input.ts';
import { adopterId } from '../request/adopterId.ts';

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
  return numbered([body], baseOf(input, input.createdAt), 1);
}

/**
 * What one step of a request's rules means for those who look on. The rules need not know of events: two
 * states that follow each other tell all of it, in the order in which things are caused.
 * @param at epoch ms
 */
export function eventsBetween(
  before: RequestState,
  after: RequestState,
  at: number,
  nextSequence: number,
): DomainEvent[] {
  const bodies = [
    ...launchesBetween(before, after),
    ...returnsBetween(before, after),
    ...machinesBetween(before, after),
    ...statusBetween(before, after),
  ];
  return numbered(bodies, baseOf(after.input, at), nextSequence);
}

/** An adopter of a request numbers its own events, beside those of the request's first owner. */
function baseOf(input: MachineRequestInput, at: number) {
  const { requestId, deployment, provider } = input;
  return { stream: input.template ? requestId : adopterId(requestId), requestId, deployment, provider, at };
}

function launchesBetween(before: RequestState, after: RequestState): EventBody[] {
  if (before.launches === after.launches && before.shortages === after.shortages) return [];
  const stages = new Map(before.launches.map((launch) => [launch.ordinal, launch.stage]));
  const met = new Set(before.shortages);
  return [
    ...after.launches.flatMap(({ ordinal, units, token, stage, got }): EventBody[] => {
      const was = stages.get(ordinal);
      return [
        ...(was === undefined ? [{ type: 'LaunchDecided', ordinal, units, token } as const] : []),
        ...(was !== stage && stage === 'overdue' ? [{ type: 'LaunchOverdue', ordinal } as const] : []),
        ...(was !== stage && stage === 'settled'
          ? [{ type: 'LaunchSettled', ordinal, units, got } as const]
          : []),
      ];
    }),
    ...after.shortages
      .filter((shortage) => !met.has(shortage))
      .map(({ pool, code, message }) => ({ type: 'Shortage', pool, code, message }) as const),
  ];
}

function returnsBetween(before: RequestState, after: RequestState): EventBody[] {
  if (before.returns === after.returns) return [];
  return [...after.returns].flatMap(([returnId, machineIds]): EventBody[] => {
    const known = new Set(before.returns.get(returnId));
    const added = machineIds.filter((id) => !known.has(id));
    const callId = after.returnCalls.get(returnId);
    const call = callId === undefined ? {} : { callId };
    return added.length === 0 ? [] : [{ type: 'ReturnRequested', returnId, machineIds: added, ...call }];
  });
}

function machinesBetween(before: RequestState, after: RequestState): EventBody[] {
  if (before.machines === after.machines) return [];
  const bodies = [...after.machines.values()].flatMap((now): EventBody[] => {
    const was = before.machines.get(now.machineId);
    return was === now ? [] : machineBetween(was, now);
  });
  // What happened to many at once is told as one thing.
  return MACHINE_EVENTS.flatMap((type) => bodies.filter((body) => body.type === type));
}

/** In the order in which they happen to a machine. */
const MACHINE_EVENTS = [
  'MachineCreated',
  'MachineStatusChanged',
  'MachineReclaimed',
  'MachineTerminated',
] as const satisfies readonly EventType[];

function machineBetween(was: Machine | undefined, now: Machine): EventBody[] {
  const { machineId, reason } = now;
  const bodies: EventBody[] = [];
  if (!was) {
    const { instanceType, spot, units } = now;
    bodies.push({ type: 'MachineCreated', machineId, instanceType, spot, units });
  }
  if (tellsMore(was, now)) bodies.push(machineStatus(now));
  if (now.release === 'gone' && was?.release !== 'gone') {
    if (was?.release === 'kept') bodies.push({ type: 'MachineReclaimed', machineId, reason });
    bodies.push({ type: 'MachineTerminated', machineId, reason });
  }
  return bodies;
}

/** How it was answered, where it is reached, and that AWS will not let go of it. `gone` has an event of its own. */
function tellsMore(was: Machine | undefined, now: Machine): boolean {
  if (!was) return now.result !== 'executing' || now.name !== '';
  return (
    was.result !== now.result ||
    was.name !== now.name ||
    (was.release !== now.release && now.release === 'refused')
  );
}

function machineStatus(machine: Machine): EventBody {
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

function statusBetween(before: RequestState, after: RequestState): EventBody[] {
  const { status, message, phase, cancelled } = after;
  const same =
    before.status === status &&
    before.message === message &&
    before.phase === phase &&
    before.cancelled === cancelled;
  return same ? [] : [{ type: 'RequestStatusChanged', status, message, phase, cancelled }];
}
