import type { LaunchParameters } from '../../../contract/activities.ts';
import type { InstanceRequirements } from '../../../domain/template/template.ts';

/** The parameters of a launch call, by launch method. */
export type AwsLaunchParameters =
  | FleetParameters
  | RunInstancesParameters
  | SpotFleetParameters
  | AutoScalingParameters;

interface CommonParameters extends LaunchParameters {
  readonly launchTemplateId: string;
  readonly launchTemplateVersion: string;
  /** Offerings in the order of trial, unless AWS chooses. */
  readonly overrides: readonly LaunchOverride[];
  readonly priceType: 'ondemand' | 'spot';
  /** Instance tags, sorted by key; `ohf:launch` is added for each launch. */
  readonly tags: readonly (readonly [string, string])[];
}

/** How a launch over several offerings is split and allocated. */
interface OfferingSelection {
  /** 0..100; for spot launches only. */
  readonly percentOnDemand: number;
  /** Units bought on demand before the percentage applies. */
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
  /** In EC2's form: AWS accepts no subnet beside a launch template's network interfaces, so the call repeats them. */
  readonly networkInterfaces?: readonly Readonly<Record<string, unknown>>[];
}

export interface SpotFleetParameters extends CommonParameters, OfferingSelection {
  readonly launchMethod: 'spotFleetRequest' | 'spotFleetMaintain';
  /** ARN of the role with which Spot Fleet launches and tags. */
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

/** Temporal returns what this provider's `prepareLaunch` produced; nothing else writes it. */
export const toAwsParameters = (parameters: LaunchParameters): AwsLaunchParameters =>
  parameters as AwsLaunchParameters;
