import { createHash } from 'node:crypto';
import {
  CreateLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeLaunchTemplatesCommand,
  type LaunchTemplateBlockDeviceMappingRequest,
  type RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { RootVolume, Template } from '../../domain/template/template.ts';
import type { AwsClients } from './clients.ts';
import { toProviderError } from './errors.ts';
import { awsTags, TAG, type Tags } from './tags.ts';

export interface LaunchTemplateRef {
  readonly id: string;
  /** Always a number: `$Latest` could change between a call and its retry. */
  readonly version: string;
}

export interface LaunchTemplates {
  /**
   * The launch template with exactly this template's content, made if there is none yet. Its name is a
   * hash of its content, so all requests of a template share one and it never changes.
   * @param memberTags tags that AWS gives to what a group launches by itself; never those of one request
   * @throws ProviderError
   */
  ensure(deployment: string, template: Template, memberTags?: Tags): Promise<LaunchTemplateRef>;
  forget(id: string): void;
}

export function createLaunchTemplates(clients: AwsClients): LaunchTemplates {
  const known = new Map<string, LaunchTemplateRef>();
  const rootDevices = new Map<string, string>();

  async function create(name: string, deployment: string, data: RequestLaunchTemplateData): Promise<string> {
    const made = await clients.mutating.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: name,
        ClientToken: name.replaceAll('/', '-'),
        LaunchTemplateData: data,
        TagSpecifications: [
          { ResourceType: 'launch-template', Tags: awsTags([[TAG.deployment, deployment]]) },
        ],
      }),
    );
    return made.LaunchTemplate?.LaunchTemplateId ?? '';
  }

  async function find(name: string): Promise<string | undefined> {
    try {
      const found = await clients.reading.send(
        new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] }),
      );
      return found.LaunchTemplates?.[0]?.LaunchTemplateId;
    } catch (error) {
      if (toProviderError(error).providerCode === 'InvalidLaunchTemplateName.NotFoundException')
        return undefined;
      throw error;
    }
  }

  /** Resizing another device than the image's own root would add a volume instead. */
  async function rootDevice(imageId: string): Promise<string> {
    const cached = rootDevices.get(imageId);
    if (cached !== undefined) return cached;
    try {
      const { Images } = await clients.reading.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
      const name = Images?.[0]?.RootDeviceName ?? '/dev/xvda';
      rootDevices.set(imageId, name);
      return name;
    } catch (error) {
      throw toProviderError(error);
    }
  }

  return {
    async ensure(deployment, template, memberTags = []) {
      const root = template.rootVolume && (await rootDevice(template.imageId));
      const data = { ...launchTemplateData(template, root), ...tagSpecifications(memberTags) };
      const name = `ohf/${deployment}/${contentHash(data)}`;
      const cached = known.get(name);
      if (cached) return cached;
      try {
        const id = (await find(name)) ?? (await create(name, deployment, data));
        const ref = { id, version: '1' };
        known.set(name, ref);
        return ref;
      } catch (error) {
        const failure = toProviderError(error);
        // Another worker was quicker: what stands under the name has the same content.
        const id =
          failure.providerCode === 'InvalidLaunchTemplateName.AlreadyExistsException'
            ? await find(name)
            : undefined;
        if (id === undefined) throw failure;
        return { id, version: '1' };
      }
    },
    forget(id) {
      for (const [name, ref] of known) if (ref.id === id) known.delete(name);
    },
  };
}

/** Everything of a template that is not a choice of pool: that is what the overrides of a launch are for. */
function launchTemplateData(template: Template, rootDevice: string | undefined): RequestLaunchTemplateData {
  const { rootVolume, volumes = [], tenancy, placementGroupName, capacityReservationId } = template;
  const devices = [
    ...(rootVolume === undefined || rootDevice === undefined ? [] : [device(rootDevice, rootVolume)]),
    ...volumes.map((volume) => device(volume.deviceName, volume)),
  ];
  return {
    ImageId: template.imageId,
    ...(template.keyName === undefined ? {} : { KeyName: template.keyName }),
    ...(template.securityGroupIds.length === 0 ? {} : { SecurityGroupIds: [...template.securityGroupIds] }),
    ...(template.instanceProfile === undefined
      ? {}
      : { IamInstanceProfile: profile(template.instanceProfile) }),
    ...(template.userData === undefined
      ? {}
      : { UserData: Buffer.from(template.userData, 'utf8').toString('base64') }),
    ...(devices.length === 0 ? {} : { BlockDeviceMappings: devices }),
    ...(template.ebsOptimized === undefined ? {} : { EbsOptimized: template.ebsOptimized }),
    ...(tenancy === undefined && placementGroupName === undefined
      ? {}
      : {
          Placement: {
            ...(tenancy === undefined ? {} : { Tenancy: tenancy }),
            ...(placementGroupName === undefined ? {} : { GroupName: placementGroupName }),
          },
        }),
    ...(capacityReservationId === undefined
      ? {}
      : {
          CapacityReservationSpecification: {
            CapacityReservationTarget: { CapacityReservationId: capacityReservationId },
          },
        }),
    // A machine that shuts itself down must not stay behind, stopped and paid for (AWS's default).
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: {
      HttpTokens: template.metadataHttpTokens ?? 'required',
      ...(template.metadataHopLimit === undefined
        ? {}
        : { HttpPutResponseHopLimit: template.metadataHopLimit }),
    },
  };
}

function tagSpecifications(tags: Tags): Pick<RequestLaunchTemplateData, 'TagSpecifications'> {
  if (tags.length === 0) return {};
  const Tags = awsTags(tags);
  return {
    TagSpecifications: [
      { ResourceType: 'instance', Tags },
      { ResourceType: 'volume', Tags },
    ],
  };
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

const profile = (nameOrArn: string): { Arn: string } | { Name: string } =>
  nameOrArn.startsWith('arn:') ? { Arn: nameOrArn } : { Name: nameOrArn };

function contentHash(data: RequestLaunchTemplateData): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 32);
}
