import type { Call } from '../protocol/call.ts';
import { AwsError } from '../protocol/errors.ts';
import { isWellFormed } from './launchSpec.ts';
import type { Instance } from '../state/model.ts';
import { existsAt } from '../state/world.ts';

/**
 * The instances of these ids, each once. One bad id fails the whole call:
 * InvalidInstanceID.Malformed, InvalidInstanceID.NotFound (also while the consistency lag hides the instance).
 */
export function findInstances(call: Call, ids: readonly string[]): Instance[] {
  const found: Instance[] = [];
  const unknown: string[] = [];
  for (const id of new Set(ids)) {
    if (!isWellFormed('i', id)) {
      throw new AwsError('InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
    }
    const instance = call.world.instances.get(id);
    if (instance === undefined || !existsAt(instance, call.snapshotAt)) unknown.push(id);
    else found.push(instance);
  }
  if (unknown.length > 0) {
    throw new AwsError(
      'InvalidInstanceID.NotFound',
      unknown.length === 1
        ? `The instance ID '${unknown[0]}' does not exist`
        : `The instance IDs '${unknown.join(', ')}' do not exist`,
    );
  }
  return found;
}

/** Throws RequestResourceCountExceeded when a call names more than `max` ids. */
export function checkIdCount(ids: readonly string[], max: number): void {
  if (ids.length > max) {
    throw new AwsError(
      'RequestResourceCountExceeded',
      `The request names ${ids.length} resources. A single call takes at most ${max}.`,
    );
  }
}
