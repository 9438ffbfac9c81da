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
  readonly imageId: string;
  /** Order matters only for `priority`-like strategies; at most one subnet of each zone is best. */
  readonly subnetIds: readonly string[];
  readonly instanceTypes: readonly InstanceTypeChoice[];
  readonly priceType: PriceType;
  /** US dollars per unit and hour, as text; spot only. */
  readonly maxSpotPrice?: string;
  /** 0..100: share of the target that is bought on demand although the template is a spot one. */
  readonly percentOnDemand?: number;
  readonly allocationStrategy?: SpotAllocationStrategy;
  /** ARN of the role by which Spot Fleet launches. */
  readonly fleetRole?: string;
  readonly keyName?: string;
  readonly securityGroupIds: readonly string[];
  /** Name or ARN. */
  readonly instanceProfile?: string;
  /** Plain text, at most 16 KiB once encoded as AWS wants it. */
  readonly userData?: string;
  /** The site's own tags; never `aws:` or `ohf:` keys. */
  readonly tags: Readonly<Record<string, string>>;
  readonly rootVolume?: RootVolume;
  /** Volumes beside the root volume. */
  readonly volumes?: readonly Volume[];
  readonly ebsOptimized?: boolean;
  readonly tenancy?: 'default' | 'dedicated' | 'host';
  readonly placementGroupName?: string;
  readonly capacityReservationId?: string;
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
export type PriceType = 'ondemand' | 'spot';
export type SpotAllocationStrategy =
  | 'lowest-price'
  | 'diversified'
  | 'capacity-optimized'
  | 'capacity-optimized-prioritized'
  | 'price-capacity-optimized';

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
export function unitsOf(template: Template, instanceType: string): number {
  return template.instanceTypes.find((choice) => choice.instanceType === instanceType)?.units ?? 1;
}
