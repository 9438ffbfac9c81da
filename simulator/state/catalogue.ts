import type { Instance } from './model.ts';

export type InstanceType = { name: string; vcpus: number; memoryMiB: number; architecture: string };
export type Subnet = { id: string; zone: string; zoneId: string; cidr: string; base: number; size: number };
export type Image = { id: string; name: string; architecture: string; rootDevice: string };

/** What the simulated region offers. */
export type Catalogue = {
  region: string;
  vpcId: string;
  defaultSecurityGroupId: string;
  instanceTypes: Map<string, InstanceType>;
  subnets: Map<string, Subnet>;
  images: Map<string, Image>;
  /** Parameters of the Systems Manager that hold the id of an image. */
  imageParameters: Map<string, string>;
};

const instanceTypes: InstanceType[] = [
  { name: 't3.small', vcpus: 2, memoryMiB: 2048, architecture: 'x86_64' },
  { name: 't3.medium', vcpus: 2, memoryMiB: 4096, architecture: 'x86_64' },
  { name: 'm5.large', vcpus: 2, memoryMiB: 8192, architecture: 'x86_64' },
  { name: 'm5.xlarge', vcpus: 4, memoryMiB: 16384, architecture: 'x86_64' },
  { name: 'c5.large', vcpus: 2, memoryMiB: 4096, architecture: 'x86_64' },
  { name: 'c5.xlarge', vcpus: 4, memoryMiB: 8192, architecture: 'x86_64' },
  { name: 'r5.large', vcpus: 2, memoryMiB: 16384, architecture: 'x86_64' },
  { name: 'r5.2xlarge', vcpus: 8, memoryMiB: 65536, architecture: 'x86_64' },
  { name: 'm6g.large', vcpus: 2, memoryMiB: 8192, architecture: 'arm64' },
];

const images: Image[] = [
  { id: 'ami-00000000000000001', name: 'linux-x86_64', architecture: 'x86_64', rootDevice: '/dev/xvda' },
  { id: 'ami-00000000000000002', name: 'linux-arm64', architecture: 'arm64', rootDevice: '/dev/xvda' },
];

const subnetSize = 2 ** 14; // a /18
const firstAddress = 10 * 2 ** 24; // 10.0.0.0

/** The catalogue of one region: three zones with one subnet each. */
export function createCatalogue(region: string): Catalogue {
  const subnets = ['a', 'b', 'c'].map((letter, index): Subnet => {
    const base = firstAddress + index * subnetSize;
    return {
      id: `subnet-0000000000000000${letter}`,
      zone: `${region}${letter}`,
      zoneId: `use1-az${index + 1}`,
      cidr: `${formatIpv4(base)}/18`,
      base,
      size: subnetSize,
    };
  });
  return {
    region,
    vpcId: 'vpc-00000000000000001',
    defaultSecurityGroupId: 'sg-00000000000000001',
    instanceTypes: new Map(instanceTypes.map((type) => [type.name, type])),
    subnets: new Map(subnets.map((subnet) => [subnet.id, subnet])),
    images: new Map(images.map((image) => [image.id, image])),
    imageParameters: new Map(
      images.map((image) => [`/aws/service/ami-simulated/${image.architecture}`, image.id]),
    ),
  };
}

/** An IPv4 address as people write it. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** The host name EC2 gives to an instance, by its private address or its id. */
export function privateDnsName(region: string, instance: Instance): string {
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  const { id, privateIp, namedById } = instance;
  return `${namedById ? id : `ip-${privateIp.replaceAll('.', '-')}`}.${domain}`;
}
