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
import { isAwsError, toProviderError } from '../client/errors.ts';
import { launchTemplateData } from './launchTemplateData.ts';
import { toAwsTags, TAG, type Tags } from '../tags.ts';
import type { ResolvedTemplate } from '../../../domain/template/resolvedTemplate.ts';

export interface LaunchTemplateRef {
  readonly id: string;
  /** Always a number: `$Latest` could change between a call and its retry. */
  readonly version: string;
  /** Its network interfaces, if it defines any. */
  readonly networkInterfaces?: RequestLaunchTemplateData['NetworkInterfaces'];
  /** Resolved names, if the template has any. */
  readonly resolvedTemplate?: ResolvedTemplate;
}

export interface LaunchTemplates {
  /**
   * Finds or creates the launch template with exactly this content. Its name is a hash of the content, so all requests
   * of a template share it and it never changes.
   * @throws ProviderError
   */
  ensure(deployment: string, template: Template, options?: EnsureOptions): Promise<LaunchTemplateRef>;
  invalidate(id: string): void;
}

export interface EnsureOptions {
  /** Tags for members that a group launches itself; never those of one request. */
  readonly memberTags?: Tags;
  readonly resolvedTemplate?: ResolvedTemplate | undefined;
}

export function createLaunchTemplates(clients: AwsClients): LaunchTemplates {
  const refsByName = new Map<string, LaunchTemplateRef>();
  const rootDevices = new Map<string, string>();

  async function create(name: string, deployment: string, data: RequestLaunchTemplateData): Promise<string> {
    const response = await clients.mutating.send(
      new CreateLaunchTemplateCommand({
        // The name already makes it unique; a client token would return a deleted template for a day.
        LaunchTemplateName: name,
        LaunchTemplateData: data,
        TagSpecifications: [
          { ResourceType: 'launch-template', Tags: toAwsTags([[TAG.deployment, deployment]]) },
        ],
      }),
    );
    return requireField(response.LaunchTemplate?.LaunchTemplateId, 'id of the launch template');
  }

  /** Creates it unless another worker was faster: the name guarantees the same content. */
  async function createOrFind(
    name: string,
    deployment: string,
    data: RequestLaunchTemplateData,
  ): Promise<string> {
    try {
      return await create(name, deployment, data);
    } catch (error) {
      const failure = toProviderError(error);
      const id = isAwsError(failure, 'alreadyExists') ? await find(name) : undefined;
      if (id === undefined) throw failure;
      return id;
    }
  }

  async function find(name: string): Promise<string | undefined> {
    try {
      const response = await clients.reading.send(
        new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] }),
      );
      // If there is none, AWS returns an error.
      return requireField(response.LaunchTemplates?.[0]?.LaunchTemplateId, 'id of the launch template');
    } catch (error) {
      if (isAwsError(error, 'notFound')) return undefined;
      throw toProviderError(error);
    }
  }

  /** Resizing any other device than the image's root would add a volume. */
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

  /** Reads a version of a launch template, with the version number and the image alias resolved. */
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
      // The site's launch template: recreating ours would not help.
      if (failure.kind === 'stale')
        throw new ProviderError('permanent', failure.providerCode, failure.message);
      throw failure;
    }
  }

  /** AWS resolves image aliases only in launch templates, so one is created for the alias. */
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

/** Prefix of an SSM parameter that holds an image id. */
const SSM_ALIAS_PREFIX = 'resolve:ssm:';

interface LaunchTemplateVersion {
  readonly data: RequestLaunchTemplateData;
  readonly version: string;
}

function contentHash(data: RequestLaunchTemplateData): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 32);
}
