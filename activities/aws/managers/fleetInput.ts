import type {
  CreateFleetCommandInput,
  FleetLaunchTemplateOverridesRequest,
  SpotAllocationStrategy,
} from '@aws-sdk/client-ec2';
import type { FleetParameters, LaunchOverride, PrepareInput } from '../../../domain/activities.ts';
import type { Launch } from '../../../domain/request/launch.ts';
import type { LaunchTemplates } from '../launchTemplates.ts';
import type { ShortageMemory } from '../shortages.ts';
import { awsTags, instanceTags, TAG, templateTags, type Tags } from '../tags.ts';
import { openPools } from './pools.ts';

/** What every manager that launches over several pools freezes. */
export async function preparePools(
  { owner, template }: PrepareInput,
  launchTemplates: LaunchTemplates,
  shortages: ShortageMemory,
  madeBy: 'call' | 'group',
) {
  // A group launches later and for itself: only the launch template can give its members tags from their birth.
  const memberTags = madeBy === 'group' ? templateTags(owner, template) : [];
  const { id, version } = await launchTemplates.ensure(owner.deployment, template, memberTags);
  return {
    v: 1,
    launchTemplateId: id,
    launchTemplateVersion: version,
    overrides: openPools(template, shortages),
    priceType: template.priceType,
    percentOnDemand: template.percentOnDemand ?? 0,
    spotAllocationStrategy: template.allocationStrategy ?? 'price-capacity-optimized',
    tags: instanceTags(owner, template),
  } as const;
}

/** Units of a launch that are bought on demand. */
export const onDemandUnits = (
  launch: Launch,
  { priceType, percentOnDemand }: Pick<FleetParameters, 'priceType' | 'percentOnDemand'>,
): number => (priceType === 'ondemand' ? launch.units : Math.round((launch.units * percentOnDemand) / 100));

export const launchTags = (launch: Launch, tags: Tags) => awsTags([...tags, [TAG.launch, launch.token]]);

/** What CreateFleet is sent for all types of fleet. */
export function fleetInput(
  launch: Launch,
  parameters: FleetParameters,
): Omit<CreateFleetCommandInput, 'Type' | 'TagSpecifications'> {
  const { priceType, overrides } = parameters;
  const onDemand = onDemandUnits(launch, parameters);
  const prioritized = overrides.some((override) => override.priority !== undefined);
  return {
    ClientToken: launch.token,
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: {
          LaunchTemplateId: parameters.launchTemplateId,
          Version: parameters.launchTemplateVersion,
        },
        Overrides: overrides.map(toOverride),
      },
    ],
    TargetCapacitySpecification: {
      TotalTargetCapacity: launch.units,
      OnDemandTargetCapacity: onDemand,
      SpotTargetCapacity: launch.units - onDemand,
      DefaultTargetCapacityType: priceType === 'spot' ? 'spot' : 'on-demand',
    },
    OnDemandOptions: { AllocationStrategy: prioritized ? 'prioritized' : 'lowest-price' },
    ...(priceType === 'spot'
      ? { SpotOptions: { AllocationStrategy: parameters.spotAllocationStrategy as SpotAllocationStrategy } }
      : {}),
  };
}

function toOverride(override: LaunchOverride): FleetLaunchTemplateOverridesRequest {
  return {
    InstanceType: override.instanceType as NonNullable<FleetLaunchTemplateOverridesRequest['InstanceType']>,
    SubnetId: override.subnetId,
    ...(override.weight === undefined ? {} : { WeightedCapacity: override.weight }),
    ...(override.priority === undefined ? {} : { Priority: override.priority }),
    ...(override.maxPrice === undefined ? {} : { MaxPrice: override.maxPrice }),
  };
}
