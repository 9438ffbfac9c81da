import { isBooting, isReady, type Machine, type Observation } from '../machine/machine.ts';
import { unitsOf } from '../template/template.ts';
import type { RequestState } from './state.ts';
import type { LaunchedMachine } from './launch.ts';

export const REQUEST_CANCELLED = 'The request was cancelled.';
const LATE_ARRIVAL = 'The machine was launched after the request had settled.';

/** The state of a machine as its launch reports it. */
export function machineFromLaunch(state: RequestState, launched: LaunchedMachine): Machine {
  const existing = state.machines.get(launched.machineId);
  const units = unitsFor(state, launched.instanceType);
  // A return may name a machine before the answer to its launch arrives.
  if (existing) return { ...existing, units };
  // An adopter has no template. Host Factory never learned of machines that an orphaned group launched.
  const isLate = state.phase === 'settled' || state.input.template === undefined;
  const failure = state.cancelled ? REQUEST_CANCELLED : isLate ? LATE_ARRIVAL : undefined;
  return {
    ...launched,
    state: 'pending',
    name: '',
    privateIp: '',
    publicIp: '',
    launchTime: 0,
    reason: '',
    result: failure === undefined ? 'executing' : 'fail',
    message: failure ?? '',
    units,
    release: failure === undefined ? 'held' : 'pendingRelease',
  };
}

/** Merges an observation into a machine. `absent` never overwrites an earlier state. */
export function applyObservation(existing: Machine | undefined, observation: Observation): Machine {
  const before: Machine = existing ?? {
    ...observation,
    result: 'executing',
    message: '',
    units: 1,
    release: 'held',
  };
  // AWS no longer returns the name and address of a terminated instance; Host Factory's answers must keep them.
  const merged: Machine = {
    ...before,
    state: observation.state === 'absent' ? before.state : observation.state,
    // Host Factory identifies its host by the first name that it read.
    name: before.name || observation.name,
    privateIp: observation.privateIp || before.privateIp,
    publicIp: observation.publicIp || before.publicIp,
    launchTime: before.launchTime || observation.launchTime,
    instanceType: observation.instanceType || before.instanceType,
    reason: observation.reason || before.reason,
  };
  const release = observation.state === 'terminated' ? 'terminated' : merged.release;
  if (merged.result !== 'executing') return { ...merged, release };
  if (isReady(observation)) return { ...merged, result: 'succeed', release };
  if (isBooting(observation)) return { ...merged, release };
  const message = merged.reason || `The machine was ${observation.state} before it was ready.`;
  // A stopped machine costs money and is of no use to Symphony: it is released.
  return { ...merged, result: 'fail', message, release: release === 'held' ? 'pendingRelease' : release };
}

/** @param seconds boot timeout that the machine exceeded; undefined: the request's deadline passed */
export function failOnBootTimeout(machine: Machine, seconds: number | undefined): Machine {
  const limit = seconds === undefined ? 'by the deadline of the request' : `within ${seconds} seconds`;
  const message =
    machine.state === 'running'
      ? `The machine had no host name or address ${limit}.`
      : `The machine was not running ${limit}.`;
  return {
    ...machine,
    result: 'fail',
    message,
    release: machine.release === 'held' ? 'pendingRelease' : machine.release,
  };
}

export function cancelMachine(machine: Machine): Machine {
  return {
    ...machine,
    release: machine.release === 'held' ? 'pendingRelease' : machine.release,
    ...(machine.result === 'executing' ? { result: 'fail' as const, message: REQUEST_CANCELLED } : {}),
  };
}

export function unitsFor(state: RequestState, instanceType: string): number {
  return state.input.template ? unitsOf(state.input.template, instanceType) : 1;
}
