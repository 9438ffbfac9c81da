import type { Call } from '../protocol/call.ts';
import { AwsError, invalidValue, missingParameter, notSimulated } from '../protocol/errors.ts';
import { checkVersion, findTemplate } from './launchSpec.ts';
import type { LaunchTemplate, Lifecycle } from '../state/model.ts';
import { integer, subtree, subtrees, stringAt } from '../protocol/params.ts';
import type { ParamTree } from '../protocol/params.ts';
import { matchingTypes } from './requirements.ts';
import type { Xml } from '../protocol/xml.ts';

/** One launch template with one override: what a fleet may launch from. */
export type Candidate = {
  template: LaunchTemplate;
  /** The override in the shape of a RunInstances request, to overlay on the template. */
  request: ParamTree;
  weight: number;
  priority: number;
  /** How the response names this candidate. */
  echo: Xml;
};

/** The candidates of each lifecycle in the order in which they are tried. */
export type FleetOptions = { candidates: Record<Lifecycle, Candidate[]> };

const maxConfigs = 50;

/** Reads LaunchTemplateConfigs and the two allocation strategies. Throws for a template that does not exist. */
export function fleetOptions(call: Call): FleetOptions {
  const configs = subtrees(call.params, 'LaunchTemplateConfigs');
  if (configs.length === 0) throw missingParameter('LaunchTemplateConfigs');
  if (configs.length > maxConfigs) {
    throw invalidValue('LaunchTemplateConfigs', configs.length, `At most ${maxConfigs} are allowed.`);
  }
  const listed = configs.flatMap((config) => readConfig(call, config));
  const strategy = (name: string): string =>
    stringAt(call.params, name, 'AllocationStrategy')?.toLowerCase() ?? 'lowest-price';
  for (const name of ['OnDemandOptions', 'SpotOptions']) {
    for (const limit of [
      'MinTargetCapacity',
      'MaxTotalPrice',
      'SingleInstanceType',
      'SingleAvailabilityZone',
    ]) {
      if (stringAt(call.params, name, limit) !== undefined) throw notSimulated(`${name}.${limit}`);
    }
  }
  return {
    candidates: {
      'on-demand': inLaunchOrder(listed, strategy('OnDemandOptions') === 'prioritized'),
      spot: inLaunchOrder(listed, strategy('SpotOptions') === 'capacity-optimized-prioritized'),
    },
  };
}

// There are no prices: the first listed counts as the cheapest. Lowest priority number first.
function inLaunchOrder(listed: Candidate[], byPriority: boolean): Candidate[] {
  return byPriority ? listed.toSorted((a, b) => a.priority - b.priority) : listed;
}

function readConfig(call: Call, config: ParamTree): Candidate[] {
  const reference = subtree(config, 'LaunchTemplateSpecification');
  if (reference === undefined) throw missingParameter('LaunchTemplateSpecification');
  const template = findTemplate(call, reference);
  const version = stringAt(reference, 'Version');
  if (version === undefined) throw missingParameter('LaunchTemplateSpecification.Version');
  checkVersion(template, version);
  const overrides = subtrees(config, 'Overrides');
  const specification = { launchTemplateId: template.id, version: '1' };
  return (overrides.length === 0 ? [{}] : overrides)
    .flatMap(expandByRequirements(call, template))
    .map((override) => ({
      template,
      request: overrideRequest(call, override),
      weight: readNumber(override, 'WeightedCapacity', 1, 1),
      priority: readNumber(override, 'Priority', 0, Infinity),
      echo: { launchTemplateSpecification: specification, overrides: echoOverride(override) },
    }));
}

/** An override with InstanceRequirements expands to one per matching type. */
const expandByRequirements =
  (call: Call, template: LaunchTemplate) =>
  (override: ParamTree): ParamTree[] => {
    const { InstanceRequirements: requirements, ...rest } = override;
    if (requirements === undefined || typeof requirements === 'string') return [override];
    return matchingTypes(call, requirements, template).map((InstanceType) => ({ ...rest, InstanceType }));
  };

function readNumber(override: ParamTree, name: string, min: number, defaultValue: number): number {
  const value = stringAt(override, name);
  if (value === undefined) return defaultValue;
  const number = Number(value);
  if (!(number >= min)) throw invalidValue(name, value);
  return number;
}

const copiedFields = [
  'InstanceType',
  'SubnetId',
  'ImageId',
  'KeyName',
  'BlockDeviceMapping',
  'IamInstanceProfile',
];

function overrideRequest(call: Call, override: ParamTree): ParamTree {
  const request: ParamTree = {};
  for (const name of copiedFields) {
    const value = override[name];
    if (value !== undefined) request[name] = value;
  }
  const zone = stringAt(override, 'AvailabilityZone');
  if (zone !== undefined) request['Placement'] = { AvailabilityZone: zone };
  const tags = call.params['TagSpecification'];
  if (tags !== undefined) request['TagSpecification'] = tags;
  return request;
}

function echoOverride(override: ParamTree): Xml {
  return {
    instanceType: stringAt(override, 'InstanceType'),
    maxPrice: stringAt(override, 'MaxPrice'),
    subnetId: stringAt(override, 'SubnetId'),
    availabilityZone: stringAt(override, 'AvailabilityZone'),
    weightedCapacity: stringAt(override, 'WeightedCapacity'),
    priority: stringAt(override, 'Priority'),
    imageId: stringAt(override, 'ImageId'),
  };
}

/** The target units of each lifecycle. Units that the request does not split go to the default type. */
export function readTargets(call: Call, min = 1): Record<Lifecycle, number> {
  const target = subtree(call.params, 'TargetCapacitySpecification');
  if (target === undefined) throw missingParameter('TargetCapacitySpecification');
  const total = integer(target, 'TotalTargetCapacity', min, 10_000);
  if (total === undefined) throw missingParameter('TargetCapacitySpecification.TotalTargetCapacity');
  const onDemand = integer(target, 'OnDemandTargetCapacity', 0, 10_000) ?? 0;
  const spot = integer(target, 'SpotTargetCapacity', 0, 10_000) ?? 0;
  const rest = total - onDemand - spot;
  if (rest < 0) {
    throw new AwsError(
      'InvalidParameterCombination',
      'The sum of OnDemandTargetCapacity and SpotTargetCapacity must not exceed TotalTargetCapacity.',
    );
  }
  const defaultType = stringAt(target, 'DefaultTargetCapacityType') ?? 'on-demand';
  if (defaultType !== 'on-demand' && defaultType !== 'spot') {
    throw invalidValue('DefaultTargetCapacityType', defaultType);
  }
  return {
    'on-demand': onDemand + (defaultType === 'on-demand' ? rest : 0),
    spot: spot + (defaultType === 'spot' ? rest : 0),
  };
}
