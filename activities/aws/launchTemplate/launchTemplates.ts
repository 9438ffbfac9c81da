import { createHash } from 'node:crypto';
import type { RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import {
  CreateLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
} from '../client/ec2.ts';
import { ProviderError } from '../../../domain/errors/errors.ts';
import type { Template } from '../../../domain/template/template.ts';
import { requireField } from '../client/responseGuards.ts';
import type { AwsClients } from '../client/clients.ts';
import { toProviderError } from '../client/errors.ts';
import { launchTemplateData } from './launchTemplateData.ts';
import { toAwsTags, TAG, type Tags } from '../tags.ts';
import type { ResolvedTemplate } from '../../../domain/template/resolvedTemplate.ts';

export interface LaunchTemplateRef {
  readonly id: string;
  /** Always a number: `$Latest` could change between a call and its retry. */
  readonly version: string;
  /** What it says of network interfaces, if anything. */
  readonly networkInterfaces?: RequestLaunchTemplateData['NetworkInterfaces'];
  /** What this request's names stand for, if the template has any. */
  readonly resolvedTemplate?: ResolvedTemplate;
}

export interface LaunchTemplates {
  /**
   * The launch template with exactly this template's content, made if there is none yet. Its name is a
   * hash of its content, so all requests of a template share one and it never changes.
   * @throws ProviderError
   */
  ensure(deployment: string, template: Template, options?: EnsureOptions): Promise<LaunchTemplateRef>;
  invalidate(id: string): void;
}

export interface EnsureOptions {
  /** Tags that AWS gives to what a group launches by itself; never those of one request. */
  readonly memberTags?: Tags;
  readonly resolvedTemplate?: ResolvedTemplate | undefined;
}

export function createLaunchTemplates(clients: AwsClients): LaunchTemplates {
  const refsByName = new Map<string, LaunchTemplateRef>();
  const rootDevices = new Map<string, string>();

  async function create(name: string, deployment: string, data: RequestLaunchTemplateData): Promise<string> {
    const response = await clients.mutating.send(
      new CreateLaunchTemplateCommand({
        // Its name makes it unique; a token of ours would bring back, for a day, one that somebody deleted.
        LaunchTemplateName: name,
        LaunchTemplateData: data,
        TagSpecifications: [
          { ResourceType: 'launch-template', Tags: toAwsTags([[TAG.deployment, deployment]]) },
        ],
      }),
    );
    return requireField(response.LaunchTemplate?.LaunchTemplateId, 'id of the launch template');
  }

  /** Makes it, unless another worker is quicker: what stands under the name has the same content. */
  async function createOrFind(
    name: string,
    deployment: string,
    data: RequestLaunchTemplateData,
  ): Promise<string> {
    try {
      return await create(name, deployment, data);
    } catch (error) {
      const failure = toProviderError(error);
      const alreadyExists = failure.providerCode === 'InvalidLaunchTemplateName.AlreadyExistsException';
      const id = alreadyExists ? await find(name) : undefined;
      if (id === undefined) throw failure;
      return id;
    }
  }

  async function find(name: string): Promise<string | undefined> {
    try {
      const response = await clients.reading.send(
        new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] }),
      );
      // AWS says by an error that there is none.
      return requireField(response.LaunchTemplates?.[0]?.LaunchTemplateId, 'id of the launch template');
    } catch (error) {
      if (toProviderError(error).providerCode === 'InvalidLaunchTemplateName.NotFoundException')
        return undefined;
      throw toProviderError(error);
    }
  }

  /** Resizing another device than the image's own root would add a volume instead. */
  async function rootDevice(imageId: string): Promise<string> {
    const cached = rootDevices.get(imageId);
    if (cached !== undefined) return cached;
    try {
      const { Images } = await clients.reading.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
      const [image] = requireField(Images, 'list of images');
      const name = image?.RootDeviceName ?? '/dev/xvda';
      rootDevices.set(imageId, name);
      return name;
    } catch (error) {
      throw toProviderError(error);
    }
  }

  async function ensureData(deployment: string, data: RequestLaunchTemplateData): Promise<LaunchTemplateRef> {
    const name = `ohf/${deployment}/${contentHash(data)}`;
    const cached = refsByName.get(name);
    if (cached) return cached;
    const id = (await find(name)) ?? (await createOrFind(name, deployment, data));
    const { NetworkInterfaces: networkInterfaces } = data;
    const ref = { id, version: '1', ...(networkInterfaces === undefined ? {} : { networkInterfaces }) };
    refsByName.set(name, ref);
    return ref;
  }

  /** What a version of a launch template says, with the number of the version and an alias of its image resolved. */
  async function readVersion(id: string, version: string): Promise<LaunchTemplateVersion> {
    try {
      const response = await clients.reading.send(
        new DescribeLaunchTemplateVersionsCommand({
          LaunchTemplateId: id,
          Versions: [version],
          ResolveAlias: true,
        }),
      );
      const found = response.LaunchTemplateVersions?.[0];
      return {
        data: requireField(
          found?.LaunchTemplateData,
          'data of the launch template',
        ) as RequestLaunchTemplateData,
        version: String(requireField(found?.VersionNumber, 'version of the launch template')),
      };
    } catch (error) {
      const failure = toProviderError(error);
      // Not one that we made: making ours anew would not bring it back.
      if (failure.kind === 'stale')
        throw new ProviderError('permanent', failure.providerCode, failure.message);
      throw failure;
    }
  }

  /** AWS resolves the alias of an image in a launch template; so it is asked by one. */
  async function resolveImage(deployment: string, alias: string): Promise<string> {
    const { id } = await ensureData(deployment, { ImageId: alias });
    const { data } = await readVersion(id, '1');
    return data.ImageId ?? alias;
  }

  return {
    async ensure(deployment, template, { memberTags = [], resolvedTemplate } = {}) {
      const siteTemplate = template.launchTemplate;
      const base =
        siteTemplate &&
        (await readVersion(siteTemplate.id, resolvedTemplate?.launchTemplateVersion ?? siteTemplate.version));
      const imageReference = template.imageId || (base?.data.ImageId ?? '');
      if (imageReference === '')
        throw new ProviderError(
          'permanent',
          'MissingImage',
          'Neither the template nor its launch template names an AMI.',
        );
      const isAlias = imageReference.startsWith(SSM_ALIAS_PREFIX);
      const imageId =
        resolvedTemplate?.imageId ??
        (isAlias ? await resolveImage(deployment, imageReference) : imageReference);
      const templateWithImage = { ...template, imageId };
      const rootDeviceName = template.rootVolume && (await rootDevice(imageId));
      const ref = await ensureData(
        deployment,
        launchTemplateData(templateWithImage, rootDeviceName, memberTags, base?.data),
      );
      if (!siteTemplate && !isAlias) return ref;
      return {
        ...ref,
        resolvedTemplate: { imageId, ...(base === undefined ? {} : { launchTemplateVersion: base.version }) },
      };
    },
    invalidate(id) {
      for (const [name, ref] of refsByName) if (ref.id === id) refsByName.delete(name);
    },
  };
}

/** By which a launch template names the parameter that holds the id of an image. */
const SSM_ALIAS_PREFIX = 'resolve:ssm:';

interface LaunchTemplateVersion {
  readonly data: RequestLaunchTemplateData;
  readonly version: string;
}

function contentHash(data: RequestLaunchTemplateData): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 32);
}
