import type {
  LaunchMachinesInput,
  LaunchResult,
  LaunchActivities,
  DiscoverInput,
  LaunchParameters,
  OwnerTags,
  PrepareInput,
  TerminateActivities,
  WaitActivities,
} from '../contract/activities.ts';
import type { Observation } from '../domain/machine/machine.ts';
import type { OrphanedGroup } from '../contract/machineRequest.ts';

/**
 * The port: what the workflows need from a cloud. Launch machines (each launch once), terminate exactly the named
 * machines, describe machines. Another cloud implements `Provider` in its own folder beside aws/ and is created in
 * worker/startup/.
 */
export interface Provider {
  readonly launch: LaunchService;
  readonly terminate: TerminateActivities;
  readonly wait: WaitActivities;
  readonly machines: MachineReader;
}

export interface LaunchService extends Pick<LaunchActivities, 'freezeGroup'> {
  /** Sends no heartbeat: it would overwrite the launch parameters of the calling activity. */
  prepareLaunch(input: PrepareInput): Promise<LaunchParameters>;
  /** Its heartbeats carry the launch parameters, which the next attempt receives. */
  launchMachines(call: LaunchCall): Promise<LaunchResult>;
  /**
   * All machines (terminated ones included) and groups of a request, found by tag once two reads agree. Sends no
   * heartbeat. @throws ApplicationFailure (retryable) if any part cannot be read
   */
  discoverLaunched(input: DiscoverInput): Promise<LaunchedResources>;
}

export interface LaunchedResources {
  readonly machines: readonly Observation[];
  readonly groups: readonly OrphanedGroup[];
}

/** One launch, ready to be sent. */
export interface LaunchCall extends Pick<LaunchMachinesInput, 'launch' | 'notAfter'> {
  readonly parameters: LaunchParameters;
  /** An earlier run of the workflow, or an earlier activity with an unknown outcome, may already have sent it. */
  readonly mayHaveBeenSent: boolean;
}

/** Every read is complete or fails; only a complete read may call a machine absent. */
export interface MachineReader {
  /** Whether the text has the form of a machine id. */
  isMachineId(text: string): boolean;
  /** An id missing from the map was unknown to the cloud at that moment. @throws ProviderError */
  readMachines(machineIds: readonly string[]): Promise<ReadonlyMap<string, OwnedObservation>>;
  /** All machines of a provider instance; new ones may appear with a delay. @throws ProviderError */
  listMachines(instance: ProviderInstance): Promise<readonly OwnedObservation[]>;
  /** Groups of a provider instance that may still launch or must be deleted. @throws ProviderError */
  listGroups(instance: ProviderInstance): Promise<readonly OwnedGroup[]>;
  /** Machines with an interruption notice -> epoch ms of the interruption. */
  readInterruptions(machines: readonly Observation[]): Promise<ReadonlyMap<string, number>>;
}

/** Interruptions that the cloud announces itself, sooner than the next sweep finds them. */
export interface InterruptionSource {
  /**
   * Waits some seconds for messages; the batch may be empty.
   * @throws ProviderError, or the signal's reason if it aborts
   */
  receive(signal: AbortSignal): Promise<InterruptionBatch>;
  /** Describes the source's condition in a few words. @throws ProviderError if it cannot be reached */
  check(signal: AbortSignal): Promise<string>;
  close(): void;
}

export interface InterruptionBatch {
  readonly interruptions: readonly Interruption[];
  /** Deletes the messages; without it they are delivered again. @throws ProviderError */
  readonly remove: () => Promise<void>;
}

/** An interruption of any machine of the account; may be duplicated and arrives in any order. */
export interface Interruption {
  readonly machineId: string;
  /** Epoch ms at which the cloud takes the machine away. */
  readonly interruptionAt?: number;
  /** No machine leaves these states. */
  readonly state?: 'shutting-down' | 'terminated';
}

export type ProviderInstance = Pick<OwnerTags, 'deployment' | 'provider'>;

/** An observation with the owner according to the machine's tags; undefined if the machine is not ours. */
export interface OwnedObservation extends Observation {
  readonly owner: OwnerTags | undefined;
}

/** A group with the request that its tags name. */
export interface OwnedGroup extends OrphanedGroup {
  readonly requestId: string;
}

/** Drops the owner, which workflow histories do not need. */
export function toObservation({ owner: _owner, ...observation }: OwnedObservation): Observation {
  return observation;
}
