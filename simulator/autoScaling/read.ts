import type { Call } from '../protocol/call.ts';
import { AwsError } from '../protocol/errors.ts';
import { checkVersion, findSubnet, findTemplate } from '../ec2/launchSpec.ts';
import type { Group, GroupCandidate, LaunchTemplate, Lifecycle, Scaling, Tags } from '../state/model.ts';
import { integer, subtree, subtrees, stringAt, stringList } from '../protocol/params.ts';
import type { ParamTree } from '../protocol/params.ts';
import { matchingTypes } from '../ec2/requirements.ts';

/** Auto Scaling's code for an invalid request. */
export const validationError = (message: string): AwsError => new AwsError('ValidationError', message);

/** Lists of this service are under `member`. */
export const memberList = (tree: ParamTree | undefined, name: string): ParamTree[] =>
  subtrees(subtree(tree, name), 'member');
export const memberStrings = (tree: ParamTree | undefined, name: string): string[] =>
  stringList(subtree(tree, name), 'member');

export function integerParameter(params: ParamTree, name: string): number | undefined {
  return integer(params, name, 0, 100_000);
}

/** The group of this name. Throws AWS's ValidationError. */
export function findGroup(call: Call): { group: Group; scaling: Scaling } {
  const name = stringAt(call.params, 'AutoScalingGroupName') ?? '';
  const group = visibleGroups(call).find(({ id }) => id === name);
  if (!group?.scaling)
    throw validationError(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
  return { group, scaling: group.scaling };
}

export const visibleGroups = (call: Call): Group[] =>
  [...call.world.groups.values()].filter((group) => group.kind === 'autoScaling' && !group.deleted);

/** Units of each lifecycle: first the base on demand, then the percentage of what is above it. */
export function targetsOf({ onDemandBase, onDemandPercent }: Scaling, desired: number): Group['targets'] {
  const base = Math.min(desired, onDemandBase);
  const onDemand = base + Math.ceil(((desired - base) * onDemandPercent) / 100);
  return { 'on-demand': onDemand, spot: desired - onDemand };
}

/** Tags of the group, and those that its members get. */
export function readGroupTags(params: ParamTree): { tags: Tags; propagated: Tags } {
  const tags: Tags = {};
  const propagated: Tags = {};
  for (const tag of memberList(params, 'Tags')) {
    const [key = '', value = ''] = [stringAt(tag, 'Key'), stringAt(tag, 'Value')];
    tags[key] = value;
    if (stringAt(tag, 'PropagateAtLaunch') === 'true') propagated[key] = value;
  }
  return { tags, propagated };
}

/** The error as Auto Scaling reports it: with its own code and EC2's message. */
function templateOf(call: Call, reference: ParamTree): LaunchTemplate {
  try {
    const template = findTemplate(call, reference);
    checkVersion(template, stringAt(reference, 'Version') ?? '$Default');
    return template;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw validationError(`You must use a valid fully-formed launch template. ${error.message}`);
  }
}

/** Types x subnets of a launch template or a mixed instances policy. */
export function readGroupCandidates(call: Call, subnetIds: readonly string[]): GroupCandidate[] {
  const policy = subtree(call.params, 'MixedInstancesPolicy', 'LaunchTemplate');
  const reference = policy
    ? subtree(policy, 'LaunchTemplateSpecification')
    : subtree(call.params, 'LaunchTemplate');
  if (!reference) throw validationError('A LaunchTemplate or MixedInstancesPolicy is required.');
  const template = templateOf(call, reference);
  for (const id of subnetIds) findSubnet(call, id);
  const listed = memberList(policy, 'Overrides');
  const overrides = (listed.length > 0 ? listed : [{} as ParamTree]).flatMap((override) => {
    const requirements = subtree(override, 'InstanceRequirements');
    if (!requirements) return [override];
    return matchingTypes(call, requirements, template).map((InstanceType) => ({ ...override, InstanceType }));
  });
  const lifecycles: Lifecycle[] = policy ? ['on-demand', 'spot'] : ['on-demand'];
  return lifecycles.flatMap((lifecycle) =>
    overrides.flatMap((override) =>
      subnetIds.map((subnetId) => {
        const instanceType = stringAt(override, 'InstanceType');
        return {
          lifecycle,
          templateId: template.id,
          request: { SubnetId: subnetId, ...(instanceType !== undefined && { InstanceType: instanceType }) },
          weight: Number(stringAt(override, 'WeightedCapacity') ?? 1),
          ...(instanceType !== undefined && { instanceType }),
        };
      }),
    ),
  );
}
