import type {
  LaunchTemplateBlockDeviceMappingRequest,
  LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
  RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { RootVolume, Template } from '../../../domain/template/template.ts';
import { toAwsTags, type Tags } from '../tags.ts';

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
    ...withoutLaunchChoices(base),
    ImageId: template.imageId,
    KeyName: template.keyName ?? base.KeyName,
    ...networkSettings(template, base),
    IamInstanceProfile:
      instanceProfile === undefined ? base.IamInstanceProfile : instanceProfileReference(instanceProfile),
    UserData: userData === undefined ? base.UserData : Buffer.from(userData, 'utf8').toString('base64'),
    BlockDeviceMappings: blockDevices(template, rootDevice, base),
    EbsOptimized: ebsOptimized ?? base.EbsOptimized,
    Placement: placement(template, base),
    CapacityReservationSpecification:
      capacityReservationId === undefined
        ? base.CapacityReservationSpecification
        : { CapacityReservationTarget: { CapacityReservationId: capacityReservationId } },
    // A machine that shuts itself down must not stay behind, stopped and paid for (AWS's default).
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: metadataOptions(template, base),
    PrivateDnsNameOptions: dnsNameOptions(template, base),
    TagSpecifications: tagSpecifications(memberTags, base),
  };
  // What is not there must not count for the name, which is a hash of the rest.
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
}

/** Without what a request or AWS chooses for each launch: AWS refuses it there, or it would win. */
function withoutLaunchChoices(base: RequestLaunchTemplateData): RequestLaunchTemplateData {
  const { InstanceType: _, InstanceRequirements: __, InstanceMarketOptions: ___, ...rest } = base;
  return rest;
}

type Network = Pick<RequestLaunchTemplateData, 'SecurityGroupIds' | 'SecurityGroups' | 'NetworkInterfaces'>;

/** Security groups stand in the network interface where there is one, and else beside it (AWS). */
function networkSettings(
  { securityGroupIds, publicIp, interfaceType }: Template,
  base: RequestLaunchTemplateData,
): Network {
  const groups = securityGroupIds.length > 0 ? [...securityGroupIds] : undefined;
  const hasNetworkSettings = publicIp !== undefined || interfaceType !== undefined;
  const baseInterfaces = base.NetworkInterfaces ?? [];
  if (!hasNetworkSettings && baseInterfaces.length === 0)
    return groups ? { SecurityGroupIds: groups, SecurityGroups: undefined } : {};
  const effectiveGroups = groups ?? base.SecurityGroupIds;
  const interfaces =
    baseInterfaces.length > 0 ? baseInterfaces : [{ DeviceIndex: 0, DeleteOnTermination: true }];
  return {
    SecurityGroupIds: undefined,
    SecurityGroups: undefined,
    NetworkInterfaces: interfaces.map(
      ({ SubnetId: _, ...one }, index): LaunchTemplateInstanceNetworkInterfaceSpecificationRequest => ({
        ...one,
        ...(groups || !one.Groups?.length ? (effectiveGroups ? { Groups: effectiveGroups } : {}) : {}),
        ...(index === 0 && publicIp !== undefined ? { AssociatePublicIpAddress: publicIp } : {}),
        ...(index === 0 && interfaceType !== undefined ? { InterfaceType: interfaceType } : {}),
      }),
    ),
  };
}

function blockDevices(
  { rootVolume, volumes = [] }: Template,
  rootDevice: string | undefined,
  base: RequestLaunchTemplateData,
): LaunchTemplateBlockDeviceMappingRequest[] | undefined {
  const templateDevices = [
    ...(rootVolume === undefined || rootDevice === undefined ? [] : [blockDevice(rootDevice, rootVolume)]),
    ...volumes.map((volume) => blockDevice(volume.deviceName, volume)),
  ];
  const names = new Set(templateDevices.map(({ DeviceName }) => DeviceName));
  const baseDevices = (base.BlockDeviceMappings ?? []).filter(({ DeviceName }) => !names.has(DeviceName));
  const devices = [...baseDevices, ...templateDevices];
  return devices.length === 0 ? undefined : devices;
}

function blockDevice(DeviceName: string, volume: RootVolume): LaunchTemplateBlockDeviceMappingRequest {
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
  const { AvailabilityZone: _, ...basePlacement } = base.Placement ?? {};
  const merged = {
    ...basePlacement,
    ...(tenancy === undefined ? {} : { Tenancy: tenancy }),
    ...(placementGroupName === undefined ? {} : { GroupName: placementGroupName }),
  };
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function metadataOptions(
  { metadataHttpTokens, metadataHopLimit }: Template,
  base: RequestLaunchTemplateData,
): NonNullable<RequestLaunchTemplateData['MetadataOptions']> {
  const baseOptions = base.MetadataOptions ?? {};
  return {
    ...baseOptions,
    HttpTokens: metadataHttpTokens ?? baseOptions.HttpTokens ?? 'required',
    ...(metadataHopLimit === undefined ? {} : { HttpPutResponseHopLimit: metadataHopLimit }),
  };
}

/** Where names are made of the machine's id, AWS has to give its guest that name as well. */
function dnsNameOptions(
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
  const baseSpecifications = base.TagSpecifications ?? [];
  if (memberTags.length === 0) return baseSpecifications.length === 0 ? undefined : baseSpecifications;
  const memberKeys = new Set(memberTags.map(([key]) => key));
  const resourceTypes = ['instance', 'volume'] as const;
  return [
    ...baseSpecifications.filter(({ ResourceType: type }) => type !== 'instance' && type !== 'volume'),
    ...resourceTypes.map((ResourceType) => ({
      ResourceType,
      Tags: [
        ...baseSpecifications
          .filter((one) => one.ResourceType === ResourceType)
          .flatMap(({ Tags = [] }) => Tags.filter(({ Key = '' }) => !memberKeys.has(Key))),
        ...toAwsTags(memberTags),
      ],
    })),
  ];
}

const instanceProfileReference = (nameOrArn: string): { Arn: string } | { Name: string } =>
  nameOrArn.startsWith('arn:') ? { Arn: nameOrArn } : { Name: nameOrArn };
