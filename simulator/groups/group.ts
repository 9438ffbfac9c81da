import type { Call } from '../protocol/call.ts';
import { fleetOptions } from '../ec2/fleetRequest.ts';
import type { Group, GroupCandidate, Instance, Lifecycle } from '../state/model.ts';
import { isLive } from '../state/world.ts';
import type { World } from '../state/world.ts';

/** All instances ever launched for a group and not detached, oldest first. */
export function membersOf(world: World, group: Group): Instance[] {
  return group.memberIds.flatMap((id) => world.instances.get(id) ?? []);
}

/** The members that count: AWS stops counting one as soon as it starts to terminate. */
export const liveMembers = (world: World, group: Group): Instance[] => membersOf(world, group).filter(isLive);

/** The units of instances in a group, by lifecycle or of both. */
export function unitsOf(group: Group, instances: readonly Instance[], lifecycle?: Lifecycle): number {
  let units = 0;
  for (const instance of instances) {
    if (lifecycle === undefined || instance.lifecycle === lifecycle) units += weightOf(group, instance);
  }
  return units;
}

const weightOf = (group: Group, instance: Instance): number =>
  group.candidates.find(({ instanceType }) => instanceType === instance.instanceType)?.weight ?? 1;

/** The offerings of a fleet request in the order of trial, as plain JSON for the journal. */
export function readCandidates(call: Call): GroupCandidate[] {
  const { candidates } = fleetOptions(call);
  return (['on-demand', 'spot'] as const).flatMap((lifecycle) =>
    candidates[lifecycle].map(({ template, request, weight }) => ({
      lifecycle,
      templateId: template.id,
      request,
      weight,
      ...(typeof request['InstanceType'] === 'string' && { instanceType: request['InstanceType'] }),
    })),
  );
}

/** How many units of each lifecycle the group lacks now. */
export function missingUnits(world: World, group: Group): Record<Lifecycle, number> {
  // A fleet of type `request` counts everything it ever launched: it replaces nothing.
  const counted = group.type === 'request' ? membersOf(world, group) : liveMembers(world, group);
  return {
    'on-demand': group.targets['on-demand'] - unitsOf(group, counted, 'on-demand'),
    spot: group.targets.spot - unitsOf(group, counted, 'spot'),
  };
}

export const isFrozen = (group: Group, now: number): boolean =>
  group.state !== 'active' || (group.validUntil !== undefined && now >= group.validUntil);

/** `modifying` for a moment after a change of size. */
export const isModifying = (group: Group, now: number): boolean =>
  group.state === 'active' && group.modifyingUntil !== undefined && now < group.modifyingUntil;
