import type {
  LaunchTemplateBlockDeviceMappingRequest,
  LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
  RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { RootVolume, Template } from '../../../domain/template/template.ts';
import { toAwsTags, type Tags } from '../tags.ts';

/**
 * Everything of a template except the choice of offering, which the overrides make. The template's values take
 * precedence over `base`, the site's own launch template.
 * @param rootDevice name of the image's root device, if the template has settings for its volume
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
    // Otherwise a machine that shuts itself down stays, stopped and billed (AWS's default).
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: metadataOptions(template, base),
    PrivateDnsNameOptions: dnsNameOptions(template, base),
    TagSpecifications: tagSpecifications(memberTags, base),
  };
  // Undefined keys must not enter the content hash that names the launch template.
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
}

/** Removes what each launch chooses itself: AWS would refuse it, or it would override the choice. */
function withoutLaunchChoices(base: RequestLaunchTemplateData): RequestLaunchTemplateData {
  const { InstanceType: _, InstanceRequirements: __, InstanceMarketOptions: ___, ...rest } = base;
  return rest;
}

type Network = Pick<RequestLaunchTemplateData, 'SecurityGroupIds' | 'SecurityGroups' | 'NetworkInterfaces'>;

/** AWS requires security groups inside the network interface if there is one. */
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
      (
        { SubnetId: _, ...networkInterface },
        index,
      ): LaunchTemplateInstanceNetworkInterfaceSpecificationRequest => ({
        ...networkInterface,
        ...(groups || !networkInterface.Groups?.length
          ? effectiveGroups
            ? { Groups: effectiveGroups }
            : {}
          : {}),
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
  // The subnet determines the zone.
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

/** Resource-based names must also be the guest's own host name. */
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
          .filter((specification) => specification.ResourceType === ResourceType)
          .flatMap(({ Tags = [] }) => Tags.filter(({ Key = '' }) => !memberKeys.has(Key))),
        ...toAwsTags(memberTags),
      ],
    })),
  ];
}

const instanceProfileReference = (nameOrArn: string): { Arn: string } | { Name: string } =>
  nameOrArn.startsWith('arn:') ? { Arn: nameOrArn } : { Name: nameOrArn };
