import type {
  LaunchTemplateBlockDeviceMappingRequest,
  LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
  RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { RootVolume, Template } from '../../../domain/template/template.ts';
import { awsTags, type Tags } from '../tags.ts';

/**
 * Everything of a template that is not a choice of pool: that is what the overrides of a launch are for. What the
 * template says lies over `base`, the site's own launch template.
 * @param rootDevice name of the image's root device, when the template says something of its volume
 */
export function launchTemplateData(
  template: Template,
  rootDevice: string | undefined,
  memberTags: Tags,
  base: RequestLaunchTemplateData = {},
): RequestLaunchTemplateData {
  const { instanceProfile, userData, ebsOptimized, capacityReservationId } = template;
  const data: RequestLaunchTemplateData = {
    ...chooseNothing(base),
    ImageId: template.imageId,
    KeyName: template.keyName ?? base.KeyName,
    ...network(template, base),
    IamInstanceProfile: instanceProfile === undefined ? base.IamInstanceProfile : profile(instanceProfile),
    UserData: userData === undefined ? base.UserData : Buffer.from(userData, 'utf8').toString('base64'),
    BlockDeviceMappings: devices(template, rootDevice, base),
    EbsOptimized: ebsOptimized ?? base.EbsOptimized,
    Placement: placement(template, base),
    CapacityReservationSpecification:
      capacityReservationId === undefined
        ? base.CapacityReservationSpecification
        : { CapacityReservationTarget: { CapacityReservationId: capacityReservationId } },
    // A machine that shuts itself down must not stay behind, stopped and paid for (AWS's default).
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: metadata(template, base),
    PrivateDnsNameOptions: dnsName(template, base),
    TagSpecifications: tagSpecifications(memberTags, base),
  };
  // What is not there must not count for the name, which is a hash of the rest.
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
}

/** Without what a request or AWS chooses for each launch: AWS refuses it there, or it would win. */
function chooseNothing(base: RequestLaunchTemplateData): RequestLaunchTemplateData {
  const { InstanceType: _, InstanceRequirements: __, InstanceMarketOptions: ___, ...rest } = base;
  return rest;
}

type Network = Pick<RequestLaunchTemplateData, 'SecurityGroupIds' | 'SecurityGroups' | 'NetworkInterfaces'>;

/** Security groups stand in the network interface where there is one, and else beside it (AWS). */
function network(
  { securityGroupIds, publicIp, interfaceType }: Template,
  base: RequestLaunchTemplateData,
): Network {
  const groups = securityGroupIds.length > 0 ? [...securityGroupIds] : undefined;
  const said = publicIp !== undefined || interfaceType !== undefined;
  const given = base.NetworkInterfaces ?? [];
  if (!said && given.length === 0)
    return groups ? { SecurityGroupIds: groups, SecurityGroups: undefined } : {};
  const inherited = groups ?? base.SecurityGroupIds;
  const interfaces = given.length > 0 ? given : [{ DeviceIndex: 0, DeleteOnTermination: true }];
  return {
    SecurityGroupIds: undefined,
    SecurityGroups: undefined,
    NetworkInterfaces: interfaces.map(
      ({ SubnetId: _, ...one }, index): LaunchTemplateInstanceNetworkInterfaceSpecificationRequest => ({
        ...one,
        ...(groups || !one.Groups?.length ? (inherited ? { Groups: inherited } : {}) : {}),
        ...(index === 0 && publicIp !== undefined ? { AssociatePublicIpAddress: publicIp } : {}),
        ...(index === 0 && interfaceType !== undefined ? { InterfaceType: interfaceType } : {}),
      }),
    ),
  };
}

function devices(
  { rootVolume, volumes = [] }: Template,
  rootDevice: string | undefined,
  base: RequestLaunchTemplateData,
): LaunchTemplateBlockDeviceMappingRequest[] | undefined {
  const ours = [
    ...(rootVolume === undefined || rootDevice === undefined ? [] : [device(rootDevice, rootVolume)]),
    ...volumes.map((volume) => device(volume.deviceName, volume)),
  ];
  const names = new Set(ours.map(({ DeviceName }) => DeviceName));
  const theirs = (base.BlockDeviceMappings ?? []).filter(({ DeviceName }) => !names.has(DeviceName));
  const all = [...theirs, ...ours];
  return all.length === 0 ? undefined : all;
}

function device(DeviceName: string, volume: RootVolume): LaunchTemplateBlockDeviceMappingRequest {
  const { sizeGiB, type, iops, throughput, encrypted, kmsKeyId } = volume;
  return {
    DeviceName,
    Ebs: {
      DeleteOnTermination: true,
      ...(sizeGiB === undefined ? {} : { VolumeSize: sizeGiB }),
      ...(type === undefined ? {} : { VolumeType: type }),
      ...(iops === undefined ? {} : { Iops: iops }),
      ...(throughput === undefined ? {} : { Throughput: throughput }),
      ...(encrypted === undefined ? {} : { Encrypted: encrypted }),
      ...(kmsKeyId === undefined ? {} : { KmsKeyId: kmsKeyId }),
    },
  };
}

function placement(
  { tenancy, placementGroupName }: Template,
  base: RequestLaunchTemplateData,
): RequestLaunchTemplateData['Placement'] {
  // The zone is that of the subnet.
  const { AvailabilityZone: _, ...given } = base.Placement ?? {};
  const wanted = {
    ...given,
    ...(tenancy === undefined ? {} : { Tenancy: tenancy }),
    ...(placementGroupName === undefined ? {} : { GroupName: placementGroupName }),
  };
  return Object.keys(wanted).length === 0 ? undefined : wanted;
}

function metadata(
  { metadataHttpTokens, metadataHopLimit }: Template,
  base: RequestLaunchTemplateData,
): NonNullable<RequestLaunchTemplateData['MetadataOptions']> {
  const given = base.MetadataOptions ?? {};
  return {
    ...given,
    HttpTokens: metadataHttpTokens ?? given.HttpTokens ?? 'required',
    ...(metadataHopLimit === undefined ? {} : { HttpPutResponseHopLimit: metadataHopLimit }),
  };
}

/** Where names are made of the machine's id, AWS has to give its guest that name as well. */
function dnsName(
  { hostName }: Template,
  base: RequestLaunchTemplateData,
): RequestLaunchTemplateData['PrivateDnsNameOptions'] {
  if (hostName?.strategy !== 'resource-name') return base.PrivateDnsNameOptions;
  return {
    ...base.PrivateDnsNameOptions,
    HostnameType: 'resource-name',
    EnableResourceNameDnsARecord: true,
  };
}

function tagSpecifications(
  memberTags: Tags,
  base: RequestLaunchTemplateData,
): RequestLaunchTemplateData['TagSpecifications'] {
  const given = base.TagSpecifications ?? [];
  if (memberTags.length === 0) return given.length === 0 ? undefined : given;
  const ours = new Set(memberTags.map(([key]) => key));
  const tagged = ['instance', 'volume'] as const;
  return [
    ...given.filter(({ ResourceType: type }) => type !== 'instance' && type !== 'volume'),
    ...tagged.map((ResourceType) => ({
      ResourceType,
      Tags: [
        ...given
          .filter((one) => one.ResourceType === ResourceType)
          .flatMap(({ Tags = [] }) => Tags.filter(({ Key = '' }) => !ours.has(Key))),
        ...awsTags(memberTags),
      ],
    })),
  ];
}

const profile = (nameOrArn: string): { Arn: string } | { Name: string } =>
  nameOrArn.startsWith('arn:') ? { Arn: nameOrArn } : { Name: nameOrArn };
