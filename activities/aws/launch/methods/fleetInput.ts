import type {
  CreateFleetCommandInput,
  FleetOnDemandAllocationStrategy,
  FleetLaunchTemplateOverridesRequest,
  SpotAllocationStrategy,
} from '@aws-sdk/client-ec2';
import type { PrepareInput } from '../../../../contract/activities.ts';
import type {
  AutoScalingParameters,
  FleetParameters,
  LaunchOverride,
  SpotFleetParameters,
} from '../launchParameters.ts';
import type { Launch } from '../../../../domain/request/launch.ts';
import type { LaunchTemplates } from '../../launchTemplate/launchTemplates.ts';
import type { UnavailableOfferings } from '../unavailableOfferings.ts';
import { toAwsTags, instanceTags, TAG, templateTags, type Tags } from '../../tags.ts';
import { availableOfferings, priceTypeOf } from '../offerings.ts';

/** Resolves what every launch method with several offerings needs. */
export async function prepareOfferings(
  input: PrepareInput,
  launchTemplates: LaunchTemplates,
  unavailableOfferings: UnavailableOfferings,
  launchedBy: 'call' | 'group',
) {
  const { owner, template } = input;
  const priceType = priceTypeOf(input);
  // A group launches later and by itself; only the launch template can tag its members at creation.
  const memberTags = launchedBy === 'group' ? templateTags(owner, template) : [];
  const launchTemplate = await launchTemplates.ensure(owner.deployment, template, {
    memberTags,
    resolvedTemplate: input.resolvedTemplate,
  });
  const { percentOnDemand, onDemandBaseCapacity, onDemandStrategy, spotPools } = template;
  return {
    v: 1,
    launchTemplateId: launchTemplate.id,
    launchTemplateVersion: launchTemplate.version,
    ...(launchTemplate.resolvedTemplate === undefined
      ? {}
      : { resolvedTemplate: launchTemplate.resolvedTemplate }),
    overrides: availableOfferings(template, priceType, unavailableOfferings),
    priceType,
    percentOnDemand: percentOnDemand ?? 0,
    ...(onDemandBaseCapacity === undefined ? {} : { onDemandBase: onDemandBaseCapacity }),
    spotAllocationStrategy: template.allocationStrategy ?? 'price-capacity-optimized',
    ...(onDemandStrategy === undefined ? {} : { onDemandStrategy }),
    ...(spotPools === undefined ? {} : { spotPools }),
    tags: instanceTags(owner, template),
  } as const;
}

/** On-demand units of a launch: the base once per request, then the percentage of the rest. */
export function onDemandUnits(
  { units, ordinal }: Launch,
  { priceType, percentOnDemand, onDemandBase = 0 }: OfferingParameters,
): number {
  if (priceType === 'ondemand') return units;
  const base = ordinal === 1 ? Math.min(units, onDemandBase) : 0;
  return base + Math.round(((units - base) * percentOnDemand) / 100);
}

/** The order of types for on-demand units. */
export const onDemandStrategyOf = ({ onDemandStrategy, overrides }: OfferingParameters): string =>
  onDemandStrategy ??
  (overrides.some((override) => override.priority !== undefined) ? 'prioritized' : 'lowest-price');

type OfferingParameters = FleetParameters | SpotFleetParameters | AutoScalingParameters;

export const launchTags = (launch: Launch, tags: Tags) => toAwsTags([...tags, [TAG.launch, launch.token]]);

/** The input of CreateFleet that all fleet types share. */
export function fleetInput(
  launch: Launch,
  parameters: FleetParameters,
): Omit<CreateFleetCommandInput, 'Type' | 'TagSpecifications'> {
  const { priceType, overrides, spotAllocationStrategy, spotPools } = parameters;
  const onDemand = onDemandUnits(launch, parameters);
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
    OnDemandOptions: {
      AllocationStrategy: onDemandStrategyOf(parameters) as FleetOnDemandAllocationStrategy,
    },
    ...(priceType === 'spot'
      ? {
          SpotOptions: {
            AllocationStrategy: spotAllocationStrategy as SpotAllocationStrategy,
            ...(spotPools === undefined ? {} : { InstancePoolsToUseCount: spotPools }),
          },
        }
      : {}),
  };
}

function toOverride(override: LaunchOverride): FleetLaunchTemplateOverridesRequest {
  const { weight, priority, maxPrice } = override;
  return {
    ...instanceTypeOverride(override),
    SubnetId: override.subnetId,
    ...(weight === undefined ? {} : { WeightedCapacity: weight }),
    ...(priority === undefined ? {} : { Priority: priority }),
    ...(maxPrice === undefined ? {} : { MaxPrice: maxPrice }),
  };
}

type InstanceTypeOverride = Pick<
  FleetLaunchTemplateOverridesRequest,
  'InstanceType' | 'InstanceRequirements'
>;

/** The type, or the requirements by which AWS chooses it; all three APIs use the same names. */
export const instanceTypeOverride = ({ instanceType, requirements }: LaunchOverride): InstanceTypeOverride =>
  requirements === undefined
    ? { InstanceType: instanceType as NonNullable<InstanceTypeOverride['InstanceType']> }
    : {
        InstanceRequirements: requirements as unknown as NonNullable<
          InstanceTypeOverride['InstanceRequirements']
        >,
      };
