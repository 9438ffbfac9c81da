import { termination } from '../ec2/actions/terminateInstances.ts';
import type { Call } from '../protocol/call.ts';
import { AwsError } from '../protocol/errors.ts';
import { createLaunchBatch, launch } from '../ec2/launch.ts';
import type { LaunchBatch, Origin } from '../ec2/launch.ts';
import { readSpec } from '../ec2/launchSpec.ts';
import type { Group, GroupCandidate, Instance } from '../state/model.ts';
import { commit, commitLogged } from '../state/simulation.ts';
import type { Simulation } from '../state/simulation.ts';
import { stateAt } from '../state/world.ts';
import { isFrozen, liveMembers, membersOf, missingUnits, unitsOf } from './group.ts';

/**
 * Advances all groups to the current time: fill, replace, scale in. Runs before every call and control request and
 * depends only on the clock, so tests with their own clock are deterministic.
 */
export function advance(simulation: Simulation): void {
  const now = simulation.clock();
  const { world } = simulation;
  terminateInterrupted(simulation, now);
  for (const group of world.groups.values()) {
    if (group.deleted || now < group.evaluatedAt + world.settings.groupTickSeconds * 1000) continue;
    const evaluated = { ...group, evaluatedAt: now };
    const changed = fillGroup(simulation, removeTerminated(simulation, evaluated), now);
    scaleIn(simulation, changed, now);
  }
}

/** Terminates the spot instances whose interruption notice has expired. */
function terminateInterrupted(simulation: Simulation, now: number): void {
  const { world } = simulation;
  for (const instance of world.interrupted.values()) {
    const notice = instance.interruption;
    if (notice === undefined || now < notice.endAt) continue;
    const end = termination(world, notice.endAt, 'Server.SpotInstanceTermination');
    commitLogged(
      simulation,
      { terminated: [{ id: instance.id, ...end }] },
      { action: 'simulator:interrupt', outcome: 'ok', replay: false, params: { InstanceId: instance.id } },
    );
  }
}

/** Terminated members leave an Auto Scaling group, unless ReplaceUnhealthy is suspended; a fleet keeps them. */
function removeTerminated({ world, clock }: Simulation, group: Group): Group {
  const { scaling } = group;
  if (!scaling || scaling.suspended.includes('ReplaceUnhealthy')) return group;
  const now = clock();
  const remaining = membersOf(world, group).filter((member) => stateAt(member, now) !== 'terminated');
  return { ...group, memberIds: remaining.map(({ id }) => id) };
}

function fillGroup(simulation: Simulation, group: Group, now: number): Group {
  const { world } = simulation;
  if (isFrozen(group, now) || group.scaling?.suspended.includes('Launch')) return group;
  // While replacement is suspended, a terminated member still counts.
  const countsTerminated = group.scaling?.suspended.includes('ReplaceUnhealthy');
  const missing = missingUnits(world, countsTerminated ? { ...group, type: 'request' } : group);
  const batch = createLaunchBatch();
  const call = callForGroup(simulation, now);
  const failures = new Map<string, AwsError>();
  for (const candidate of group.candidates) {
    const wanted = missing[candidate.lifecycle];
    if (wanted <= 0) continue;
    const { instances, error } = tryOffering(call, batch, group, candidate, wanted);
    missing[candidate.lifecycle] -= instances.length * candidate.weight;
    if (error) failures.set(error.code, error);
  }
  const launched = batch.launched;
  const history = [...failures.values()].map(({ code, message }) => ({ at: now, code, message }));
  // A failure that repeats is one entry while it lasts.
  const newFailures = history.filter(({ code }) => group.history.at(-1)?.code !== code);
  if (launched.length === 0 && newFailures.length === 0) return group;
  const changed: Group = {
    ...group,
    memberIds: [...group.memberIds, ...launched.map(({ id }) => id)],
    history: [...group.history, ...newFailures].slice(-100),
    ...(group.scaling && {
      scaling: {
        ...group.scaling,
        protectedIds: [
          ...group.scaling.protectedIds,
          ...(group.scaling.protectNew ? launched.map(({ id }) => id) : []),
        ],
      },
    }),
  };
  const change = { launched, groups: [changed] };
  if (launched.length === 0) commit(simulation, change);
  else commitLogged(simulation, change, logEntryOf('simulator:group-launch', group));
  return changed;
}

/** A group above its target terminates its oldest members. */
function scaleIn(simulation: Simulation, group: Group, now: number): void {
  const { world } = simulation;
  const { scaling } = group;
  if (group.state !== 'active' || group.type === 'request' || group.excessPolicy === 'no-termination') return;
  if (scaling?.suspended.includes('Terminate')) return;
  const live = liveMembers(world, group);
  // Protection begins when a member is in service.
  const isProtected = (member: Instance): boolean =>
    scaling !== undefined && scaling.protectedIds.includes(member.id) && stateAt(member, now) === 'running';
  let excess = unitsOf(group, live) - group.targets['on-demand'] - group.targets.spot;
  const terminatedMembers: Instance[] = [];
  for (const member of live) {
    const units = unitsOf(group, [member]);
    if (excess < units || isProtected(member)) continue;
    terminatedMembers.push(member);
    excess -= units;
  }
  if (terminatedMembers.length === 0) return;
  const end = termination(world, now);
  const terminated = terminatedMembers.map(({ id }) => ({ id, ...end }));
  commitLogged(simulation, { terminated }, logEntryOf('simulator:group-terminate', group));
}

const logEntryOf = (action: string, group: Group) => ({
  action,
  outcome: 'ok',
  replay: false,
  params: { GroupId: group.id },
  ...(group.clientToken !== undefined && { token: group.clientToken }),
});

/** A group's own launches, in the form of a call. */
function callForGroup(simulation: Simulation, now: number): Call {
  const { world, catalogue, accountId } = simulation;
  return {
    action: 'simulator:group',
    world,
    catalogue,
    accountId,
    now,
    snapshotAt: now,
    maxInstances: Number.POSITIVE_INFINITY,
    flat: {},
    params: {},
  };
}

function tryOffering(
  call: Call,
  batch: LaunchBatch,
  group: Group,
  candidate: GroupCandidate,
  missing: number,
): { instances: Instance[]; error: AwsError | undefined } {
  try {
    const template = call.world.templates.get(candidate.templateId);
    if (!template) throw new AwsError('InvalidLaunchTemplateId.NotFound', 'The launch template was deleted.');
    const spec = readSpec(call, candidate.request, template, candidate.lifecycle);
    const tags = { ...spec.tags, ...group.propagated };
    const count = Math.ceil(missing / candidate.weight);
    const { instances, shortage } = launch(call, batch, { ...spec, tags }, count, originOf(group));
    return { instances, error: shortage };
  } catch (error) {
    if (error instanceof AwsError) return { instances: [], error };
    throw error;
  }
}

function originOf(group: Group): Origin {
  switch (group.kind) {
    case 'fleet':
      return { fleetId: group.id };
    case 'spotFleet':
      return { spotFleetRequestId: group.id };
    case 'autoScaling':
      return { groupName: group.id };
  }
}
