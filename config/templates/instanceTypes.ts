import type { InstanceTypeChoice, PriceType, Template } from '../../domain/template/template.ts';
import * as read from './findings.ts';
import { note, problem, type TemplateReader } from './findings.ts';
import { mapRequirements } from './instanceRequirements.ts';

type Types = Pick<Template, 'instanceTypes' | 'onDemandTypes' | 'instanceRequirements'>;

/** The instance types of a template: by name, or by the attributes that it requires. */
export function mapInstanceTypes(reader: TemplateReader, priceType: PriceType): Types {
  if (read.hasValue(reader, 'instanceRequirements')) {
    for (const key of ['vmType', 'vmTypes', 'vmTypesOnDemand', 'vmTypesPriority']) {
      if (read.hasValue(reader, key))
        problem(reader, key, `${key} and instanceRequirements are both given; allowed: one.`);
    }
    return { instanceTypes: [], instanceRequirements: mapRequirements(reader) };
  }
  const priorities = read.numberTable(reader, 'vmTypesPriority', 0, 1_000_000);
  const units = mapUnits(reader, priceType);
  // EC2 Fleet accepts weights up to 999.
  const onDemand = read.numberTable(reader, 'vmTypesOnDemand', 1, 999);
  for (const name of priorities.keys()) {
    if (!units.has(name) && !onDemand.has(name))
      note(reader, 'vmTypesPriority', `'${name}' is not one of the instance types; ignored.`);
  }
  for (const [name, weight] of onDemand) {
    const other = units.get(name) ?? weight;
    if (other === weight) continue;
    const message = `vmTypesOnDemand has ${weight} for '${name}' and vmTypes ${other}; allowed: the same weight.`;
    problem(reader, 'vmTypesOnDemand', message);
  }
  if (onDemand.size > 0 && priceType !== 'heterogeneous')
    note(
      reader,
      'vmTypesOnDemand',
      `vmTypesOnDemand has no effect on a template of price type ${priceType}.`,
    );
  return {
    instanceTypes: choices(units, priorities),
    ...(onDemand.size > 0 && priceType === 'heterogeneous'
      ? { onDemandTypes: choices(onDemand, priorities) }
      : {}),
  };
}

function mapUnits(reader: TemplateReader, priceType: PriceType): ReadonlyMap<string, number> {
  const vmType = read.string(reader, 'vmType', 'an instance type');
  const weights = read.numberTable(reader, 'vmTypes', 1, 999);
  const usesSingleType =
    vmType !== undefined && (priceType === 'ondemand' || !read.hasValue(reader, 'vmTypes'));
  if (!read.hasValue(reader, 'vmType') && !read.hasValue(reader, 'vmTypes')) {
    const key = priceType === 'ondemand' ? 'vmType' : 'vmTypes';
    const allowed = key === 'vmType' ? 'an instance type' : 'an object of instance type and weight';
    problem(reader, key, `${key} is missing; allowed: ${allowed}.`);
  }
  if (vmType !== undefined && read.hasValue(reader, 'vmTypes')) {
    const [used, ignored] = usesSingleType ? ['vmType', 'vmTypes'] : ['vmTypes', 'vmType'];
    note(reader, ignored, `${ignored} is ignored: ${priceType} templates use ${used}.`);
  }
  return usesSingleType ? new Map([[vmType, 1]]) : weights;
}

const choices = (
  units: ReadonlyMap<string, number>,
  priorities: ReadonlyMap<string, number>,
): InstanceTypeChoice[] =>
  [...units].map(([instanceType, weight]) => {
    const priority = priorities.get(instanceType);
    return { instanceType, units: weight, ...(priority === undefined ? {} : { priority }) };
  });
