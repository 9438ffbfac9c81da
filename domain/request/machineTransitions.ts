import { isAlive, isBooting, isReady, type Machine, type Sighting } from '../machine/machine.ts';
import { unitsOf } from '../template/template.ts';
import type { RequestState } from './state.ts';
import type { LaunchedMachine } from './launch.ts';

export const CANCELLED = 'The request was cancelled.';
const ANSWERED = 'The machine came after the request had been answered.';

/** A machine that a launch brought. */
export function arrived(state: RequestState, launched: LaunchedMachine): Machine {
  const known = state.machines.get(launched.machineId);
  const units = unitsFor(state, launched.instanceType);
  // A return may have told us of it before the launch's own answer did.
  if (known) return { ...known, units };
  // What a group without an owner launched was never reported to anybody.
  const isLate = state.phase === 'settled' || state.input.template === undefined;
  const tooLateWhy = state.cancelled ? CANCELLED : isLate ? ANSWERED : undefined;
  return {
    ...launched,
    state: 'pending',
    name: '',
    privateIp: '',
    publicIp: '',
    launchTime: 0,
    reason: '',
    result: tooLateWhy === undefined ? 'executing' : 'fail',
    message: tooLateWhy ?? '',
    units,
    release: tooLateWhy === undefined ? 'kept' : 'wanted',
  };
}

/** What a sighting makes of a line of the ledger. An `absent` one never changes what was seen before. */
export function sighted(known: Machine | undefined, seen: Sighting): Machine {
  const before: Machine = known ?? { ...seen, result: 'executing', message: '', units: 1, release: 'kept' };
  // A terminated instance loses its name and address in AWS's answers; Host Factory must keep seeing them.
  const merged: Machine = {
    ...before,
    state: seen.state === 'absent' ? before.state : seen.state,
    // Host Factory finds its host by the first name that it was told.
    name: before.name || seen.name,
    privateIp: seen.privateIp || before.privateIp,
    publicIp: seen.publicIp || before.publicIp,
    launchTime: before.launchTime || seen.launchTime,
    instanceType: seen.instanceType || before.instanceType,
    reason: seen.reason || before.reason,
  };
  const dead = !isAlive(seen.state);
  const release = dead && seen.state === 'terminated' ? 'gone' : merged.release;
  if (merged.result !== 'executing') return { ...merged, release };
  if (isReady(seen)) return { ...merged, result: 'succeed', release };
  if (isBooting(seen)) return { ...merged, release };
  const message = merged.reason || `The machine was ${seen.state} before it was ready.`;
  // A stopped machine costs money and is of no use to Symphony: it is given back.
  return { ...merged, result: 'fail', message, release: release === 'kept' ? 'wanted' : release };
}

export function tooLate(machine: Machine, seconds: number | undefined): Machine {
  const limit = seconds === undefined ? 'by the deadline of the request' : `within ${seconds} seconds`;
  const message =
    machine.state === 'running'
      ? `No host name or address was known ${limit}.`
      : `The machine was not running ${limit}.`;
  return {
    ...machine,
    result: 'fail',
    message,
    release: machine.release === 'kept' ? 'wanted' : machine.release,
  };
}

export function givenUp(machine: Machine): Machine {
  return {
    ...machine,
    release: machine.release === 'kept' ? 'wanted' : machine.release,
    ...(machine.result === 'executing' ? { result: 'fail' as const, message: CANCELLED } : {}),
  };
}

export function unitsFor(state: RequestState, instanceType: string): number {
  return state.input.template ? unitsOf(state.input.template, instanceType) : 1;
}
