import type { Observation } from '../domain/machine/machine.ts';
import type { Group } from '../domain/request/launch.ts';
import type { OwnershipStatus } from '../domain/request/ownershipStatus.ts';
import type { ReturnMachines } from '../domain/request/returns.ts';
import { query, signal } from './definitions.ts';

/**
 * Messages to a `machineRequest`, the owner of a request's machines. Payloads carry `v`; a reader accepts all older
 * versions. It also answers the `status` query.
 */
export const MACHINE_REQUEST = 'machineRequest';

/** Release these machines and answer the return. */
export const returnMachinesSignal = signal<ReturnMachines>('returnMachines');
/** What the monitor observed of the owner's machines. */
export const machinesObservedSignal = signal<MachinesObserved>('machinesObserved');
/** Host Factory has read these machines as `succeed`. */
export const acknowledgeSignal = signal<Acknowledge>('acknowledge');
/** Release those of these machines that Host Factory never acknowledged. */
export const releaseUnacknowledgedSignal = signal<ReleaseUnacknowledged>('releaseUnacknowledged');

/** One status for each machine id, in the same order. */
export const ownershipStatusQuery = query<[machineIds: readonly string[]], OwnershipStatus[]>(
  'ownershipStatus',
  (reply): reply is OwnershipStatus[] =>
    Array.isArray(reply) && reply.every((status) => typeof status === 'string'),
);
/** Units that count against the template's maxNumber: launched or being launched, and not released. */
export const capacityInUseQuery = query<[], number>(
  'capacityInUse',
  (reply): reply is number => typeof reply === 'number',
);

/** Sent by the monitor: machines that ended without the owner. To an adopter also the machines and groups to adopt. */
export interface MachinesObserved {
  readonly v: 1;
  readonly observations: readonly Observation[];
  /** Machines among them that Host Factory never read as `succeed`, as far as their closed owner knew. */
  readonly unacknowledged?: readonly string[];
  /** Unacknowledged machines that the closed owner never reported: Host Factory cannot know them. */
  readonly unreported?: readonly string[];
  /** Epoch ms from which the unreported machines are released. */
  readonly releaseAt?: number;
  readonly groups?: readonly OrphanedGroup[];
}

/** A group without an open owner that may still launch, or has to be deleted. */
export interface OrphanedGroup extends Group {
  /** Token of the launch that made it. */
  readonly token: string;
}

export interface Acknowledge {
  readonly v: 1;
  readonly machineIds: readonly string[];
}

export interface ReleaseUnacknowledged {
  readonly v: 1;
  readonly machineIds: readonly string[];
}
