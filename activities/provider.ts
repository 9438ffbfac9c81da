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
import type { OrphanedGroup } from '../contract/messages.ts';

/**
 * What the flow needs of a cloud: get machines, each launch once; give back exactly the named ones; tell how they
 * are. Another cloud is another folder beside aws/ with a `Provider` of its own, and an entry in providers.ts.
 */
export interface Provider {
  readonly launch: LaunchService;
  readonly terminate: TerminateActivities;
  readonly wait: WaitActivities;
  readonly machines: MachineReader;
}

export interface LaunchService extends Pick<LaunchActivities, 'freezeGroup'> {
  /** Sends no heartbeat: one without the parameters would lose those of a launch. */
  prepareLaunch(input: PrepareInput): Promise<LaunchParameters>;
  /** Its heartbeats carry the parameters, which a retry gets back. */
  launchMachines(call: LaunchCall): Promise<LaunchResult>;
  /**
   * All that the cloud shows of a request, dead or alive, by what stands on it, once as much shows as is there. Sends no
   * heartbeat. @throws ApplicationFailure that is retried when any part could not be read
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
  /** Another run of the workflow, or an activity that ended without knowing, may have sent it before. */
  readonly mayHaveBeenSent: boolean;
}

/** Every read is complete, or fails: only then may something be called absent. */
export interface MachineReader {
  /** Whether this text can be the id of a machine at all. */
  isMachineId(text: string): boolean;
  /** An id that the map lacks was unknown to the cloud at that moment. @throws ProviderError */
  readMachines(machineIds: readonly string[]): Promise<ReadonlyMap<string, OwnedObservation>>;
  /** All machines of a provider instance; new ones may show with a delay. @throws ProviderError */
  listMachines(instance: ProviderInstance): Promise<readonly OwnedObservation[]>;
  /** Groups of a provider instance that may still launch, or have to be removed. @throws ProviderError */
  listGroups(instance: ProviderInstance): Promise<readonly OwnedGroup[]>;
  /** Of these, those that the cloud announced to take away: epoch ms at which it does. */
  readInterruptions(machines: readonly Observation[]): Promise<ReadonlyMap<string, number>>;
}

/** What the cloud tells of machines by itself, sooner than the next read of all of them would. */
export interface InterruptionSource {
  /**
   * Waits for the next ones, for some seconds; there may be none then.
   * @throws ProviderError, or when the signal aborts
   */
  receive(signal: AbortSignal): Promise<InterruptionBatch>;
  /** @returns in a few words how it is. @throws ProviderError when it can't be reached */
  check(signal: AbortSignal): Promise<string>;
  close(): void;
}

export interface InterruptionBatch {
  readonly interruptions: readonly Interruption[];
  /** They are taken in, and need not come again; without this they do. @throws ProviderError */
  readonly remove: () => Promise<void>;
}

/** Of any machine of the account, possibly twice, in any order. */
export interface Interruption {
  readonly machineId: string;
  /** Epoch ms at which the cloud takes the machine away. */
  readonly interruptionAt?: number;
  /** A state that it cannot come back from. */
  readonly state?: 'shutting-down' | 'terminated';
}

export type ProviderInstance = Pick<OwnerTags, 'deployment' | 'provider'>;

/** A sighting, and whose the machine is by what stands on it in the cloud; undefined: not ours. */
export interface OwnedObservation extends Observation {
  readonly owner: OwnerTags | undefined;
}

/** By what stands on the group in the cloud. */
export interface OwnedGroup extends OrphanedGroup {
  readonly requestId: string;
}

/** What goes into a workflow's history: the sighting alone. */
export function toObservation({ owner: _owner, ...observation }: OwnedObservation): Observation {
  return observation;
}
