import { newId } from '../protocol/call.ts';
import type { Call } from '../protocol/call.ts';
import { dotted } from '../state/catalogue.ts';
import type { Subnet } from '../state/catalogue.ts';
import { AwsError } from '../protocol/errors.ts';
import type { LaunchSpec } from './launchSpec.ts';
import type { Instance, Tags } from '../state/model.ts';
import { checkTagCount } from '../protocol/tagging.ts';
import { isLive, poolKey, stateAt } from '../state/world.ts';
import type { World } from '../state/world.ts';

/** The instances that one call is about to launch: not in the world yet, and yet they use capacity and addresses. */
export type Draft = {
  launched: Instance[];
  byPool: Map<string, number>;
  addresses: Set<string>;
  nextAddress: Map<string, number>;
};

/** A draft with nothing in it. */
export function createDraft(): Draft {
  return { launched: [], byPool: new Map(), addresses: new Set(), nextAddress: new Map() };
}

/** Who asks for the instances, as they will show it. */
export type Origin = {
  clientToken?: string;
  fleetId?: string;
  spotFleetRequestId?: string;
  groupName?: string;
};

/**
 * Adds up to `count` instances of one kind to the draft, as one reservation.
 * Returns them, and why there are fewer than asked (InsufficientInstanceCapacity, InsufficientFreeAddressesInSubnet).
 */
export function launch(
  call: Call,
  draft: Draft,
  spec: LaunchSpec,
  count: number,
  origin: Origin,
): { instances: Instance[]; shortage: AwsError | undefined } {
  const tags = { ...spec.tags, ...systemTags(spec, origin) };
  checkTagCount(tags);
  const reservationId = newId('r');
  const atMost = call.launchAtMost - draft.launched.length;
  const allowed = quotaRoom(call, draft, spec);
  const wanted = Math.max(0, Math.min(count, atMost, allowed, room(call.world, draft, spec)));
  let shortage = wanted < count ? noCapacity(call, spec) : undefined;
  if (wanted < count && wanted === allowed) shortage = overQuota(spec);
  const instances: Instance[] = [];
  while (instances.length < wanted) {
    const privateIp = takeAddress(call, draft, spec.subnet);
    if (privateIp === undefined) {
      shortage = noAddress(spec.subnet);
      break;
    }
    instances.push(
      createInstance(call, spec, { reservationId, launchIndex: instances.length, privateIp, tags, origin }),
    );
  }
  const key = poolKey(spec.instanceType.name, spec.subnet.zone, spec.lifecycle);
  draft.byPool.set(key, (draft.byPool.get(key) ?? 0) + instances.length);
  for (const instance of instances) draft.launched.push(instance);
  return { instances, shortage };
}

function createInstance(
  call: Call,
  spec: LaunchSpec,
  own: { reservationId: string; launchIndex: number; privateIp: string; tags: Tags; origin: Origin },
): Instance {
  const { tags, origin, ...place } = own;
  return {
    id: newId('i'),
    ...place,
    imageId: spec.image.id,
    instanceType: spec.instanceType.name,
    architecture: spec.instanceType.architecture,
    subnetId: spec.subnet.id,
    zone: spec.subnet.zone,
    lifecycle: spec.lifecycle,
    ...(spec.lifecycle === 'spot' && { spotRequestId: newId('sir', 8) }),
    ...(spec.keyName !== undefined && { keyName: spec.keyName }),
    securityGroupIds: spec.securityGroupIds,
    ...(spec.iamInstanceProfileArn !== undefined && { iamInstanceProfileArn: spec.iamInstanceProfileArn }),
    ...(spec.protected && { protected: true }),
    ...(spec.namedById && { namedById: true }),
    blockDevices: spec.devices.map((device) => ({ ...device, volumeId: newId('vol') })),
    volumeTags: spec.volumeTags,
    ...origin,
    ...(spec.templateId !== undefined && { launchTemplateId: spec.templateId }),
    launchedAt: call.now,
    runningAt: call.now + call.world.settings.pendingSeconds * 1000,
    tagVersions: [{ at: call.now, tags }],
  };
}

function systemTags(spec: LaunchSpec, origin: Origin): Tags {
  return {
    ...(spec.templateId !== undefined && {
      'aws:ec2launchtemplate:id': spec.templateId,
      'aws:ec2launchtemplate:version': '1',
    }),
    ...(origin.fleetId !== undefined && { 'aws:ec2:fleet-id': origin.fleetId }),
    ...(origin.spotFleetRequestId !== undefined && {
      'aws:ec2spot:fleet-request-id': origin.spotFleetRequestId,
    }),
    ...(origin.groupName !== undefined && { 'aws:autoscaling:groupName': origin.groupName }),
  };
}

function room(world: World, draft: Draft, spec: LaunchSpec): number {
  const type = spec.instanceType.name;
  const { zone } = spec.subnet;
  const rule = world.pools.findLast(
    (each) =>
      (each.instanceType ?? type) === type &&
      (each.zone ?? zone) === zone &&
      (each.lifecycle ?? spec.lifecycle) === spec.lifecycle,
  );
  if (rule === undefined || rule.capacity === null) return Infinity;
  const key = poolKey(type, zone, spec.lifecycle);
  return Math.max(0, rule.capacity - (world.liveByPool.get(key) ?? 0) - (draft.byPool.get(key) ?? 0));
}

/** Instances of this type that the account's vCPU quota still allows. */
function quotaRoom(call: Call, draft: Draft, spec: LaunchSpec): number {
  const limit = call.world.quotas.vcpus?.[spec.lifecycle];
  if (limit === undefined) return Infinity;
  let used = 0;
  for (const [key, count] of [...call.world.liveByPool, ...draft.byPool]) {
    const [type = '', , lifecycle] = key.split('|');
    if (lifecycle === spec.lifecycle) used += count * (call.catalogue.instanceTypes.get(type)?.vcpus ?? 0);
  }
  return Math.max(0, Math.floor((limit - used) / spec.instanceType.vcpus));
}

const overQuota = ({ lifecycle }: LaunchSpec): AwsError =>
  lifecycle === 'spot'
    ? new AwsError('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded')
    : new AwsError(
        'VcpuLimitExceeded',
        'You have requested more vCPU capacity than your current vCPU limit allows.',
      );

function noCapacity(call: Call, spec: LaunchSpec): AwsError {
  const type = spec.instanceType.name;
  const { zone } = spec.subnet;
  const others = [...call.catalogue.subnets.values()]
    .map((each) => each.zone)
    .filter((each) => each !== zone);
  return new AwsError(
    'InsufficientInstanceCapacity',
    spec.lifecycle === 'spot'
      ? 'There is no Spot capacity available that matches your request.'
      : `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}). ` +
          `Our system will be working on provisioning additional capacity. You can currently get ${type} capacity ` +
          `by not specifying an Availability Zone in your request or choosing ${others.join(', ')}.`,
    500,
  );
}

function noAddress(subnet: Subnet): AwsError {
  return new AwsError(
    'InsufficientFreeAddressesInSubnet',
    `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
  );
}

// AWS keeps the first four addresses of a subnet and the last one for itself.
const firstOffset = 4;
const reservedAddresses = 5;

function takeAddress(call: Call, draft: Draft, subnet: Subnet): string | undefined {
  const held = call.world.addresses.get(subnet.id);
  const limit = call.world.quotas.addresses?.[subnet.id] ?? Infinity;
  const usable = Math.min(limit, subnet.size - reservedAddresses);
  // Start behind the addresses ever given, so that one is reused only after all others.
  const start = draft.nextAddress.get(subnet.id) ?? held?.size ?? 0;
  for (let tried = 0; tried < usable; tried += 1) {
    const step = start + tried;
    const ip = dotted(subnet.base + firstOffset + (step % usable));
    const holder = held?.get(ip);
    if (holder !== undefined && stateAt(holder, call.now) !== 'terminated') continue;
    if (draft.addresses.has(ip)) continue;
    draft.addresses.add(ip);
    draft.nextAddress.set(subnet.id, step + 1);
    return ip;
  }
  return undefined;
}

/** How many private addresses of a subnet are free at `time` (ms). */
export function freeAddresses(world: World, subnet: Subnet, time: number): number {
  let used = 0;
  for (const instance of world.addresses.get(subnet.id)?.values() ?? []) {
    if (isLive(instance) || stateAt(instance, time) !== 'terminated') used += 1;
  }
  return subnet.size - reservedAddresses - used;
}
