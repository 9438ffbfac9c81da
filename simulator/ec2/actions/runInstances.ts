import type { Call, Outcome } from '../../protocol/call.ts';
import { AwsError, missingParameter, invalidValue } from '../../protocol/errors.ts';
import { reservationXml } from '../instanceXml.ts';
import { createLaunchBatch, launch } from '../launch.ts';
import { checkVersion, findSubnet, findTemplate, readSpec } from '../launchSpec.ts';
import type { LaunchSpec } from '../launchSpec.ts';
import type { Instance, Lifecycle } from '../../state/model.ts';
import { integer, subtree, subtrees, stringAt, toTree } from '../../protocol/params.ts';
import { readClientToken } from '../../state/tokens.ts';
import type { ClientToken } from '../../state/tokens.ts';
import { stateAt } from '../../state/world.ts';

/**
 * RunInstances: as many as capacity allows between MinCount and MaxCount, or none and an error.
 * The error of a launch that found no capacity is remembered with its token, as AWS remembers the parameters.
 */
export function runInstances(call: Call): Outcome {
  const min = readCount(call, 'MinCount');
  const max = readCount(call, 'MaxCount');
  if (min > max) throw invalidValue('MinCount', min, 'MinCount is greater than MaxCount.');
  const token = readClientToken(call, tokenScope(call));
  if (token?.previous !== undefined) return replay(call, token.previous);
  const batch = createLaunchBatch();
  const origin = token === undefined ? {} : { clientToken: token.token };
  const { instances, shortage } = launch(call, batch, requestSpec(call), max, origin);
  if (shortage !== undefined && instances.length < min) {
    const { code, message, status } = shortage;
    return { body: {}, error: shortage, change: tokenChange(token, { error: { code, message, status } }) };
  }
  return {
    body: reservationXml(call, instances, call.now),
    change: {
      launched: batch.launched,
      ...tokenChange(token, { instanceIds: instances.map((instance) => instance.id) }),
    },
  };
}

function tokenChange(token: ClientToken | undefined, result: Parameters<ClientToken['record']>[0]) {
  return token === undefined ? {} : { tokens: [token.record(result)] };
}

function readCount(call: Call, name: string): number {
  const value = integer(call.params, name, 1, 1_000_000);
  if (value === undefined) throw missingParameter(name);
  return value;
}

// If the request names a subnet or zone, the token applies to that zone only, otherwise to the region.
function tokenScope(call: Call): string {
  const subnetId =
    stringAt(call.params, 'SubnetId') ?? stringAt(subtrees(call.params, 'NetworkInterface')[0], 'SubnetId');
  if (subnetId !== undefined) return findSubnet(call, subnetId).zone;
  return stringAt(call.params, 'Placement', 'AvailabilityZone') ?? call.catalogue.region;
}

function replay(call: Call, previous: NonNullable<ClientToken['previous']>): Outcome {
  if (previous.error !== undefined) {
    const { code, message, status } = previous.error;
    return { body: {}, error: new AwsError(code, message, status), replay: true };
  }
  const instances = (previous.instanceIds ?? [])
    .map((id) => call.world.instances.get(id))
    .filter((instance): instance is Instance => instance !== undefined);
  if (instances.every((instance) => stateAt(instance, call.now) === 'terminated')) {
    throw new AwsError(
      'IdempotentInstanceTerminated',
      'The request to launch an instance uses the same client token as a previous request for which the instance ' +
        'has been terminated.',
    );
  }
  return { body: reservationXml(call, instances, call.now), replay: true };
}

function requestSpec(call: Call): LaunchSpec {
  const { params } = call;
  if (params['NetworkInterface'] !== undefined) {
    for (const name of ['SubnetId', 'SecurityGroupId']) {
      if (params[name] === undefined) continue;
      throw new AwsError(
        'InvalidParameterCombination',
        `Network interfaces and an instance-level ${name === 'SubnetId' ? 'subnet ID' : 'security groups'} may not ` +
          'be specified on the same request',
      );
    }
  }
  const reference = subtree(params, 'LaunchTemplate');
  const template = reference === undefined ? undefined : findTemplate(call, reference);
  if (template !== undefined) checkVersion(template, stringAt(reference, 'Version') ?? '$Default');
  const market =
    stringAt(params, 'InstanceMarketOptions', 'MarketType') ??
    stringAt(toTree(template?.data ?? {}), 'InstanceMarketOptions', 'MarketType');
  if (market !== undefined && market !== 'spot') {
    throw invalidValue('InstanceMarketOptions.MarketType', market);
  }
  const lifecycle: Lifecycle = market === undefined ? 'on-demand' : 'spot';
  return readSpec(call, params, template, lifecycle);
}
