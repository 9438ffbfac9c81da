import { newId } from '../protocol/call.ts';
import type { Call } from '../protocol/call.ts';
import { formatIpv4 } from '../state/catalogue.ts';
import type { Subnet } from '../state/catalogue.ts';
import { AwsError } from '../protocol/errors.ts';
import type { LaunchSpec } from './launchSpec.ts';
import type { Instance, Tags } from '../state/model.ts';
import { checkTagCount } from '../protocol/tagging.ts';
import { isLive, offeringKey, stateAt } from '../state/world.ts';
import type { World } from '../state/world.ts';

/** The instances that a call is about to launch: not in the world yet, but already using capacity and addresses. */
export type LaunchBatch = {
  launched: Instance[];
  countByOffering: Map<string, number>;
  addresses: Set<string>;
  nextAddress: Map<string, number>;
};

/** An empty draft. */
export function createLaunchBatch(): LaunchBatch {
  return { launched: [], countByOffering: new Map(), addresses: new Set(), nextAddress: new Map() };
}

/** Where the instances come from, as they will show it. */
export type Origin = {
  clientToken?: string;
  fleetId?: string;
  spotFleetRequestId?: string;
  groupName?: string;
};

/**
 * Adds up to `count` instances of one kind to the draft, as one reservation.
 * Returns them, and why there are fewer than requested (InsufficientInstanceCapacity, InsufficientFreeAddressesInSubnet).
 */
export function launch(
  call: Call,
  batch: LaunchBatch,
  spec: LaunchSpec,
  count: number,
  origin: Origin,
): { instances: Instance[]; shortage: AwsError | undefined } {
  const tags = { ...spec.tags, ...systemTags(spec, origin) };
  checkTagCount(tags);
  const reservationId = newId('r');
  const remainingOfCall = call.maxInstances - batch.launched.length;
  const withinQuota = remainingQuota(call, batch, spec);
  const launchable = Math.max(
    0,
    Math.min(count, remainingOfCall, withinQuota, remainingCapacity(call.world, batch, spec)),
  );
  let shortage = launchable < count ? insufficientCapacity(call, spec) : undefined;
  if (launchable < count && launchable === withinQuota) shortage = quotaExceeded(spec);
  const instances: Instance[] = [];
  while (instances.length < launchable) {
    const privateIp = allocateAddress(call, batch, spec.subnet);
    if (privateIp === undefined) {
      shortage = insufficientAddresses(spec.subnet);
      break;
    }
    instances.push(
      createInstance(call, spec, { reservationId, launchIndex: instances.length, privateIp, tags, origin }),
    );
  }
  const key = offeringKey(spec.instanceType.name, spec.subnet.zone, spec.lifecycle);
  batch.countByOffering.set(key, (batch.countByOffering.get(key) ?? 0) + instances.length);
  for (const instance of instances) batch.launched.push(instance);
  return { instances, shortage };
}

function createInstance(
  call: Call,
  spec: LaunchSpec,
  details: { reservationId: string; launchIndex: number; privateIp: string; tags: Tags; origin: Origin },
): Instance {
  const { tags, origin, ...place } = details;
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

function remainingCapacity(world: World, batch: LaunchBatch, spec: LaunchSpec): number {
  const type = spec.instanceType.name;
  const { zone } = spec.subnet;
  const rule = world.capacityRules.findLast(
    (each) =>
      (each.instanceType ?? type) === type &&
      (each.zone ?? zone) === zone &&
      (each.lifecycle ?? spec.lifecycle) === spec.lifecycle,
  );
  if (rule === undefined || rule.capacity === null) return Infinity;
  const key = offeringKey(type, zone, spec.lifecycle);
  return Math.max(
    0,
    rule.capacity - (world.liveByOffering.get(key) ?? 0) - (batch.countByOffering.get(key) ?? 0),
  );
}

/** Instances of this type that the account's vCPU quota still allows. */
function remainingQuota(call: Call, batch: LaunchBatch, spec: LaunchSpec): number {
  const limit = call.world.quotas.vcpus?.[spec.lifecycle];
  if (limit === undefined) return Infinity;
  let used = 0;
  for (const [key, count] of [...call.world.liveByOffering, ...batch.countByOffering]) {
    const [type = '', , lifecycle] = key.split('|');
    if (lifecycle === spec.lifecycle) used += count * (call.catalogue.instanceTypes.get(type)?.vcpus ?? 0);
  }
  return Math.max(0, Math.floor((limit - used) / spec.instanceType.vcpus));
}

const quotaExceeded = ({ lifecycle }: LaunchSpec): AwsError =>
  lifecycle === 'spot'
    ? new AwsError('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded')
    : new AwsError(
        'VcpuLimitExceeded',
        'You have requested more vCPU capacity than your current vCPU limit allows.',
      );

function insufficientCapacity(call: Call, spec: LaunchSpec): AwsError {
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

function insufficientAddresses(subnet: Subnet): AwsError {
  return new AwsError(
    'InsufficientFreeAddressesInSubnet',
    `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
  );
}

// AWS reserves the first four addresses of a subnet and the last one.
const firstOffset = 4;
const reservedAddresses = 5;

function allocateAddress(call: Call, batch: LaunchBatch, subnet: Subnet): string | undefined {
  const holders = call.world.addresses.get(subnet.id);
  const limit = call.world.quotas.addresses?.[subnet.id] ?? Infinity;
  const usable = Math.min(limit, subnet.size - reservedAddresses);
  // Start after the last address handed out, so that an address is reused as late as possible.
  const start = batch.nextAddress.get(subnet.id) ?? holders?.size ?? 0;
  for (let tried = 0; tried < usable; tried += 1) {
    const step = start + tried;
    const ip = formatIpv4(subnet.base + firstOffset + (step % usable));
    const holder = holders?.get(ip);
    if (holder !== undefined && stateAt(holder, call.now) !== 'terminated') continue;
    if (batch.addresses.has(ip)) continue;
    batch.addresses.add(ip);
    batch.nextAddress.set(subnet.id, step + 1);
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
