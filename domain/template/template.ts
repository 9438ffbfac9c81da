import type { HostNaming } from '../machine/hostName.ts';

/**
 * A template as Host Factory reads it, plus what AWS needs to launch it. The workflow's input contains all of it, so
 * editing or removing the file never affects a running request.
 */
export interface Template {
  readonly templateId: string;
  /** Maximum of machines, or units; -1 = unlimited. Host Factory enforces it. */
  readonly maxNumber: number;
  /** EGO resource attributes in Host Factory's format, e.g. `ncpus: ["Numeric", "1"]`. */
  readonly attributes: Readonly<Record<string, readonly [string, string]>>;
  /** The launch method; EC2 Fleet by default. */
  readonly providerApi?: ProviderApi;
  /** Id of an AMI, or AWS's alias `resolve:ssm:NAME`, which each request resolves once; '' if the launch template names it. */
  readonly imageId: string;
  /** The site's own launch template; the values of this template override it. */
  readonly launchTemplate?: { readonly id: string; readonly version: string };
  /** The order matters only for prioritized strategies. Best with at most one subnet of each zone. */
  readonly subnetIds: readonly string[];
  /** Empty if `instanceRequirements` select the types. */
  readonly instanceTypes: readonly InstanceTypeChoice[];
  /** On-demand types of a heterogeneous request; the same types by default. */
  readonly onDemandTypes?: readonly InstanceTypeChoice[];
  /** Attribute-based selection, in the shape of EC2's InstanceRequirements. */
  readonly instanceRequirements?: InstanceRequirements;
  readonly priceType: PriceType;
  /** US dollars per unit and hour, as text; spot only. */
  readonly maxSpotPrice?: string;
  /** 0..100: on-demand share of a spot template's target. */
  readonly percentOnDemand?: number;
  /** On-demand units of a spot request, before that share applies. */
  readonly onDemandBaseCapacity?: number;
  readonly allocationStrategy?: SpotAllocationStrategy;
  readonly onDemandStrategy?: OnDemandAllocationStrategy;
  /** Over how many of the cheapest Spot pools `lowest-price` spreads. */
  readonly spotPools?: number;
  /** Minutes for which a Spot Fleet request is valid, and for which a heterogeneous request tries spot machines. */
  readonly spotMinutes?: number;
  /** ARN of the role that Spot Fleet launches with. */
  readonly fleetRole?: string;
  readonly keyName?: string;
  readonly securityGroupIds: readonly string[];
  /** Name or ARN. */
  readonly instanceProfile?: string;
  /** Plain text, at most 16 KiB before its base64 encoding (EC2). */
  readonly userData?: string;
  /** How its machines are named to Host Factory; AWS's private DNS name by default. */
  readonly hostName?: HostNaming;
  /** The site's own tags; never `aws:` or `ohf:` keys. */
  readonly tags: Readonly<Record<string, string>>;
  readonly rootVolume?: RootVolume;
  /** Volumes in addition to the root volume. */
  readonly volumes?: readonly Volume[];
  readonly ebsOptimized?: boolean;
  readonly tenancy?: 'default' | 'dedicated' | 'host';
  readonly placementGroupName?: string;
  readonly capacityReservationId?: string;
  /** Whether machines get a public address; the subnet's setting by default. */
  readonly publicIp?: boolean;
  readonly interfaceType?: 'interface' | 'efa';
  /** `required` (the default): IMDSv2 only. */
  readonly metadataHttpTokens?: 'required' | 'optional';
  /** 1..64; containers on a machine need at least 2. */
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
/** `heterogeneous`: spot machines for `spotMinutes`, then the rest on demand. */
export type PriceType = 'ondemand' | 'spot' | 'heterogeneous';
export type SpotAllocationStrategy =
  | 'lowest-price'
  | 'diversified'
  | 'capacity-optimized'
  | 'capacity-optimized-prioritized'
  | 'price-capacity-optimized';
export type OnDemandAllocationStrategy = 'lowest-price' | 'prioritized';

/** In AWS's format, e.g. `{"VCpuCount": {"Min": 2, "Max": 8}, "MemoryMiB": {"Min": 4096}}`. */
export type InstanceRequirements = Readonly<Record<string, unknown>>;

export interface InstanceTypeChoice {
  readonly instanceType: string;
  /** Units of one machine of this type; 1 if the template has no weights. */
  readonly units: number;
  /** Lower values are tried first. */
  readonly priority?: number;
}

export interface RootVolume {
  readonly sizeGiB?: number;
  readonly type?: VolumeType;
  readonly iops?: number;
  /** MiB/s; gp3 only. */
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

/** Units of one machine of a type; 1 for a type that AWS selected and the template does not name. */
export function unitsOf({ instanceTypes, onDemandTypes = [] }: Template, instanceType: string): number {
  const choices = [...instanceTypes, ...onDemandTypes];
  return choices.find((choice) => choice.instanceType === instanceType)?.units ?? 1;
}
