import type { HostNaming } from '../machine/hostName.ts';

/**
 * A template as Host Factory sees it plus what AWS needs to launch it. The whole of it travels in the
 * workflow's input, so that an edit or a removal of the file never touches a request that is under way.
 */
export interface Template {
  readonly templateId: string;
  /** Machines (or units) at most; -1 = unlimited. Host Factory enforces it. */
  readonly maxNumber: number;
  /** EGO resource attributes as Host Factory wants them, e.g. `ncpus: ["Numeric", "1"]`. */
  readonly attributes: Readonly<Record<string, readonly [string, string]>>;
  /** How machines are got; by default EC2 Fleet. */
  readonly providerApi?: ProviderApi;
  /** Id of an AMI, or `resolve:ssm:NAME`: AWS's alias, which each request resolves once; '' when only the launch template names it. */
  readonly imageId: string;
  /** The site's own launch template, over which all that stands here is laid. */
  readonly launchTemplate?: { readonly id: string; readonly version: string };
  /** Order matters only for `priority`-like strategies; at most one subnet of each zone is best. */
  readonly subnetIds: readonly string[];
  /** Empty when `instanceRequirements` choose. */
  readonly instanceTypes: readonly InstanceTypeChoice[];
  /** For what a heterogeneous request buys on demand; by default the same types. */
  readonly onDemandTypes?: readonly InstanceTypeChoice[];
  /** Attribute-based selection, in the shape of EC2's InstanceRequirements. */
  readonly instanceRequirements?: InstanceRequirements;
  readonly priceType: PriceType;
  /** US dollars per unit and hour, as text; spot only. */
  readonly maxSpotPrice?: string;
  /** 0..100: share of the target that is bought on demand although the template is a spot one. */
  readonly percentOnDemand?: number;
  /** Units of a spot request that are bought on demand before that share is counted. */
  readonly onDemandBaseCapacity?: number;
  readonly allocationStrategy?: SpotAllocationStrategy;
  readonly onDemandStrategy?: OnDemandAllocationStrategy;
  /** Over how many of the cheapest pools `lowest-price` spreads. */
  readonly spotPools?: number;
  /** For how long a spot request may last, and a heterogeneous one asks for spot machines. */
  readonly spotMinutes?: number;
  /** ARN of the role by which Spot Fleet launches. */
  readonly fleetRole?: string;
  readonly keyName?: string;
  readonly securityGroupIds: readonly string[];
  /** Name or ARN. */
  readonly instanceProfile?: string;
  /** Plain text, at most 16 KiB once encoded as AWS wants it. */
  readonly userData?: string;
  /** How its machines are named to Host Factory; by default by AWS's private DNS name. */
  readonly hostName?: HostNaming;
  /** The site's own tags; never `aws:` or `ohf:` keys. */
  readonly tags: Readonly<Record<string, string>>;
  readonly rootVolume?: RootVolume;
  /** Volumes beside the root volume. */
  readonly volumes?: readonly Volume[];
  readonly ebsOptimized?: boolean;
  readonly tenancy?: 'default' | 'dedicated' | 'host';
  readonly placementGroupName?: string;
  readonly capacityReservationId?: string;
  /** Whether machines get a public address; by default as their subnet says. */
  readonly publicIp?: boolean;
  readonly interfaceType?: 'interface' | 'efa';
  /** `required` (the default): IMDSv2 only. */
  readonly metadataHttpTokens?: 'required' | 'optional';
  /** 1..64; containers on a machine need 2. */
  readonly metadataHopLimit?: number;
}

export type ProviderApi =
  | 'EC2Fleet'
  | 'EC2FleetRequest'
  | 'EC2FleetMaintain'
  | 'SpotFleetRequest'
  | 'SpotFleetMaintain'
  | 'RunInstances'
  | 'AutoScalingGroup';
/** `heterogeneous`: spot machines for as long as `spotMinutes` say, then the rest on demand. */
export type PriceType = 'ondemand' | 'spot' | 'heterogeneous';
export type SpotAllocationStrategy =
  | 'lowest-price'
  | 'diversified'
  | 'capacity-optimized'
  | 'capacity-optimized-prioritized'
  | 'price-capacity-optimized';
export type OnDemandAllocationStrategy = 'lowest-price' | 'prioritized';

/** As AWS names its parts, e.g. `{"VCpuCount": {"Min": 2, "Max": 8}, "MemoryMiB": {"Min": 4096}}`. */
export type InstanceRequirements = Readonly<Record<string, unknown>>;

export interface InstanceTypeChoice {
  readonly instanceType: string;
  /** Units that one machine of this type counts for; 1 when the template has no weights. */
  readonly units: number;
  /** Lower is tried first. */
  readonly priority?: number;
}

export interface RootVolume {
  readonly sizeGiB?: number;
  readonly type?: VolumeType;
  readonly iops?: number;
  /** MiB a second; gp3 only. */
  readonly throughput?: number;
  readonly encrypted?: boolean;
  /** Id, alias or ARN; an encrypted volume without it uses the account's default key. */
  readonly kmsKeyId?: string;
}

export type VolumeType = 'gp2' | 'gp3' | 'io1' | 'io2' | 'standard' | 'st1' | 'sc1';

export interface Volume extends RootVolume {
  /** e.g. `/dev/sdf` */
  readonly deviceName: string;
}

/** Units of one machine of a type; a type that AWS chose and the template does not name counts as 1. */
export function unitsOf({ instanceTypes, onDemandTypes = [] }: Template, instanceType: string): number {
  const choices = [...instanceTypes, ...onDemandTypes];
  return choices.find((choice) => choice.instanceType === instanceType)?.units ?? 1;
}
