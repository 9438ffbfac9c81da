/** EC2's instance states, plus what a complete read that lacks the id says. */
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
  /** Host name as EGO will see it; '' while the cloud does not show it. */
  readonly name: string;
  readonly privateIp: string;
  readonly publicIp: string;
  /** Epoch seconds, UTC; 0 while unknown. */
  readonly launchTime: number;
  readonly instanceType: string;
  readonly spot: boolean;
  /** The cloud's reason for a machine that died, e.g. `Server.SpotInstanceTermination: ...`; else ''. */
  readonly reason: string;
}

/** Host Factory's word on one machine of a request or a return. */
export type MachineResult = 'executing' | 'succeed' | 'fail';

/**
 * How far the giving back of a machine is: `held` (nobody wants it gone), `pendingRelease` (to be terminated),
 * `terminating` (a release is under way), `refused` (AWS would not; tried again later), `terminated` (observed).
 */
export type ReleaseStage = 'held' | 'pendingRelease' | 'terminating' | 'refused' | 'terminated';

/** One line of an owner's ledger. */
export interface Machine extends Observation {
  /** What Host Factory is told of it for the create; never changes again once it is `succeed` or `fail`. */
  readonly result: MachineResult;
  /** Why it failed; '' otherwise. */
  readonly message: string;
  readonly units: number;
  readonly release: ReleaseStage;
}

export const isAlive = (state: MachineState): boolean => state !== 'terminated' && state !== 'absent';

/** Usable by Symphony: running, and its name and address are known. */
export const isReady = (observation: Observation): boolean =>
  observation.state === 'running' && observation.name !== '' && observation.privateIp !== '';

/** Still on its way to ready: nothing can be said of it yet. */
export const isBooting = (observation: Observation): boolean =>
  observation.state === 'pending' ||
  observation.state === 'absent' ||
  (observation.state === 'running' && !isReady(observation));

/** Of a machine that the cloud does not show. */
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
