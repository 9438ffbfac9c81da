import type {
  AllocationStrategy,
  LaunchTemplateOverrides,
  OnDemandAllocationStrategy,
} from '@aws-sdk/client-ec2';
import {
  CancelSpotFleetRequestsCommand,
  DescribeSpotFleetRequestHistoryCommand,
  paginateDescribeSpotFleetRequests,
  RequestSpotFleetCommand,
} from '../../client/ec2.ts';
import type { LaunchOverride, SpotFleetParameters } from '../launchParameters.ts';
import type { Launch } from '../../../../domain/request/launch.ts';
import { ProviderError } from '../../../../domain/errors/errors.ts';
import type { AwsClients } from '../../client/clients.ts';
import { truncateMessage, toReadFailure } from '../../../runtime/failures.ts';
import { requireField } from '../../client/responseGuards.ts';
import { isAwsCode, isAwsError } from '../../client/errors.ts';
import type { LaunchTemplates } from '../../launchTemplate/launchTemplates.ts';
import type { UnavailableOfferings } from '../unavailableOfferings.ts';
import {
  launchTags,
  onDemandStrategyOf,
  onDemandUnits,
  prepareOfferings,
  instanceTypeOverride,
} from './fleetInput.ts';
import { fromAwsTags } from '../../tags.ts';
import type { GroupLaunchMethod } from './launchMethod.ts';

const METHOD_BY_TYPE = { request: 'spotFleetRequest', maintain: 'spotFleetMaintain' } as const;

/** AWS keeps a request's history for 48 hours. */
const FLEET_HISTORY_MS = 48 * 60 * 60_000;

/**
 * Spot Fleet, for sites whose permissions require it; AWS recommends EC2 Fleet. Freezing cancels the request without
 * its instances (`cancelled_running`).
 */
export function createSpotFleetMethod(
  type: 'request' | 'maintain',
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  unavailableOfferings: UnavailableOfferings,
): GroupLaunchMethod<SpotFleetParameters> {
  async function findGroup({ token }: Launch): Promise<string | undefined> {
    for await (const { id, clientToken } of describeRequests(clients)) if (clientToken === token) return id;
    return undefined;
  }

  return {
    async prepare(input) {
      const { fleetRole } = input.template;
      if (!fleetRole)
        throw new ProviderError(
          'permanent',
          'MissingFleetRole',
          'A template for Spot Fleet needs a fleetRole.',
        );
      const prepared = await prepareOfferings(input, launchTemplates, unavailableOfferings, 'group');
      return { ...prepared, launchMethod: METHOD_BY_TYPE[type], iamFleetRole: fleetRole };
    },

    async create(launch, parameters, notAfter, isRepeat) {
      const existing = isRepeat ? await findGroup(launch) : undefined;
      if (existing) return existing;
      const { SpotFleetRequestId } = await clients.mutating.send(
        new RequestSpotFleetCommand({
          SpotFleetRequestConfig: {
            // The SDK fills ClientToken only at the top level; Spot Fleet's is inside the configuration.
            ClientToken: launch.token,
            Type: type,
            IamFleetRole: parameters.iamFleetRole,
            TargetCapacity: launch.units,
            OnDemandTargetCapacity: onDemandUnits(launch, parameters),
            AllocationStrategy: camelCase(parameters.spotAllocationStrategy) as AllocationStrategy,
            OnDemandAllocationStrategy: camelCase(
              onDemandStrategyOf(parameters),
            ) as OnDemandAllocationStrategy,
            ...(parameters.spotPools === undefined ? {} : { InstancePoolsToUseCount: parameters.spotPools }),
            LaunchTemplateConfigs: [
              {
                LaunchTemplateSpecification: {
                  LaunchTemplateId: parameters.launchTemplateId,
                  Version: parameters.launchTemplateVersion,
                },
                Overrides: parameters.overrides.map(toOverride),
              },
            ],
            ValidUntil: new Date(notAfter),
            TerminateInstancesWithExpiration: false,
            ...(type === 'maintain' ? { ExcessCapacityTerminationPolicy: 'noTermination' as const } : {}),
            TagSpecifications: [
              { ResourceType: 'spot-fleet-request', Tags: launchTags(launch, parameters.tags) },
            ],
          },
        }),
      );
      return requireField(SpotFleetRequestId, 'id of the fleet');
    },

    find: findGroup,

    async describe(groupIds) {
      const statuses = [];
      for await (const { id, state } of describeRequests(clients, groupIds))
        statuses.push({ id, isFrozen: state.startsWith('cancelled') });
      return statuses;
    },

    async list() {
      const listed = [];
      for await (const request of describeRequests(clients))
        if (request.type === type)
          listed.push({ ...request, isFrozen: request.state.startsWith('cancelled') });
      return listed;
    },

    memberTag: 'aws:ec2spot:fleet-request-id',

    async freeze(groupId) {
      const response = await clients.mutating.send(
        new CancelSpotFleetRequestsCommand({ SpotFleetRequestIds: [groupId], TerminateInstances: false }),
      );
      const [failed] = response.UnsuccessfulFleetRequests ?? [];
      requireField(failed ?? response.SuccessfulFleetRequests?.[0], 'outcome of the cancellation');
      const error = failed?.Error;
      // It no longer exists or was already cancelled: in both cases it launches nothing.
      if (error?.Code && !isAwsCode(error.Code, 'fleetInactive'))
        throw new ProviderError('ambiguous', error.Code, error.Message ?? error.Code);
    },

    async shortages(groupId) {
      const { HistoryRecords = [] } = await clients.reading.send(
        new DescribeSpotFleetRequestHistoryCommand({
          SpotFleetRequestId: groupId,
          EventType: 'error',
          StartTime: new Date(Date.now() - FLEET_HISTORY_MS),
        }),
      );
      return HistoryRecords.map(({ EventInformation: event }) => ({
        offering: groupId,
        code: event?.EventSubType ?? 'Unknown',
        message: truncateMessage(event?.EventDescription ?? ''),
      }));
    },
  };
}

function toOverride(override: LaunchOverride): LaunchTemplateOverrides {
  return {
    ...instanceTypeOverride(override),
    SubnetId: override.subnetId,
    ...(override.weight === undefined ? {} : { WeightedCapacity: override.weight }),
    ...(override.priority === undefined ? {} : { Priority: override.priority }),
    ...(override.maxPrice === undefined ? {} : { SpotPrice: override.maxPrice }),
  };
}

/** Spot Fleet spells EC2 Fleet's strategies in camelCase. */
const camelCase = (text: string): string =>
  text.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

interface SpotFleetRequest {
  readonly id: string;
  readonly state: string;
  readonly clientToken: string | undefined;
  readonly type: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** The fleets with these ids, or all. Unknown ids are skipped. */
async function* describeRequests(
  clients: AwsClients,
  ids?: readonly string[],
): AsyncGenerator<SpotFleetRequest> {
  try {
    const input = ids ? { SpotFleetRequestIds: [...ids] } : {};
    for await (const page of paginateDescribeSpotFleetRequests({ client: clients.reading }, input)) {
      for (const { SpotFleetRequestId: id = '', ...request } of requireField(
        page.SpotFleetRequestConfigs,
        'list of fleets',
      )) {
        const { ClientToken: clientToken, Type: type } = request.SpotFleetRequestConfig ?? {};
        yield {
          id,
          state: request.SpotFleetRequestState ?? '',
          clientToken,
          type,
          tags: fromAwsTags(request.Tags),
        };
      }
    }
  } catch (error) {
    if (!ids || !isAwsError(error, 'notFound')) throw toReadFailure(error);
    if (ids.length > 1) for (const id of ids) yield* describeRequests(clients, [id]);
  }
}
