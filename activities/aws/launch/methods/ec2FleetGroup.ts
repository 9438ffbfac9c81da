import type { FleetData } from '@aws-sdk/client-ec2';
import {
  CreateFleetCommand,
  DeleteFleetsCommand,
  DescribeFleetHistoryCommand,
  paginateDescribeFleets,
} from '../../client/ec2.ts';
import type { FleetParameters } from '../launchParameters.ts';
import type { Launch } from '../../../../domain/request/launch.ts';
import { ProviderError } from '../../../../domain/errors/errors.ts';
import type { AwsClients } from '../../client/clients.ts';
import { truncateMessage, toReadFailure } from '../../../runtime/failures.ts';
import { requireField } from '../../client/responseGuards.ts';
import { isAwsCode, isAwsError } from '../../client/errors.ts';
import type { LaunchTemplates } from '../../launchTemplate/launchTemplates.ts';
import type { UnavailableOfferings } from '../unavailableOfferings.ts';
import { fleetInput, launchTags, prepareOfferings } from './fleetInput.ts';
import { fromAwsTags } from '../../tags.ts';
import type { GroupLaunchMethod, GroupStatus } from './launchMethod.ts';

const METHOD_BY_TYPE = { request: 'ec2FleetRequest', maintain: 'ec2FleetMaintain' } as const;

/**
 * EC2 Fleet of type `request` or `maintain`: AWS launches over time; `maintain` also replaces terminated machines.
 * Freezing deletes the fleet without its instances (`deleted_running`): it never launches again, and its record
 * disappears with its last instance.
 */
export function createEc2FleetGroupMethod(
  type: 'request' | 'maintain',
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  unavailableOfferings: UnavailableOfferings,
): GroupLaunchMethod<FleetParameters> {
  async function findGroup({ token }: Launch): Promise<string | undefined> {
    for await (const fleet of describeFleets(clients)) if (fleet.ClientToken === token) return fleet.FleetId;
    return undefined;
  }

  return {
    async prepare(input) {
      const prepared = await prepareOfferings(input, launchTemplates, unavailableOfferings, 'group');
      return { ...prepared, launchMethod: METHOD_BY_TYPE[type] };
    },

    async create(launch, parameters, notAfter, isRepeat) {
      const existing = isRepeat ? await findGroup(launch) : undefined;
      if (existing) return existing;
      const { FleetId } = await clients.mutating.send(
        new CreateFleetCommand({
          ...fleetInput(launch, parameters),
          Type: type,
          // AWS stops launching by itself if nobody freezes the fleet; running instances stay.
          ValidUntil: new Date(notAfter),
          TerminateInstancesWithExpiration: false,
          ...(type === 'maintain' ? { ExcessCapacityTerminationPolicy: 'no-termination' } : {}),
          TagSpecifications: [{ ResourceType: 'fleet', Tags: launchTags(launch, parameters.tags) }],
        }),
      );
      return requireField(FleetId, 'id of the fleet');
    },

    find: findGroup,

    async describe(groupIds) {
      const statuses = [];
      for await (const fleet of describeFleets(clients, groupIds)) statuses.push(statusOf(fleet));
      return statuses;
    },

    async list() {
      const listed = [];
      for await (const fleet of describeFleets(clients))
        if (fleet.Type === type) listed.push({ ...statusOf(fleet), tags: fromAwsTags(fleet.Tags) });
      return listed;
    },

    memberTag: 'aws:ec2:fleet-id',

    async freeze(groupId) {
      const response = await clients.mutating.send(
        new DeleteFleetsCommand({ FleetIds: [groupId], TerminateInstances: false }),
      );
      const error = requireField(response.UnsuccessfulFleetDeletions, 'list of failures')[0]?.Error;
      // It no longer exists or was already deleted: in both cases it launches nothing.
      if (!error?.Code || isAwsCode(error.Code, 'fleetInactive')) return;
      throw new ProviderError('ambiguous', error.Code, error.Message ?? error.Code);
    },

    async shortages(groupId) {
      const { HistoryRecords = [] } = await clients.reading.send(
        new DescribeFleetHistoryCommand({
          FleetId: groupId,
          EventType: 'service-error',
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

/** AWS keeps a fleet's history for 48 hours. */
const FLEET_HISTORY_MS = 48 * 60 * 60_000;

const statusOf = ({ FleetId: id = '', FleetState }: FleetData): GroupStatus => ({
  id,
  isFrozen: FleetState?.startsWith('deleted') === true,
});

/** The fleets with these ids, or all. Unknown ids are skipped. */
async function* describeFleets(clients: AwsClients, ids?: readonly string[]): AsyncGenerator<FleetData> {
  try {
    const input = ids ? { FleetIds: [...ids] } : {};
    for await (const { Fleets } of paginateDescribeFleets({ client: clients.reading }, input))
      yield* requireField(Fleets, 'list of fleets');
  } catch (error) {
    if (!ids || !isAwsError(error, 'notFound')) throw toReadFailure(error);
    if (ids.length > 1) for (const id of ids) yield* describeFleets(clients, [id]);
  }
}
