import { randomUUID } from 'node:crypto';
import type { Call, Outcome } from '../../protocol/call.ts';
import { AwsError, invalidValue, missingParameter } from '../../protocol/errors.ts';
import { readPage } from '../../protocol/filters.ts';
import { isFrozen, isModifying, liveMembers, readCandidates, unitsOf } from '../../groups/group.ts';
import type { Group } from '../../state/model.ts';
import { flag, integer, required, subtree, stringAt, stringList } from '../../protocol/params.ts';
import type { ParamTree } from '../../protocol/params.ts';
import { readTagSpecifications, tagSet } from '../../protocol/tagging.ts';
import { readClientToken } from '../../state/tokens.ts';
import type { Xml } from '../../protocol/xml.ts';
import {
  checkFleetQuota,
  markDeleted,
  historyXml,
  modifyingMs,
  readExcess,
  readValidUntil,
} from './fleetGroups.ts';
import { termination } from './terminateInstances.ts';

/** RequestSpotFleet with launch templates: the response has no instances; the fleet launches them later. */
export function requestSpotFleet(originalCall: Call): Outcome {
  const config = subtree(originalCall.params, 'SpotFleetRequestConfig');
  if (config === undefined) throw missingParameter('SpotFleetRequestConfig');
  const call = { ...originalCall, params: toCreateFleetParameters(config) };
  const token = readClientToken(call, call.catalogue.region);
  if (token?.previous?.answer !== undefined) return { body: token.previous.answer, replay: true };
  checkFleetQuota(call, 'MaxSpotFleetRequestCountExceeded');
  required(config, 'IamFleetRole');
  const type = stringAt(config, 'Type') ?? 'maintain';
  if (type !== 'request' && type !== 'maintain') throw invalidValue('Type', type);
  const total = integer(config, 'TargetCapacity', 0, 10_000);
  if (total === undefined) throw missingParameter('TargetCapacity');
  const onDemand = integer(config, 'OnDemandTargetCapacity', 0, total) ?? 0;
  const id = `sfr-${randomUUID()}`;
  const body = { spotFleetRequestId: id };
  const group: Group = {
    id,
    kind: 'spotFleet',
    type,
    createdAt: call.now,
    ...(token !== undefined && { clientToken: token.token }),
    tags: readTagSpecifications(config, ['spot-fleet-request'])['spot-fleet-request'] ?? {},
    propagated: {},
    candidates: readCandidates(call),
    targets: { 'on-demand': onDemand, spot: total - onDemand },
    excessPolicy: readExcess(stringAt(config, 'ExcessCapacityTerminationPolicy')),
    ...readValidUntil(call),
    state: 'active',
    evaluatedAt: call.now,
    memberIds: [],
    history: [],
  };
  const tokens = token === undefined ? [] : [token.record({ answer: body })];
  return { body, change: { groups: [group], tokens } };
}

/** Converts Spot Fleet's configuration to the parameters of CreateFleet. */
function toCreateFleetParameters(config: ParamTree): ParamTree {
  const strategy = stringAt(config, 'AllocationStrategy') ?? 'lowestPrice';
  const kebab = strategy.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const { TagSpecification: _, ...rest } = config;
  return { ...rest, SpotOptions: { AllocationStrategy: kebab } };
}

const spotFleetsOf = (call: Call): Group[] =>
  [...call.world.groups.values()].filter((group) => group.kind === 'spotFleet' && !group.deleted);

function findSpotFleet(call: Call, id: string): Group {
  const group = call.world.groups.get(id);
  if (group?.kind === 'spotFleet' && group.createdAt <= call.snapshotAt) return group;
  throw new AwsError(
    'InvalidSpotFleetRequestId.NotFound',
    `The spot fleet request ID '${id}' does not exist`,
  );
}

function stateOf(group: Group, now: number): string {
  if (group.state === 'running') return 'cancelled_running';
  if (group.state === 'terminating') return 'cancelled_terminating';
  return isModifying(group, now) ? 'modifying' : 'active';
}

/** DescribeSpotFleetRequests. */
export function describeSpotFleetRequests(call: Call): Outcome {
  const ids = stringList(call.params, 'SpotFleetRequestId');
  for (const id of ids) findSpotFleet(call, id);
  const { items, nextToken } = readPage(
    call,
    spotFleetsOf(call),
    (group) => group.createdAt <= call.snapshotAt && (ids.length === 0 || ids.includes(group.id)),
    { min: 1 },
  );
  return { body: { spotFleetRequestConfigSet: items.map((group) => requestXml(call, group)), nextToken } };
}

function requestXml(call: Call, group: Group): Xml {
  const units = unitsOf(group, liveMembers(call.world, group));
  const total = group.targets['on-demand'] + group.targets.spot;
  return {
    spotFleetRequestId: group.id,
    spotFleetRequestState: stateOf(group, call.now),
    activityStatus: units >= total ? 'fulfilled' : 'pending_fulfillment',
    createTime: new Date(group.createdAt).toISOString(),
    spotFleetRequestConfig: {
      clientToken: group.clientToken,
      type: group.type,
      targetCapacity: total,
      onDemandTargetCapacity: group.targets['on-demand'],
      fulfilledCapacity: units,
      excessCapacityTerminationPolicy: group.excessPolicy === 'termination' ? 'default' : 'noTermination',
      validUntil: group.validUntil === undefined ? undefined : new Date(group.validUntil).toISOString(),
    },
    tagSet: tagSet(group.tags),
  };
}

/** ModifySpotFleetRequest: maintain only, and not while it is modifying. */
export function modifySpotFleetRequest(call: Call): Outcome {
  const group = findSpotFleet(call, required(call.params, 'SpotFleetRequestId'));
  if (group.type !== 'maintain' || isFrozen(group, call.now) || isModifying(group, call.now)) {
    throw new AwsError('FleetNotInModifiableState', `${group.id} is not in a modifiable state.`);
  }
  const policy = stringAt(call.params, 'ExcessCapacityTerminationPolicy');
  const { targets } = group;
  const total = integer(call.params, 'TargetCapacity', 0, 10_000) ?? targets['on-demand'] + targets.spot;
  const onDemand = integer(call.params, 'OnDemandTargetCapacity', 0, total) ?? targets['on-demand'];
  const changed: Group = {
    ...group,
    targets: { 'on-demand': onDemand, spot: total - onDemand },
    ...(policy === undefined ? {} : { excessPolicy: readExcess(policy) }),
    modifyingUntil: call.now + modifyingMs,
  };
  return { body: { return: true }, change: { groups: [changed] } };
}

/** CancelSpotFleetRequests: each id succeeds or fails separately. */
export function cancelSpotFleetRequests(call: Call): Outcome {
  const ids = stringList(call.params, 'SpotFleetRequestId');
  if (ids.length === 0) throw missingParameter('SpotFleetRequestId');
  const terminate = flag(call.params, 'TerminateInstances');
  if (terminate === undefined) throw missingParameter('TerminateInstances');
  const successful: Xml[] = [];
  const unsuccessful: Xml[] = [];
  const changed: Group[] = [];
  const terminatedIds: string[] = [];
  for (const id of ids) {
    const group = call.world.groups.get(id);
    if (group?.kind !== 'spotFleet') {
      const error = { code: 'fleetRequestIdDoesNotExist', message: `${id} does not exist.` };
      unsuccessful.push({ spotFleetRequestId: id, error });
      continue;
    }
    const next = markDeleted(group, terminate);
    changed.push(next);
    if (terminate) terminatedIds.push(...liveMembers(call.world, group).map((member) => member.id));
    successful.push({
      spotFleetRequestId: id,
      currentSpotFleetRequestState: stateOf(next, call.now),
      previousSpotFleetRequestState: stateOf(group, call.now),
    });
  }
  const end = termination(call.world, call.now);
  return {
    body: { successfulFleetRequestSet: successful, unsuccessfulFleetRequestSet: unsuccessful },
    change: { groups: changed, terminated: terminatedIds.map((id) => ({ id, ...end })) },
  };
}

/** DescribeSpotFleetRequestHistory: only failures. */
export function describeSpotFleetRequestHistory(call: Call): Outcome {
  const group = findSpotFleet(call, required(call.params, 'SpotFleetRequestId'));
  return { body: { spotFleetRequestId: group.id, historyRecordSet: historyXml(group, 'error') } };
}
