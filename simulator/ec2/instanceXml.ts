import type { Call } from '../protocol/call.ts';
import { privateDnsName } from '../state/catalogue.ts';
import type { Instance, InstanceState } from '../state/model.ts';
import { tagSet } from '../protocol/tagging.ts';
import { stateAt, tagsAt } from '../state/world.ts';
import type { Xml } from '../protocol/xml.ts';

const stateCodes: Record<InstanceState, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** A state as EC2 writes it. */
export function stateXml(state: InstanceState): Xml {
  return { code: stateCodes[state], name: state };
}

/** The instances of one reservation, as observed at `time` (ms). */
export function reservationXml(
  call: Call,
  instances: readonly Instance[],
  time: number,
): { readonly [name: string]: Xml } {
  return {
    reservationId: instances[0]?.reservationId,
    ownerId: call.accountId,
    groupSet: [],
    instancesSet: instances.map((instance) => instanceXml(call, instance, time)),
  };
}

function instanceXml(call: Call, instance: Instance, time: number): Xml {
  const state = stateAt(instance, time);
  const groups = instance.securityGroupIds.map((groupId) => ({ groupId, groupName: groupId }));
  const termination = state === 'shutting-down' || state === 'terminated' ? instance.termination : undefined;
  const hasAddress = state !== 'terminated' && time >= addressVisibleAt(call, instance);
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: stateXml(state),
    privateDnsName: hasAddress ? privateDnsName(call.catalogue.region, instance) : '',
    dnsName: '',
    reason: termination?.transitionReason ?? '',
    keyName: instance.keyName,
    amiLaunchIndex: instance.launchIndex,
    productCodes: [],
    instanceType: instance.instanceType,
    launchTime: new Date(instance.launchedAt).toISOString(),
    placement: { availabilityZone: instance.zone, groupName: '', tenancy: 'default' },
    monitoring: { state: 'disabled' },
    // AWS shows no network details of a terminated instance.
    ...(hasAddress && networkXml(call, instance, groups)),
    stateReason: termination && { code: termination.code, message: termination.message },
    architecture: instance.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: '/dev/xvda',
    blockDeviceMapping: state === 'terminated' ? [] : devicesXml(instance),
    virtualizationType: 'hvm',
    instanceLifecycle: instance.lifecycle === 'spot' ? 'spot' : undefined,
    spotInstanceRequestId: instance.spotRequestId,
    clientToken: instance.clientToken ?? '',
    tagSet: tagSet(tagsAt(instance, time)),
    hypervisor: 'xen',
    iamInstanceProfile: instance.iamInstanceProfileArn && {
      arn: instance.iamInstanceProfileArn,
      id: 'AIPA0000000000000000',
    },
    ebsOptimized: false,
    enaSupport: true,
  };
}

/** Epoch ms from which AWS shows its addresses: at once, or late. */
function addressVisibleAt({ world }: Call, { launchedAt, runningAt }: Instance): number {
  const { addressLagMs } = world.settings;
  return addressLagMs === 0 ? launchedAt : runningAt + addressLagMs;
}

function networkXml(call: Call, instance: Instance, groups: Xml[]): Record<string, Xml> {
  return {
    subnetId: instance.subnetId,
    vpcId: call.catalogue.vpcId,
    privateIpAddress: instance.privateIp,
    sourceDestCheck: true,
    groupSet: groups,
    networkInterfaceSet: [
      {
        networkInterfaceId: `eni-${instance.id.slice(2)}`,
        subnetId: instance.subnetId,
        vpcId: call.catalogue.vpcId,
        ownerId: call.accountId,
        status: 'in-use',
        privateIpAddress: instance.privateIp,
        privateDnsName: privateDnsName(call.catalogue.region, instance),
        groupSet: groups,
      },
    ],
  };
}

function devicesXml(instance: Instance): Xml[] {
  return instance.blockDevices.map((device) => ({
    deviceName: device.deviceName,
    ebs: {
      volumeId: device.volumeId,
      status: 'attached',
      attachTime: new Date(instance.launchedAt).toISOString(),
      deleteOnTermination: device.deleteOnTermination,
    },
  }));
}
