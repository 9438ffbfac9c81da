import { newId } from '../../protocol/call.ts';
import type { Call, Outcome } from '../../protocol/call.ts';
import { AwsError, invalidValue, missingParameter } from '../../protocol/errors.ts';
import { readTargets } from '../fleetRequest.ts';
import { readFilters, readPage } from '../../protocol/filters.ts';
import { isFrozen, isModifying, liveMembers, readCandidates, unitsOf } from '../../groups/group.ts';
import { isWellFormed } from '../launchSpec.ts';
import type { Fleet, Group } from '../../state/model.ts';
import { flag, required, subtree, stringAt, stringList } from '../../protocol/params.ts';
import { readTagSpecifications, tagSet } from '../../protocol/tagging.ts';
import { readClientToken } from '../../state/tokens.ts';
import type { Xml } from '../../protocol/xml.ts';
import { termination } from './terminateInstances.ts';

/** How long a changed fleet is `modifying`, in ms. */
export const modifyingMs = 1_000;

/** CreateFleet of type request or maintain: the response has no instances; the fleet launches them later. */
export function createGroupFleet(call: Call, type: 'request' | 'maintain'): Outcome {
  const token = readClientToken(call, call.catalogue.region);
  if (token?.previous?.answer !== undefined) return { body: token.previous.answer, replay: true };
  checkFleetQuota(call, 'MaxFleetCountExceeded');
  // AWS: for these types, instances get their tags from the launch template only.
  const tags = readTagSpecifications(call.params, ['fleet']);
  const id = newId('fleet');
  const body = { fleetId: id };
  const group: Group = {
    id,
    kind: 'fleet',
    type,
    createdAt: call.now,
    ...(token !== undefined && { clientToken: token.token }),
    tags: tags['fleet'] ?? {},
    propagated: {},
    candidates: readCandidates(call),
    targets: readTargets(call),
    excessPolicy: readExcess(stringAt(call.params, 'ExcessCapacityTerminationPolicy')),
    ...readValidUntil(call),
    state: 'active',
    evaluatedAt: call.now,
    memberIds: [],
    history: [],
  };
  const tokens = token === undefined ? [] : [token.record({ answer: body })];
  return { body, change: { groups: [group], tokens } };
}

/** Throws `code` when the account's fleet quota is used up. */
export function checkFleetQuota({ world }: Call, code: string): void {
  const limit = world.quotas.fleets ?? Infinity;
  const active = [...world.groups.values()].filter(
    ({ kind, state }) => kind !== 'autoScaling' && state === 'active',
  );
  if (active.length >= limit) throw new AwsError(code, 'The maximum number of fleets has been reached.');
}

/** `no-termination` or, AWS's default, `termination`; Spot Fleet spells them differently. */
export function readExcess(value: string | undefined): Group['excessPolicy'] {
  if (value === undefined || value === 'termination' || value === 'default') return 'termination';
  if (value === 'no-termination' || value === 'noTermination') return 'no-termination';
  throw invalidValue('ExcessCapacityTerminationPolicy', value);
}

export function readValidUntil(call: Call): { validUntil?: number } {
  const value = stringAt(call.params, 'ValidUntil');
  if (value === undefined) return {};
  const validUntil = Date.parse(value);
  if (Number.isNaN(validUntil)) throw invalidValue('ValidUntil', value);
  if (validUntil <= call.now) throw invalidValue('ValidUntil', value, 'The date must be in the future.');
  return { validUntil };
}

const groupsOf = (call: Call, kind: Group['kind']): Group[] =>
  [...call.world.groups.values()].filter((group) => group.kind === kind && !group.deleted);

/** DescribeFleets: fleets of type instant only when their ids are given. */
export function describeFleets(call: Call): Outcome {
  const ids = stringList(call.params, 'FleetId');
  const groups = groupsOf(call, 'fleet').filter(({ createdAt }) => createdAt <= call.snapshotAt);
  for (const id of ids) checkFleetId(id, groups, [...call.world.fleets.values()]);
  const test = readFilters<Group>(call.params, {
    fields: {
      'fleet-state': (group) => fleetState(group, call.now),
      type: ({ type }) => type,
      'excess-capacity-termination-policy': ({ excessPolicy }) => excessPolicy,
    },
  });
  const { items, nextToken } = readPage(
    call,
    groups,
    (group) => (ids.length === 0 || ids.includes(group.id)) && test(group),
    { min: 1 },
  );
  const instant = ids.flatMap((id) => call.world.fleets.get(id) ?? []).map(instantXml);
  return { body: { fleetSet: [...items.map((group) => fleetXml(call, group)), ...instant], nextToken } };
}

function checkFleetId(id: string, groups: readonly Group[], fleets: readonly Fleet[]): void {
  if (!id.startsWith('fleet-') || !isWellFormed('fleet', id)) {
    throw new AwsError('InvalidFleetId.Malformed', `The fleet ID '${id}' is malformed`);
  }
  if (groups.some((group) => group.id === id) || fleets.some((fleet) => fleet.id === id)) return;
  throw new AwsError('InvalidFleetId.NotFound', `The fleet ID '${id}' does not exist`);
}

function fleetState(group: Group, now: number): string {
  if (group.state === 'running') return 'deleted_running';
  if (group.state === 'terminating') return 'deleted_terminating';
  return isModifying(group, now) ? 'modifying' : 'active';
}

function fleetXml(call: Call, group: Group): Xml {
  const live = liveMembers(call.world, group);
  const total = group.targets['on-demand'] + group.targets.spot;
  const units = unitsOf(group, live);
  const failing = group.history.length > 0 && units < total;
  return {
    fleetId: group.id,
    type: group.type,
    fleetState: fleetState(group, call.now),
    activityStatus: units >= total ? 'fulfilled' : failing ? 'error' : 'pending_fulfillment',
    createTime: new Date(group.createdAt).toISOString(),
    clientToken: group.clientToken,
    excessCapacityTerminationPolicy: group.excessPolicy,
    fulfilledCapacity: units,
    fulfilledOnDemandCapacity: unitsOf(group, live, 'on-demand'),
    targetCapacitySpecification: {
      totalTargetCapacity: total,
      onDemandTargetCapacity: group.targets['on-demand'],
      spotTargetCapacity: group.targets.spot,
    },
    validUntil: group.validUntil === undefined ? undefined : new Date(group.validUntil).toISOString(),
    tagSet: tagSet(group.tags),
  };
}

const instantXml = (fleet: Fleet): Xml => ({
  fleetId: fleet.id,
  type: fleet.type,
  fleetState: 'active',
  createTime: new Date(fleet.createdAt).toISOString(),
  clientToken: fleet.clientToken,
  tagSet: tagSet(fleet.tags),
  fleetInstanceSet: [{ instanceIds: fleet.instanceIds }],
});

/** ModifyFleet: maintain only, and not while it is modifying. */
export function modifyFleet(call: Call): Outcome {
  const id = required(call.params, 'FleetId');
  checkFleetId(id, groupsOf(call, 'fleet'), [...call.world.fleets.values()]);
  const group = call.world.groups.get(id);
  if (group?.type !== 'maintain' || isFrozen(group, call.now) || isModifying(group, call.now)) {
    throw new AwsError('FleetNotInModifiableState', `The fleet ${id} is not in a modifiable state.`);
  }
  const policy = stringAt(call.params, 'ExcessCapacityTerminationPolicy');
  const changed: Group = {
    ...group,
    ...(subtree(call.params, 'TargetCapacitySpecification') === undefined
      ? {}
      : { targets: readTargets(call, 0) }),
    ...(policy === undefined ? {} : { excessPolicy: readExcess(policy) }),
    modifyingUntil: call.now + modifyingMs,
  };
  return { body: { return: true }, change: { groups: [changed] } };
}

/** DeleteFleets: each id succeeds or fails separately. */
export function deleteFleets(call: Call): Outcome {
  const ids = stringList(call.params, 'FleetId');
  if (ids.length === 0) throw missingParameter('FleetId');
  if (ids.length > 100) throw invalidValue('FleetIds', ids.length, 'At most 100 are allowed.');
  const terminate = flag(call.params, 'TerminateInstances');
  if (terminate === undefined) throw missingParameter('TerminateInstances');
  const successful: Xml[] = [];
  const unsuccessful: Xml[] = [];
  const changed: Group[] = [];
  const terminatedIds: string[] = [];
  for (const id of ids) {
    const group = call.world.groups.get(id);
    if (group?.kind !== 'fleet') {
      const instant = call.world.fleets.has(id);
      const code = instant ? 'fleetNotInDeletableState' : 'fleetIdDoesNotExist';
      unsuccessful.push({ fleetId: id, error: { code, message: `The fleet ${id} can't be deleted.` } });
      continue;
    }
    const next = markDeleted(group, terminate);
    changed.push(next);
    if (terminate) terminatedIds.push(...liveMembers(call.world, group).map((member) => member.id));
    successful.push({
      fleetId: id,
      currentFleetState: fleetState(next, call.now),
      previousFleetState: fleetState(group, call.now),
    });
  }
  const end = termination(call.world, call.now);
  return {
    body: { successfulFleetDeletionSet: successful, unsuccessfulFleetDeletionSet: unsuccessful },
    change: { groups: changed, terminated: terminatedIds.map((id) => ({ id, ...end })) },
  };
}

/** Stops it from launching anything more. */
export const markDeleted = (group: Group, terminate: boolean): Group => ({
  ...group,
  state: terminate ? 'terminating' : 'running',
});

/** DescribeFleetHistory: only failures. */
export function describeFleetHistory(call: Call): Outcome {
  const id = required(call.params, 'FleetId');
  checkFleetId(id, groupsOf(call, 'fleet'), []);
  return { body: { fleetId: id, historyRecordSet: historyXml(call.world.groups.get(id), 'service-error') } };
}

export function historyXml(group: Group | undefined, eventType: string): Xml[] {
  return (group?.history ?? []).map(({ at, code, message }) => ({
    timestamp: new Date(at).toISOString(),
    eventType,
    eventInformation: { eventSubType: code, eventDescription: message },
  }));
}
