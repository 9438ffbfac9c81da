import type { CreateFleetCommandOutput, FleetLaunchTemplateOverrides } from '@aws-sdk/client-ec2';
import { CreateFleetCommand } from '../../client/ec2.ts';
import type { FleetParameters } from '../launchParameters.ts';
import type { Shortage } from '../../../../domain/request/launch.ts';
import { ProviderError } from '../../../../domain/errors/errors.ts';
import type { AwsClients } from '../../client/clients.ts';
import { requireField, requireInstanceId } from '../../client/responseGuards.ts';
import { truncateMessage } from '../../../runtime/failures.ts';
import { kindOfCode, toProviderError } from '../../client/errors.ts';
import type { LaunchTemplates } from '../../launchTemplate/launchTemplates.ts';
import type { UnavailableOfferings } from '../unavailableOfferings.ts';
import type { CallLaunchMethod } from './launchMethod.ts';
import { fleetInput, launchTags, prepareOfferings } from './fleetInput.ts';
import { offeringName } from '../offerings.ts';

/**
 * EC2 Fleet of type `instant`: one synchronous call over all instance types and zones of the template.
 * AWS tries once and launches nothing later, so no machine arrives late.
 */
export function createEc2FleetInstantMethod(
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  unavailableOfferings: UnavailableOfferings,
): CallLaunchMethod<FleetParameters> {
  return {
    async prepare(input) {
      const prepared = await prepareOfferings(input, launchTemplates, unavailableOfferings, 'call');
      return { ...prepared, launchMethod: 'ec2FleetInstant' };
    },

    async launch(launch, parameters) {
      try {
        const response = await clients.mutating.send(
          new CreateFleetCommand({
            ...fleetInput(launch, parameters),
            Type: 'instant',
            TagSpecifications: (['instance', 'volume', 'fleet'] as const).map((ResourceType) => ({
              ResourceType,
              Tags: launchTags(launch, parameters.tags),
            })),
          }),
        );
        requireField(response.FleetId, 'id of the fleet');
        const machines = machinesOf(response);
        const shortages = shortagesOf(response);
        rejectIfPermanent(machines.length, shortages);
        return { isConclusive: true, machines, shortages };
      } catch (error) {
        const failure = toProviderError(error);
        if (failure.kind === 'stale') launchTemplates.invalidate(parameters.launchTemplateId);
        if (failure.kind !== 'capacity') throw failure;
        // The whole call was refused for capacity or quota; nothing was launched.
        return {
          isConclusive: true,
          machines: [],
          shortages: [
            { offering: 'all', code: failure.providerCode, message: truncateMessage(failure.message) },
          ],
        };
      }
    },
  };
}

function machinesOf(response: CreateFleetCommandOutput) {
  return (response.Instances ?? []).flatMap((group) =>
    requireField(group.InstanceIds, 'ids of the instances').map((machineId) => ({
      machineId: requireInstanceId(machineId),
      instanceType: group.InstanceType ?? '',
      spot: group.Lifecycle === 'spot',
    })),
  );
}

/** A template may have many offerings: bounds the history. */
const MAX_SHORTAGES = 20;

function shortagesOf(response: CreateFleetCommandOutput): Shortage[] {
  return (response.Errors ?? []).slice(0, MAX_SHORTAGES).map((error) => ({
    offering: offeringNameOf(error.LaunchTemplateAndOverrides?.Overrides, error.Lifecycle),
    code: error.ErrorCode ?? 'Unknown',
    message: truncateMessage(error.ErrorMessage ?? ''),
  }));
}

/** A fleet reports an invalid image or key like a shortage; another launch would fail the same way. */
function rejectIfPermanent(launched: number, shortages: readonly Shortage[]): void {
  const [first] = shortages;
  if (launched > 0 || !first || shortages.some(({ code }) => kindOfCode(code) !== 'permanent')) return;
  throw new ProviderError('permanent', first.code, first.message);
}

function offeringNameOf(
  overrides: FleetLaunchTemplateOverrides | undefined,
  lifecycle: string | undefined,
): string {
  const place = overrides?.SubnetId ?? overrides?.AvailabilityZone ?? 'any zone';
  return offeringName(
    overrides?.InstanceType ?? 'any type',
    place,
    lifecycle === 'spot' ? 'spot' : 'on-demand',
  );
}
