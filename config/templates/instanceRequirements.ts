import { isObject } from '../../domain/isObject.ts';
import { valueText } from '../input/issues.ts';
import { describeType } from '../input/jsonFile.ts';
import { checkNestedKeys, problem, type TemplateReader } from './findings.ts';

const KEY = 'instanceRequirements';

/** Members of EC2's InstanceRequirementsRequest (API version 2016-11-15) that are ranges of numbers. */
const RANGES: readonly string[] = [
  'VCpuCount',
  'MemoryMiB',
  'MemoryGiBPerVCpu',
  'NetworkInterfaceCount',
  'TotalLocalStorageGB',
  'BaselineEbsBandwidthMbps',
  'AcceleratorCount',
  'AcceleratorTotalMemoryMiB',
  'NetworkBandwidthGbps',
];
/** Its members that are lists of texts. */
const LISTS: readonly string[] = [
  'CpuManufacturers',
  'ExcludedInstanceTypes',
  'AllowedInstanceTypes',
  'InstanceGenerations',
  'LocalStorageTypes',
  'AcceleratorTypes',
  'AcceleratorManufacturers',
  'AcceleratorNames',
];
/** Its other members; AWS checks their values. */
const OTHERS: readonly string[] = [
  'SpotMaxPricePercentageOverLowestPrice',
  'OnDemandMaxPricePercentageOverLowestPrice',
  'MaxSpotPriceAsPercentageOfOptimalOnDemandPrice',
  'BareMetal',
  'BurstablePerformance',
  'RequireHibernateSupport',
  'RequireEncryptionInTransit',
  'LocalStorage',
  'BaselinePerformanceFactors',
];
/** AWS requires a minimum of both. */
const REQUIRED: readonly string[] = ['VCpuCount', 'MemoryMiB'];

/** Reads `instanceRequirements` in EC2's form. An unknown key is a problem: AWS would ignore the requirement. */
export function mapRequirements(reader: TemplateReader): Readonly<Record<string, unknown>> {
  const requirements = reader.raw[KEY];
  if (!isObject(requirements)) {
    const allowed =
      'an object like EC2\'s InstanceRequirements, e.g. {"VCpuCount": {"Min": 2}, "MemoryMiB": {"Min": 4096}}';
    problem(reader, KEY, `${KEY} is ${describeType(requirements)}; allowed: ${allowed}.`);
    return {};
  }
  checkNestedKeys(reader, KEY, requirements, [...RANGES, ...LISTS, ...OTHERS]);
  for (const name of RANGES)
    if (requirements[name] !== undefined || REQUIRED.includes(name))
      checkRange(reader, `${KEY}.${name}`, requirements[name], REQUIRED.includes(name));
  for (const name of LISTS) {
    const list = requirements[name];
    const isList = Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === 'string');
    if (list !== undefined && !isList)
      problem(reader, KEY, `${KEY}.${name} is ${valueText(list)}; allowed: a list of texts.`);
  }
  return requirements;
}

function checkRange(reader: TemplateReader, path: string, range: unknown, needsMin: boolean): void {
  const allowed = '{"Min": number, "Max": number}';
  if (!isObject(range)) {
    problem(reader, KEY, `${path} is ${valueText(range)}; allowed: ${allowed}.`);
    return;
  }
  checkNestedKeys(reader, path, range, ['Min', 'Max']);
  const { Min: min, Max: max } = range;
  const isNumber = (value: unknown): boolean => typeof value === 'number' && value >= 0;
  if (needsMin ? !Number.isInteger(min) : min !== undefined && !isNumber(min))
    problem(reader, KEY, `${path} is ${valueText(range)}; allowed: ${allowed}.`);
  else if (max !== undefined && !isNumber(max))
    problem(reader, KEY, `${path}.Max is ${valueText(max)}; allowed: a number.`);
  else if (Number(min ?? 0) > Number(max ?? Infinity))
    problem(reader, KEY, `${path} has Min ${String(min)} above Max ${String(max)}.`);
}
