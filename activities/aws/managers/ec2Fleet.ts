import {
  CreateFleetCommand,
  type CreateFleetCommandInput,
  type CreateFleetCommandOutput,
  type FleetLaunchTemplateOverrides,
  type FleetLaunchTemplateOverridesRequest,
  type SpotAllocationStrategy,
} from '@aws-sdk/client-ec2';
import type { FleetParameters, LaunchOverride } from '../../../domain/activities.ts';
import type { Launch, Shortage } from '../../../domain/request/launch.ts';
import { ProviderError } from '../../../domain/shared/errors.ts';
import type { AwsClients } from '../clients.ts';
import { brief, kindOfCode, toProviderError } from '../errors.ts';
import type { LaunchTemplates } from '../launchTemplates.ts';
import type { ShortageMemory } from '../shortages.ts';
import { awsTags, instanceTags, TAG } from '../tags.ts';
import type { Manager } from './manager.ts';
import { openPools, poolName } from './pools.ts';

/**
 * EC2 Fleet of type `instant`: one synchronous call over all instance types and zones of the template.
 * AWS tries once and launches nothing later by itself, which is what makes it safe against late arrivals.
 */
export function ec2FleetInstant(
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  shortages: ShortageMemory,
): Manager<FleetParameters> {
  return {
    async prepare({ owner, template }) {
      const { id, version } = await launchTemplates.ensure(owner.deployment, template);
      return {
        v: 1,
        manager: 'ec2FleetInstant',
        launchTemplateId: id,
        launchTemplateVersion: version,
        overrides: openPools(template, shortages),
        priceType: template.priceType,
        percentOnDemand: template.percentOnDemand ?? 0,
        spotAllocationStrategy: template.allocationStrategy ?? 'price-capacity-optimized',
        tags: instanceTags(owner, template.templateId, template.tags),
      };
    },

    async launch(launch, parameters) {
      try {
        const answer = await clients.mutating.send(
          new CreateFleetCommand(createFleetInput(launch, parameters)),
        );
        const machines = machinesOf(answer);
        const short = shortagesOf(answer);
        rejectIfHopeless(machines.length, short);
        return { certain: true, machines, shortages: short };
      } catch (error) {
        const failure = toProviderError(error);
        if (failure.kind === 'stale') launchTemplates.forget(parameters.launchTemplateId);
        if (failure.kind !== 'capacity') throw failure;
        // The call as a whole was refused for lack of capacity or quota: nothing was launched.
        return {
          certain: true,
          machines: [],
          shortages: [{ pool: 'all', code: failure.providerCode, message: failure.message }],
        };
      }
    },
  };
}

function createFleetInput(launch: Launch, parameters: FleetParameters): CreateFleetCommandInput {
  const { priceType, percentOnDemand, overrides } = parameters;
  const onDemand =
    priceType === 'ondemand' ? launch.units : Math.round((launch.units * percentOnDemand) / 100);
  const prioritized = overrides.some((override) => override.priority !== undefined);
  const tags = awsTags([...parameters.tags, [TAG.launch, launch.token]]);
  return {
    Type: 'instant',
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
    TagSpecifications: [
      { ResourceType: 'instance', Tags: tags },
      { ResourceType: 'volume', Tags: tags },
      { ResourceType: 'fleet', Tags: tags },
    ],
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

function machinesOf(answer: CreateFleetCommandOutput) {
  return (answer.Instances ?? []).flatMap((group) =>
    (group.InstanceIds ?? []).map((machineId) => ({
      machineId,
      instanceType: group.InstanceType ?? '',
      spot: group.Lifecycle === 'spot',
    })),
  );
}

/** A template of many pools may be short in all: what goes into the history is bounded. */
const MAX_SHORTAGES = 20;

function shortagesOf(answer: CreateFleetCommandOutput): Shortage[] {
  return (answer.Errors ?? []).slice(0, MAX_SHORTAGES).map((error) => ({
    pool: nameOf(error.LaunchTemplateAndOverrides?.Overrides, error.Lifecycle),
    code: error.ErrorCode ?? 'Unknown',
    message: brief(error.ErrorMessage ?? ''),
  }));
}

/** A fleet reports a bad image or key like a shortage; launching again would meet it again. */
function rejectIfHopeless(launched: number, shortages: readonly Shortage[]): void {
  const [first] = shortages;
  if (launched > 0 || !first || shortages.some(({ code }) => kindOfCode(code) !== 'permanent')) return;
  throw new ProviderError('permanent', first.code, first.message);
}

function nameOf(overrides: FleetLaunchTemplateOverrides | undefined, lifecycle: string | undefined): string {
  const place = overrides?.SubnetId ?? overrides?.AvailabilityZone ?? 'any zone';
  return poolName(overrides?.InstanceType ?? 'any type', place, lifecycle === 'spot' ? 'spot' : 'on-demand');
}
