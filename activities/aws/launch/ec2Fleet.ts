import {
  CreateFleetCommand,
  type CreateFleetCommandOutput,
  type FleetLaunchTemplateOverrides,
} from '@aws-sdk/client-ec2';
import type { FleetParameters } from './launchParameters.ts';
import type { Shortage } from '../../../domain/request/launch.ts';
import { ProviderError } from '../../../domain/errors/errors.ts';
import type { AwsClients } from '../client/clients.ts';
import { told, toldId } from '../client/responseGuards.ts';
import { brief } from '../../runtime/failures.ts';
import { kindOfCode, toProviderError } from '../client/errors.ts';
import type { LaunchTemplates } from '../launchTemplate/launchTemplates.ts';
import type { ShortageMemory } from './unavailableOfferings.ts';
import type { CallManager } from './launchMethod.ts';
import { fleetInput, launchTags, preparePools } from './fleetInput.ts';
import { poolName } from './offerings.ts';

/**
 * EC2 Fleet of type `instant`: one synchronous call over all instance types and zones of the template.
 * AWS tries once and launches nothing later by itself, which is what makes it safe against late arrivals.
 */
export function ec2FleetInstant(
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  shortages: ShortageMemory,
): CallManager<FleetParameters> {
  return {
    async prepare(input) {
      const pools = await preparePools(input, launchTemplates, shortages, 'call');
      return { ...pools, manager: 'ec2FleetInstant' };
    },

    async launch(launch, parameters) {
      try {
        const answer = await clients.mutating.send(
          new CreateFleetCommand({
            ...fleetInput(launch, parameters),
            Type: 'instant',
            TagSpecifications: (['instance', 'volume', 'fleet'] as const).map((ResourceType) => ({
              ResourceType,
              Tags: launchTags(launch, parameters.tags),
            })),
          }),
        );
        told(answer.FleetId, 'id of the fleet');
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

function machinesOf(answer: CreateFleetCommandOutput) {
  return (answer.Instances ?? []).flatMap((group) =>
    told(group.InstanceIds, 'ids of the instances').map((machineId) => ({
      machineId: toldId(machineId),
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
