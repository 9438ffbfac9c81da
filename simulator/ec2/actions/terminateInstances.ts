import type { Call, Outcome } from '../../protocol/call.ts';
import { AwsError, missingParameter } from '../../protocol/errors.ts';
import { checkIdCount, findInstances } from '../instanceIds.ts';
import { stateXml } from '../instanceXml.ts';
import type { Termination } from '../../state/model.ts';
import { stringList } from '../../protocol/params.ts';
import { isLive, stateAt } from '../../state/world.ts';
import type { World } from '../../state/world.ts';

const maxIds = 1000;

/** TerminateInstances: all of them, or none when one id is bad. Repeating it changes nothing and is no error. */
export function terminateInstances(call: Call): Outcome {
  const ids = stringList(call.params, 'InstanceId');
  if (ids.length === 0) throw missingParameter('InstanceId');
  checkIdCount(ids, maxIds);
  const instances = findInstances(call, ids);
  const end = termination(call.world, call.now);
  const protectedInstance = instances.find((instance) => instance.protected && isLive(instance));
  if (protectedInstance !== undefined) {
    // AWS spares all instances in the zones of protected ones and terminates the rest.
    const zones = new Set(instances.filter((each) => each.protected).map(({ zone }) => zone));
    const others = instances.filter((each) => isLive(each) && !zones.has(each.zone));
    return {
      body: {},
      error: new AwsError(
        'OperationNotPermitted',
        `The instance '${protectedInstance.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
      ),
      change: { terminated: others.map(({ id }) => ({ id, ...end })) },
    };
  }
  return {
    body: {
      instancesSet: instances.map((instance) => ({
        instanceId: instance.id,
        currentState: stateXml(
          isLive(instance)
            ? stateAt({ ...instance, termination: end }, call.now)
            : stateAt(instance, call.now),
        ),
        previousState: stateXml(stateAt(instance, call.now)),
      })),
    },
    change: { terminated: instances.filter(isLive).map(({ id }) => ({ id, ...end })) },
  };
}

const reasonTexts: Record<string, string> = {
  'Client.UserInitiatedShutdown': 'User initiated shutdown',
  'Client.InstanceInitiatedShutdown': 'Instance initiated shutdown',
  'Server.SpotInstanceTermination': 'Spot instance termination',
  'Server.InsufficientInstanceCapacity':
    'There was insufficient capacity available to satisfy the launch request',
  'Client.InternalError': 'Client error on launch',
};

/** A termination that starts now (ms), with AWS's reason for the state reason code. */
export function termination(world: World, now: number, code = 'Client.UserInitiatedShutdown'): Termination {
  const message = reasonTexts[code] ?? code;
  const stamp = new Date(now).toISOString().slice(0, 19).replace('T', ' ');
  return {
    requestedAt: now,
    doneAt: now + world.settings.shuttingDownSeconds * 1000,
    code,
    message: `${code}: ${message}`,
    transitionReason:
      code === 'Client.UserInitiatedShutdown' ? `User initiated (${stamp} GMT)` : `${code}: ${message}`,
  };
}
