import { newId } from '../../protocol/call.ts';
import type { Call, Outcome } from '../../protocol/call.ts';
import { AwsError, missingParameter } from '../../protocol/errors.ts';
import { readFilters, readPage } from '../../protocol/filters.ts';
import type { Filterable } from '../../protocol/filters.ts';
import { checkVersion, findTemplate, resolveImage } from '../launchSpec.ts';
import type { LaunchTemplate } from '../../state/model.ts';
import { flag, required, subtree, stringAt, stringList, toTree } from '../../protocol/params.ts';
import type { FlatParams, ParamTree } from '../../protocol/params.ts';
import { readTagSpecifications, tagSet } from '../../protocol/tagging.ts';
import { readClientToken } from '../../state/tokens.ts';
import type { Xml } from '../../protocol/xml.ts';

const dataPrefix = 'LaunchTemplateData.';
const tokenLength = 128;

/** CreateLaunchTemplate: names are unique, and the same token returns the same template. */
export function createLaunchTemplate(call: Call): Outcome {
  const token = readClientToken(call, call.catalogue.region, tokenLength);
  if (token?.previous?.answer !== undefined) return { body: token.previous.answer, replay: true };
  const name = required(call.params, 'LaunchTemplateName');
  if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(name)) {
    throw new AwsError(
      'InvalidLaunchTemplateName.MalformedException',
      'A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the ' +
        'following characters: - ( ) . / _.',
    );
  }
  for (const other of call.world.templates.values()) {
    if (other.name !== name) continue;
    throw new AwsError(
      'InvalidLaunchTemplateName.AlreadyExistsException',
      'Launch template name already in use.',
    );
  }
  const data = subtree(call.params, 'LaunchTemplateData');
  if (data === undefined) throw missingParameter('LaunchTemplateData');
  // Parsed here only to reject bad tags at once, as AWS does, and not at the launch.
  readTagSpecifications(data, ['instance', 'volume', 'network-interface', 'spot-instances-request']);
  const template: LaunchTemplate = {
    id: newId('lt'),
    name,
    createdAt: call.now,
    tags: readTagSpecifications(call.params, ['launch-template'])['launch-template'] ?? {},
    data: withoutPrefix(call.flat),
  };
  const body = { launchTemplate: templateXml(call, template) };
  const tokens = token === undefined ? [] : [token.record({ answer: body })];
  return { body, change: { templates: [template], tokens } };
}

function withoutPrefix(flat: FlatParams): FlatParams {
  const data: FlatParams = {};
  for (const [name, value] of Object.entries(flat)) {
    if (name.startsWith(dataPrefix)) data[name.slice(dataPrefix.length)] = value;
  }
  return data;
}

const filterable: Filterable<LaunchTemplate> = {
  fields: {
    'launch-template-name': (template) => template.name,
    'create-time': (template) => new Date(template.createdAt).toISOString(),
  },
  tags: (template) => template.tags,
};

/** DescribeLaunchTemplates by ids, names or filters; an unknown id or name fails the call. */
export function describeLaunchTemplates(call: Call): Outcome {
  const ids = stringList(call.params, 'LaunchTemplateId');
  const names = stringList(call.params, 'LaunchTemplateName');
  const found = [
    ...ids.map((id) => findTemplate(call, { LaunchTemplateId: id })),
    ...names.map((name) => findTemplate(call, { LaunchTemplateName: name })),
  ];
  const byId = ids.length + names.length > 0;
  const keep = readFilters(call.params, filterable);
  // A template may be deleted between two pages; no caller of the simulator depends on these pages.
  const all = byId ? [...new Set(found)] : [...call.world.templates.values()];
  const page = readPage(call, all, keep, { byId, min: 1, max: 200 });
  return {
    body: {
      launchTemplates: page.items.map((template) => templateXml(call, template)),
      nextToken: page.nextToken,
    },
  };
}

/** DescribeLaunchTemplateVersions of one template by its id or name; with ResolveAlias the image is what its alias names. */
export function describeLaunchTemplateVersions(call: Call): Outcome {
  const template = findTemplate(call, call.params);
  for (const version of stringList(call.params, 'LaunchTemplateVersion')) checkVersion(template, version);
  const { ImageId: image, ...data } = toTree(template.data);
  const resolve = flag(call.params, 'ResolveAlias') === true;
  const imageId = typeof image === 'string' && resolve ? resolveImage(call, image) : image;
  const version = {
    launchTemplateId: template.id,
    launchTemplateName: template.name,
    versionNumber: 1,
    defaultVersion: true,
    launchTemplateData: { ...dataXml(data), ...(typeof imageId === 'string' && { imageId }) },
  };
  return { body: { launchTemplateVersionSet: [version] } };
}

/** Converts request parameters to the form of a response: lists become sets, names begin in lower case. */
function dataXml(tree: ParamTree): { readonly [name: string]: Xml } {
  const answer: Record<string, Xml> = {};
  for (const [name, value] of Object.entries(tree)) {
    const small = name.charAt(0).toLowerCase() + name.slice(1);
    if (typeof value === 'string') answer[small] = value;
    else if (!('1' in value)) answer[small] = dataXml(value);
    else if (name === 'SecurityGroupId' && 'DeviceIndex' in tree)
      answer['groupSet'] = { groupId: stringAt(value, '1') };
    else {
      const items = Object.values(value).map((item) => (typeof item === 'string' ? item : dataXml(item)));
      answer[`${small}Set`] = items;
    }
  }
  return answer;
}

/** DeleteLaunchTemplate by id or name. */
export function deleteLaunchTemplate(call: Call): Outcome {
  const template = findTemplate(call, call.params);
  return {
    body: { launchTemplate: templateXml(call, template) },
    change: { deletedTemplates: [template.id] },
  };
}

function templateXml(call: Call, template: LaunchTemplate): Xml {
  return {
    launchTemplateId: template.id,
    launchTemplateName: template.name,
    createTime: new Date(template.createdAt).toISOString(),
    createdBy: `arn:aws:iam::${call.accountId}:root`,
    defaultVersionNumber: 1,
    latestVersionNumber: 1,
    tagSet: tagSet(template.tags),
  };
}
