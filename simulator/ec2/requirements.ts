import type { Call } from '../protocol/call.ts';
import type { InstanceType } from '../state/catalogue.ts';
import { AwsError, missingParameter, notSimulated } from '../protocol/errors.ts';
import { resolveImage } from './launchSpec.ts';
import type { LaunchTemplate } from '../state/model.ts';
import { subtree, stringAt, stringList } from '../protocol/params.ts';
import type { ParamTree } from '../protocol/params.ts';

const supported = ['VCpuCount', 'MemoryMiB', 'AllowedInstanceType', 'ExcludedInstanceType'];

/** The instance types that have the attributes that InstanceRequirements ask for and can run the template's image. */
export function matchingTypes(call: Call, requirements: ParamTree, template: LaunchTemplate): string[] {
  // EC2 names its lists in the singular, Auto Scaling in the plural.
  for (const name of Object.keys(requirements)) {
    if (!supported.includes(name.replace(/s$/, ''))) throw notSimulated(`InstanceRequirements.${name}`);
  }
  const image = call.catalogue.images.get(resolveImage(call, template.data['ImageId'] ?? ''));
  const found = [...call.catalogue.instanceTypes.values()].filter(
    (type) =>
      type.architecture === (image?.architecture ?? type.architecture) &&
      within(requirements, 'VCpuCount', type.vcpus) &&
      within(requirements, 'MemoryMiB', type.memoryMiB) &&
      isAllowed(requirements, type),
  );
  if (found.length > 0) return found.map(({ name }) => name);
  throw new AwsError('InvalidFleetConfig', 'No instance type has the attributes of InstanceRequirements.');
}

function within(requirements: ParamTree, name: string, value: number): boolean {
  const range = subtree(requirements, name);
  const min = stringAt(range, 'Min');
  if (min === undefined) throw missingParameter(`InstanceRequirements.${name}.Min`);
  return value >= Number(min) && value <= Number(stringAt(range, 'Max') ?? Infinity);
}

function isAllowed(requirements: ParamTree, { name }: InstanceType): boolean {
  const patternsIn = (list: string): string[] => [
    ...stringList(requirements, list),
    ...stringList(subtree(requirements, `${list}s`), 'member'),
  ];
  const matches = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')}$`).test(name);
  const allowed = patternsIn('AllowedInstanceType');
  if (allowed.length > 0 && !allowed.some(matches)) return false;
  return !patternsIn('ExcludedInstanceType').some(matches);
}
