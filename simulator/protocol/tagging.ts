import { AwsError, invalidValue, missingParameter } from './errors.ts';
import type { Tags } from '../state/model.ts';
import { subtrees, stringAt } from './params.ts';
import type { ParamTree } from './params.ts';
import type { Xml } from './xml.ts';

const maxTags = 50;

/** The `Tag.N` of a structure. Throws for reserved, duplicate, too long or too many keys. */
export function readTags(tree: ParamTree | undefined): Tags {
  const tags: Tags = {};
  for (const tag of subtrees(tree, 'Tag')) {
    const key = stringAt(tag, 'Key');
    const value = stringAt(tag, 'Value') ?? '';
    if (key === undefined || key === '') throw missingParameter('Tag.Key');
    if (/^aws:/i.test(key)) {
      throw invalidValue('tag', key, "Tag keys starting with 'aws:' are reserved for internal use");
    }
    if (key.length > 128) throw invalidValue('tag', key, 'Tag keys are at most 128 characters.');
    if (value.length > 256) throw invalidValue('tag', value, 'Tag values are at most 256 characters.');
    if (Object.hasOwn(tags, key)) {
      throw new AwsError('InvalidParameterValue', `Duplicate tag key '${key}' specified.`);
    }
    tags[key] = value;
  }
  checkTagCount(tags);
  return tags;
}

/** Throws TagLimitExceeded where a resource would have more than 50 tags; AWS's own do not count. */
export function checkTagCount(tags: Tags): void {
  if (Object.keys(tags).filter((key) => !key.startsWith('aws:')).length > maxTags) {
    throw new AwsError('TagLimitExceeded', `The maximum number of tags per resource is ${maxTags}`);
  }
}

/**
 * The tags that the `TagSpecification.N` of a request or launch template give to one kind of resource.
 * Throws InvalidParameterValue when it names a kind outside of `allowed`, or one kind twice.
 */
export function readTagSpecifications(
  tree: ParamTree | undefined,
  allowed: readonly string[],
): Record<string, Tags> {
  const byType: Record<string, Tags> = {};
  for (const specification of subtrees(tree, 'TagSpecification')) {
    const type = stringAt(specification, 'ResourceType');
    if (type === undefined) throw missingParameter('TagSpecification.ResourceType');
    if (!allowed.includes(type)) {
      throw new AwsError(
        'InvalidParameterValue',
        `'${type}' is not a valid taggable resource type for this operation.`,
      );
    }
    if (byType[type] !== undefined) {
      throw new AwsError('InvalidParameterValue', `The resource type '${type}' is specified more than once.`);
    }
    byType[type] = readTags(specification);
  }
  return byType;
}

/** Tags as a `tagSet`. */
export function tagSet(tags: Tags): Xml[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
