import { newId } from '../../protocol/call.ts';
import type { Call, Outcome } from '../../protocol/call.ts';
import { AwsError, invalidValue } from '../../protocol/errors.ts';
import { fleetOptions, readTargets } from '../fleetRequest.ts';
import type { Candidate, FleetOptions } from '../fleetRequest.ts';
import { createDraft, launch } from '../launch.ts';
import type { Draft, Origin } from '../launch.ts';
import { readSpec } from '../launchSpec.ts';
import type { Fleet, Instance, Lifecycle } from '../../state/model.ts';
import { text } from '../../protocol/params.ts';
import { readTagSpecifications } from '../../protocol/tagging.ts';
import { useToken } from '../../state/tokens.ts';
import { createGroupFleet } from './fleetGroups.ts';
import type { Xml } from '../../protocol/xml.ts';

/**
 * CreateFleet of type instant: one attempt, pool after pool, until the target is reached.
 * A pool that cannot be used is an entry of the answer's errors; even a fleet of nothing is a success.
 */
export function createFleet(call: Call): Outcome {
  const type = text(call.params, 'Type') ?? 'maintain';
  if (type === 'request' || type === 'maintain') return createGroupFleet(call, type);
  if (type !== 'instant') throw invalidValue('Type', type);
  const token = useToken(call, call.catalogue.region);
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
  const draft = createDraft();
  const filled: Filled = { instances: [], errors: [] };
  for (const lifecycle of ['on-demand', 'spot'] as const) {
    fill(call, draft, options, lifecycle, targets[lifecycle], origin, filled);
  }
  const body = { fleetId: id, errorSet: filled.errors, fleetInstanceSet: filled.instances };
  const fleet: Fleet = {
    id,
    type,
    createdAt: call.now,
    ...(token !== undefined && { clientToken: token.token }),
    tags: tags['fleet'] ?? {},
    instanceIds: draft.launched.map((instance) => instance.id),
  };
  const tokens = token === undefined ? [] : [token.record({ answer: body })];
  return { body, change: { launched: draft.launched, fleets: [fleet], tokens } };
}

type Filled = { instances: Xml[]; errors: Xml[] };

function fill(
  call: Call,
  draft: Draft,
  options: FleetOptions,
  lifecycle: Lifecycle,
  target: number,
  origin: Origin,
  filled: Filled,
): void {
  let missing = target;
  for (const candidate of options.candidates[lifecycle]) {
    if (missing <= 0) return;
    const { instances, error } = tryPool(call, draft, candidate, lifecycle, missing, origin);
    missing -= instances.length * candidate.weight;
    if (instances.length > 0) filled.instances.push(instancesXml(candidate, lifecycle, instances));
    if (error !== undefined) filled.errors.push(errorXml(candidate, lifecycle, error));
  }
}

function tryPool(
  call: Call,
  draft: Draft,
  candidate: Candidate,
  lifecycle: Lifecycle,
  missing: number,
  origin: Origin,
): { instances: Instance[]; error: AwsError | undefined } {
  try {
    const spec = readSpec(call, candidate.request, candidate.template, lifecycle);
    const count = Math.ceil(missing / candidate.weight);
    const { instances, shortage } = launch(call, draft, spec, count, origin);
    return { instances, error: shortage };
  } catch (error) {
    // What is wrong with one override costs that pool only.
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
