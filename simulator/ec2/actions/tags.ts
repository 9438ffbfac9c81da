import type { Call, Outcome } from '../../protocol/call.ts';
import { AwsError, missingParameter } from '../../protocol/errors.ts';
import { checkIdCount, findInstances } from '../instanceIds.ts';
import { findTemplate } from '../launchSpec.ts';
import type { Tags } from '../../state/model.ts';
import { stringList } from '../../protocol/params.ts';
import { checkTagCount, readTags } from '../../protocol/tagging.ts';

const maxIds = 1000;

/** CreateTags on instances, launch templates and fleets: all of them, or none when one id is bad. */
export function createTags(call: Call): Outcome {
  const ids = stringList(call.params, 'ResourceId');
  if (ids.length === 0) throw missingParameter('ResourceId');
  checkIdCount(ids, maxIds);
  const tags = readTags(call.params);
  if (Object.keys(tags).length === 0) throw missingParameter('Tag');
  const instances = findInstances(
    call,
    ids.filter((id) => id.startsWith('i-')),
  );
  for (const instance of instances) checkTagCount({ ...instance.tagVersions.at(-1)?.tags, ...tags });
  for (const id of ids) if (!id.startsWith('i-')) checkTagCount({ ...otherTags(call, id), ...tags });
  return { body: { return: true }, change: { tagged: { ids: [...new Set(ids)], at: call.now, tags } } };
}

function otherTags(call: Call, id: string): Tags {
  if (id.startsWith('lt-')) return findTemplate(call, { LaunchTemplateId: id }).tags;
  const fleet = call.world.fleets.get(id) ?? call.world.groups.get(id);
  if (fleet === undefined) throw new AwsError('InvalidID', `The ID '${id}' is not valid`);
  return fleet.tags;
}
