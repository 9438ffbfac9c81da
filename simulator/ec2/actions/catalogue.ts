import type { Call, Outcome } from '../../protocol/call.ts';
import type { Image, InstanceType, Subnet } from '../../state/catalogue.ts';
import { AwsError } from '../../protocol/errors.ts';
import { readFilters, readPage } from '../../protocol/filters.ts';
import { freeAddresses } from '../launch.ts';
import { findSubnet, isWellFormed } from '../launchSpec.ts';
import { stringList } from '../../protocol/params.ts';
import type { Xml } from '../../protocol/xml.ts';

/** DescribeInstanceTypes by names or filters. */
export function describeInstanceTypes(call: Call): Outcome {
  const names = stringList(call.params, 'InstanceType');
  const known = call.catalogue.instanceTypes;
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new AwsError(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
    );
  }
  const byId = names.length > 0;
  const keep = readFilters<InstanceType>(call.params, {
    fields: {
      'current-generation': () => 'true',
      'instance-type': (type) => type.name,
      'memory-info.size-in-mib': (type) => String(type.memoryMiB),
      'processor-info.supported-architecture': (type) => type.architecture,
      'vcpu-info.default-vcpus': (type) => String(type.vcpus),
    },
  });
  const all = [...known.values()].filter((type) => !byId || names.includes(type.name));
  const page = readPage(call, all, keep, { byId, max: 100 });
  return { body: { instanceTypeSet: page.items.map(instanceTypeXml), nextToken: page.nextToken } };
}

function instanceTypeXml(type: InstanceType): Xml {
  const threadsPerCore = type.architecture === 'arm64' ? 1 : 2;
  return {
    instanceType: type.name,
    currentGeneration: true,
    freeTierEligible: false,
    supportedUsageClasses: ['on-demand', 'spot'],
    supportedRootDeviceTypes: ['ebs'],
    supportedVirtualizationTypes: ['hvm'],
    bareMetal: false,
    hypervisor: 'nitro',
    processorInfo: { supportedArchitectures: [type.architecture] },
    vCpuInfo: {
      defaultVCpus: type.vcpus,
      defaultCores: type.vcpus / threadsPerCore,
      defaultThreadsPerCore: threadsPerCore,
    },
    memoryInfo: { sizeInMiB: type.memoryMiB },
    instanceStorageSupported: false,
    burstablePerformanceSupported: type.name.startsWith('t3.'),
  };
}

/** DescribeSubnets by ids or filters. */
export function describeSubnets(call: Call): Outcome {
  const ids = stringList(call.params, 'SubnetId');
  const byId = ids.length > 0;
  const keep = readFilters<Subnet>(call.params, {
    fields: {
      'availability-zone': (subnet) => subnet.zone,
      'availability-zone-id': (subnet) => subnet.zoneId,
      'subnet-id': (subnet) => subnet.id,
      'vpc-id': () => call.catalogue.vpcId,
      state: () => 'available',
    },
    tags: () => ({}),
  });
  const all = byId ? ids.map((id) => findSubnet(call, id)) : [...call.catalogue.subnets.values()];
  const page = readPage(call, all, keep, { byId });
  return {
    body: { subnetSet: page.items.map((subnet) => subnetXml(call, subnet)), nextToken: page.nextToken },
  };
}

function subnetXml(call: Call, subnet: Subnet): Xml {
  const { region, vpcId } = call.catalogue;
  return {
    subnetId: subnet.id,
    subnetArn: `arn:aws:ec2:${region}:${call.accountId}:subnet/${subnet.id}`,
    state: 'available',
    vpcId,
    ownerId: call.accountId,
    cidrBlock: subnet.cidr,
    availableIpAddressCount: freeAddresses(call.world, subnet, call.now),
    availabilityZone: subnet.zone,
    availabilityZoneId: subnet.zoneId,
    defaultForAz: false,
    mapPublicIpOnLaunch: false,
    tagSet: [],
  };
}

/** DescribeImages by ids or filters. */
export function describeImages(call: Call): Outcome {
  const ids = stringList(call.params, 'ImageId');
  const byId = ids.length > 0;
  const keep = readFilters<Image>(call.params, {
    fields: {
      architecture: (image) => image.architecture,
      'image-id': (image) => image.id,
      'image-type': () => 'machine',
      name: (image) => image.name,
      state: () => 'available',
    },
    tags: () => ({}),
  });
  const all = byId ? ids.map((id) => findImage(call, id)) : [...call.catalogue.images.values()];
  const page = readPage(call, all, keep, { byId });
  return { body: { imagesSet: page.items.map(imageXml), nextToken: page.nextToken } };
}

function findImage(call: Call, id: string): Image {
  if (!isWellFormed('ami', id)) throw new AwsError('InvalidAMIID.Malformed', `Invalid id: "${id}"`);
  const image = call.catalogue.images.get(id);
  if (image === undefined)
    throw new AwsError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
  return image;
}

function imageXml(image: Image): Xml {
  return {
    imageId: image.id,
    imageLocation: `amazon/${image.name}`,
    imageState: 'available',
    imageOwnerId: '137112412989',
    imageOwnerAlias: 'amazon',
    isPublic: true,
    architecture: image.architecture,
    imageType: 'machine',
    name: image.name,
    creationDate: '2026-01-01T00:00:00.000Z',
    platformDetails: 'Linux/UNIX',
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDevice,
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    enaSupport: true,
    tagSet: [],
  };
}
