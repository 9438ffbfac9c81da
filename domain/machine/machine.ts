/** EC2's instance states, plus `absent`: a complete read lacks the id. */
export type MachineState =
  | 'pending'
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'shutting-down'
  | 'terminated'
  | 'absent';

/** What one complete read of the cloud showed of one machine. */
export interface Observation {
  readonly machineId: string;
  readonly state: MachineState;
  /** Host name as EGO knows it; '' while the cloud does not return it. */
  readonly name: string;
  readonly privateIp: string;
  readonly publicIp: string;
  /** Epoch seconds, UTC; 0 while unknown. */
  readonly launchTime: number;
  readonly instanceType: string;
  readonly spot: boolean;
  /** The cloud's reason for the end of a machine, e.g. `Server.SpotInstanceTermination: ...`; else ''. */
  readonly reason: string;
}

/** Host Factory's result for one machine of a request or return. */
export type MachineResult = 'executing' | 'succeed' | 'fail';
/** Host Factory's status of a whole request or return. */
export type RequestStatus = 'running' | 'complete' | 'complete_with_error';

/**
 * Stages of a release: `held` (none is wanted), `pendingRelease` (one is due), `terminating` (the cloud was called),
 * `refused` (the cloud refused; the owner retries later), `terminated` (the cloud showed it as terminated).
 */
export type ReleaseStage = 'held' | 'pendingRelease' | 'terminating' | 'refused' | 'terminated';

/** A machine in its owner's state. */
export interface Machine extends Observation {
  /**
   * Result for Host Factory's request. Once it is `succeed` or `fail` it never changes, with one exception: a machine
   * that is released unacknowledged turns from `succeed` to `fail`.
   */
  readonly result: MachineResult;
  /** Why it failed; '' otherwise. */
  readonly message: string;
  readonly units: number;
  readonly release: ReleaseStage;
}

export const isAlive = (state: MachineState): boolean => state !== 'terminated' && state !== 'absent';

/** Symphony can use it: it is running, and its name and address are known. */
export const isReady = (observation: Observation): boolean =>
  observation.state === 'running' && observation.name !== '' && observation.privateIp !== '';

/** It may still become ready. */
export const isBooting = (observation: Observation): boolean =>
  observation.state === 'pending' ||
  observation.state === 'absent' ||
  (observation.state === 'running' && !isReady(observation));

/** Observation of a machine that the cloud does not return. */
export const absentObservation = (machineId: string): Observation => ({
  machineId,
  state: 'absent',
  name: '',
  privateIp: '',
  publicIp: '',
  launchTime: 0,
  instanceType: '',
  spot: false,
  reason: '',
});
