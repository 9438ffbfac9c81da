import { termination } from '../ec2/actions/terminateInstances.ts';
import type { Call } from '../protocol/call.ts';
import { AwsError } from '../protocol/errors.ts';
import { createDraft, launch } from '../ec2/launch.ts';
import type { Draft, Origin } from '../ec2/launch.ts';
import { readSpec } from '../ec2/launchSpec.ts';
import type { Group, GroupCandidate, Instance } from '../state/model.ts';
import { commit, commitLogged } from '../state/simulation.ts';
import type { Simulation } from '../state/simulation.ts';
import { stateAt } from '../state/world.ts';
import { isFrozen, liveMembers, membersOf, missingUnits, unitsOf } from './group.ts';

/**
 * Lets all groups do what they would have done by now: fill, replace, scale in. It runs before each call and each
 * control request, and depends on nothing but the clock, so that a test with a clock of its own is deterministic.
 */
export function advance(simulation: Simulation): void {
  const now = simulation.clock();
  const { world } = simulation;
  endInterrupted(simulation, now);
  for (const group of world.groups.values()) {
    if (group.deleted || now < group.lookedAt + world.settings.groupTickSeconds * 1000) continue;
    const looked = { ...group, lookedAt: now };
    const changed = fill(simulation, dropDead(simulation, looked), now);
    takeAway(simulation, changed, now);
  }
}

/** Spot machines whose notice is over. */
function endInterrupted(simulation: Simulation, now: number): void {
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

/** Every member that died leaves an Auto Scaling group, unless that is suspended; a fleet keeps its history. */
function dropDead({ world, clock }: Simulation, group: Group): Group {
  const { scaling } = group;
  if (!scaling || scaling.suspended.includes('ReplaceUnhealthy')) return group;
  const now = clock();
  const kept = membersOf(world, group).filter((member) => stateAt(member, now) !== 'terminated');
  return { ...group, memberIds: kept.map(({ id }) => id) };
}

function fill(simulation: Simulation, group: Group, now: number): Group {
  const { world } = simulation;
  if (isFrozen(group, now) || group.scaling?.suspended.includes('Launch')) return group;
  // With its replacement suspended, a group goes on counting a member that died.
  const stale = group.scaling?.suspended.includes('ReplaceUnhealthy');
  const missing = missingUnits(world, stale ? { ...group, type: 'request' } : group);
  const draft = createDraft();
  const call = loopCall(simulation, now);
  const failures = new Map<string, AwsError>();
  for (const candidate of group.candidates) {
    const wanted = missing[candidate.lifecycle];
    if (wanted <= 0) continue;
    const { instances, error } = tryPool(call, draft, group, candidate, wanted);
    missing[candidate.lifecycle] -= instances.length * candidate.weight;
    if (error) failures.set(error.code, error);
  }
  const launched = draft.launched;
  const history = [...failures.values()].map(({ code, message }) => ({ at: now, code, message }));
  // The same failure over and over is one entry, as long as it lasts.
  const news = history.filter(({ code }) => group.history.at(-1)?.code !== code);
  if (launched.length === 0 && news.length === 0) return group;
  const changed: Group = {
    ...group,
    memberIds: [...group.memberIds, ...launched.map(({ id }) => id)],
    history: [...group.history, ...news].slice(-100),
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
  else commitLogged(simulation, change, logOf('simulator:group-launch', group));
  return changed;
}

/** A group that has too much ends some of its members, oldest first: whichever they are. */
function takeAway(simulation: Simulation, group: Group, now: number): void {
  const { world } = simulation;
  const { scaling } = group;
  if (group.state !== 'active' || group.type === 'request' || group.excess === 'no-termination') return;
  if (scaling?.suspended.includes('Terminate')) return;
  const live = liveMembers(world, group);
  // Protection begins when a member is in service.
  const safe = (member: Instance): boolean =>
    scaling !== undefined && scaling.protectedIds.includes(member.id) && stateAt(member, now) === 'running';
  let excess = unitsOf(group, live) - group.targets['on-demand'] - group.targets.spot;
  const victims: Instance[] = [];
  for (const member of live) {
    const units = unitsOf(group, [member]);
    if (excess < units || safe(member)) continue;
    victims.push(member);
    excess -= units;
  }
  if (victims.length === 0) return;
  const end = termination(world, now);
  const terminated = victims.map(({ id }) => ({ id, ...end }));
  commitLogged(simulation, { terminated }, logOf('simulator:group-terminate', group));
}

const logOf = (action: string, group: Group) => ({
  action,
  outcome: 'ok',
  replay: false,
  params: { GroupId: group.id },
  ...(group.clientToken !== undefined && { token: group.clientToken }),
});

/** What a group does by itself, in the form of a call. */
function loopCall(simulation: Simulation, now: number): Call {
  const { world, catalogue, accountId } = simulation;
  return {
    action: 'simulator:group',
    world,
    catalogue,
    accountId,
    now,
    seenAt: now,
    launchAtMost: Number.POSITIVE_INFINITY,
    flat: {},
    params: {},
  };
}

function tryPool(
  call: Call,
  draft: Draft,
  group: Group,
  candidate: GroupCandidate,
  missing: number,
): { instances: Instance[]; error: AwsError | undefined } {
  try {
    const template = call.world.templates.get(candidate.templateId);
    if (!template) throw new AwsError('InvalidLaunchTemplateId.NotFound', 'The launch template is gone.');
    const spec = readSpec(call, candidate.request, template, candidate.lifecycle);
    const tags = { ...spec.tags, ...group.propagated };
    const count = Math.ceil(missing / candidate.weight);
    const { instances, shortage } = launch(call, draft, { ...spec, tags }, count, originOf(group));
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
