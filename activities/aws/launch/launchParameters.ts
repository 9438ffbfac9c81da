import type { LaunchParameters } from '../../../contract/activities.ts';
import type { InstanceRequirements } from '../../../domain/template/template.ts';

/** What a launch call is sent, by the manager that sends it. */
export type AwsLaunchParameters =
  | FleetParameters
  | RunInstancesParameters
  | SpotFleetParameters
  | AutoScalingParameters;

interface CommonParameters extends LaunchParameters {
  readonly launchTemplateId: string;
  readonly launchTemplateVersion: string;
  /** Pools to launch from, in the order in which they are tried where AWS does not choose. */
  readonly overrides: readonly LaunchOverride[];
  readonly priceType: 'ondemand' | 'spot';
  /** Instance tags, sorted by key; `ohf:launch` is added for each launch. */
  readonly tags: readonly (readonly [string, string])[];
}

/** How a launch over several pools is split and placed. */
interface OfferingSelection {
  /** 0..100, of a spot launch. */
  readonly percentOnDemand: number;
  /** Units bought on demand before that share is counted. */
  readonly onDemandBase?: number;
  readonly spotAllocationStrategy: string;
  readonly onDemandStrategy?: string;
  readonly spotPools?: number;
}

export interface FleetParameters extends CommonParameters, OfferingSelection {
  readonly launchMethod: 'ec2FleetInstant' | 'ec2FleetRequest' | 'ec2FleetMaintain';
}

export interface RunInstancesParameters extends CommonParameters {
  readonly launchMethod: 'runInstances';
  /** In EC2's shape: AWS takes no subnet beside network interfaces, so a call says them itself. */
  readonly networkInterfaces?: readonly Readonly<Record<string, unknown>>[];
}

export interface SpotFleetParameters extends CommonParameters, OfferingSelection {
  readonly launchMethod: 'spotFleetRequest' | 'spotFleetMaintain';
  /** ARN of the role by which Spot Fleet launches and tags. */
  readonly iamFleetRole: string;
}

export interface AutoScalingParameters extends CommonParameters, OfferingSelection {
  readonly launchMethod: 'autoScaling';
}

export interface LaunchOverride {
  /** Absent when AWS chooses by `requirements`. */
  readonly instanceType?: string;
  readonly requirements?: InstanceRequirements;
  readonly subnetId: string;
  readonly availabilityZone?: string;
  readonly weight?: number;
  readonly priority?: number;
  readonly maxPrice?: string;
}

/** Temporal gives back what `prepareLaunch` of this provider put there, and nobody else writes it. */
export const toAwsParameters = (parameters: LaunchParameters): AwsLaunchParameters =>
  parameters as AwsLaunchParameters;
