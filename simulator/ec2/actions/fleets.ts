import { newId } from '../../protocol/call.ts';
import type { Call, Outcome } from '../../protocol/call.ts';
import { AwsError, invalidValue } from '../../protocol/errors.ts';
import { fleetOptions, readTargets } from '../fleetRequest.ts';
import type { Candidate, FleetOptions } from '../fleetRequest.ts';
import { createLaunchBatch, launch } from '../launch.ts';
import type { LaunchBatch, Origin } from '../launch.ts';
import { readSpec } from '../launchSpec.ts';
import type { Fleet, Instance, Lifecycle } from '../../state/model.ts';
import { stringAt } from '../../protocol/params.ts';
import { readTagSpecifications } from '../../protocol/tagging.ts';
import { readClientToken } from '../../state/tokens.ts';
import { createGroupFleet } from './fleetGroups.ts';
import type { Xml } from '../../protocol/xml.ts';

/**
 * CreateFleet of type instant: one attempt, offering after offering, until the target is reached.
 * An unusable offering becomes an entry in the response's errors; a fleet that launches nothing still succeeds.
 */
export function createFleet(call: Call): Outcome {
  const type = stringAt(call.params, 'Type') ?? 'maintain';
  if (type === 'request' || type === 'maintain') return createGroupFleet(call, type);
  if (type !== 'instant') throw invalidValue('Type', type);
  const token = readClientToken(call, call.catalogue.region);
  if (token?.previous?.answer !== undefined) return { body: token.previous.answer, replay: true };

  const options = fleetOptions(call);
  const targets = readTargets(call);
  const tags = readTagSpecifications(call.params, [
    'fleet',
    'instance',
    'volume',
    'network-interface',
    'spot-instances-request',
  ]);
  const id = newId('fleet');
  const origin = { fleetId: id };
  const batch = createLaunchBatch();
  const result: FleetResult = { instances: [], errors: [] };
  for (const lifecycle of ['on-demand', 'spot'] as const) {
    fillTarget(call, batch, options, lifecycle, targets[lifecycle], origin, result);
  }
  const body = { fleetId: id, errorSet: result.errors, fleetInstanceSet: result.instances };
  const fleet: Fleet = {
    id,
    type,
    createdAt: call.now,
    ...(token !== undefined && { clientToken: token.token }),
    tags: tags['fleet'] ?? {},
    instanceIds: batch.launched.map((instance) => instance.id),
  };
  const tokens = token === undefined ? [] : [token.record({ answer: body })];
  return { body, change: { launched: batch.launched, fleets: [fleet], tokens } };
}

type FleetResult = { instances: Xml[]; errors: Xml[] };

function fillTarget(
  call: Call,
  batch: LaunchBatch,
  options: FleetOptions,
  lifecycle: Lifecycle,
  target: number,
  origin: Origin,
  result: FleetResult,
): void {
  let missing = target;
  for (const candidate of options.candidates[lifecycle]) {
    if (missing <= 0) return;
    const { instances, error } = tryOffering(call, batch, candidate, lifecycle, missing, origin);
    missing -= instances.length * candidate.weight;
    if (instances.length > 0) result.instances.push(instancesXml(candidate, lifecycle, instances));
    if (error !== undefined) result.errors.push(errorXml(candidate, lifecycle, error));
  }
}

function tryOffering(
  call: Call,
  batch: LaunchBatch,
  candidate: Candidate,
  lifecycle: Lifecycle,
  missing: number,
  origin: Origin,
): { instances: Instance[]; error: AwsError | undefined } {
  try {
    const spec = readSpec(call, candidate.request, candidate.template, lifecycle);
    const count = Math.ceil(missing / candidate.weight);
    const { instances, shortage } = launch(call, batch, spec, count, origin);
    return { instances, error: shortage };
  } catch (error) {
    // An invalid override excludes only its own offering.
    if (error instanceof AwsError) return { instances: [], error };
    throw error;
  }
}

function instancesXml(candidate: Candidate, lifecycle: Lifecycle, instances: Instance[]): Xml {
  const first = instances[0];
  return {
    launchTemplateAndOverrides: candidate.echo,
    lifecycle,
    instanceIds: instances.map((instance) => instance.id),
    instanceType: first?.instanceType,
    availabilityZone: first?.zone,
    subnetId: first?.subnetId,
  };
}

function errorXml(candidate: Candidate, lifecycle: Lifecycle, error: AwsError): Xml {
  return {
    launchTemplateAndOverrides: candidate.echo,
    lifecycle,
    errorCode: error.code,
    errorMessage: error.message,
  };
}
