import type {
  InstanceTypeChoice,
  PriceType,
  ProviderApi,
  SpotAllocationStrategy,
  Template,
} from '../../domain/template/template.ts';
import { valueText } from '../issues.ts';
import { didYouMean } from '../suggest.ts';
import { mapAttributes } from './attributes.ts';
import * as read from './findings.ts';
import { mapMachine } from './machine.ts';
import { note, problem, type TemplateReader } from './findings.ts';
import { HONOURED, NOT_YET, OURS, WITHOUT_EFFECT } from './keys.ts';
import { mapTags } from './tags.ts';

export const MAX_MACHINES = 10_000;

/** A template without its user data, which only a request reads, and where that is. */
export interface MappedTemplate {
  readonly template: Template;
  /** Absolute path on this host. */
  readonly userDataScript?: string;
}

/** Maps one template of IBM's file; what is wrong stands in the reader's problems afterwards. */
export function mapTemplate(reader: TemplateReader): MappedTemplate {
  reviewKeys(reader);
  if (!/^[\w-]{1,64}$/.test(reader.templateId)) {
    problem(
      reader,
      'templateId',
      `templateId is ${valueText(reader.raw['templateId'])}; allowed: 1 to 64 of 0-9 A-Z a-z _ -.`,
    );
  }
  const priceType = mapPriceType(reader);
  const maxNumber = read.wholeNumber(reader, 'maxNumber', -1, MAX_MACHINES);
  if (!read.has(reader, 'maxNumber')) {
    problem(
      reader,
      'maxNumber',
      `maxNumber is missing; allowed: a whole number from -1 (unlimited) to ${MAX_MACHINES}.`,
    );
  }
  const keyName = read.text(reader, 'keyName');
  const instanceProfile = read.text(reader, 'instanceProfile');
  const userDataScript = mapUserDataScript(reader);
  const providerApi = mapProviderApi(reader);
  const template: Template = {
    templateId: reader.templateId,
    maxNumber: maxNumber ?? 0,
    attributes: mapAttributes(reader),
    imageId: read.requiredText(reader, 'imageId', 'the id of an AMI'),
    ...(providerApi === undefined ? {} : { providerApi }),
    subnetIds: mapSubnets(reader, priceType, providerApi),
    instanceTypes: mapInstanceTypes(reader, priceType),
    priceType,
    ...mapSpotOptions(reader, priceType, providerApi),
    ...(keyName === undefined ? {} : { keyName }),
    securityGroupIds: read.textList(reader, 'securityGroupIds'),
    ...(instanceProfile === undefined ? {} : { instanceProfile }),
    tags: mapTags(reader),
    ...mapMachine(reader),
  };
  return { template, ...(userDataScript === undefined ? {} : { userDataScript }) };
}

/** IBM's editions differ in their keys: one that is not known must not make a working file unusable. */
function reviewKeys(reader: TemplateReader): void {
  for (const key of Object.keys(reader.raw)) {
    if (HONOURED.includes(key) || OURS.includes(key) || !read.has(reader, key)) continue;
    const reason = Object.hasOwn(WITHOUT_EFFECT, key) ? WITHOUT_EFFECT[key] : undefined;
    if (NOT_YET.includes(key)) problem(reader, key, `${key} is not supported yet.`);
    else if (reason) note(reader, key, `${key} is ${reason}.`);
    else
      note(reader, key, `${key} is no known key and is ignored.${didYouMean(key, [...HONOURED, ...OURS])}`);
  }
}

function mapPriceType(reader: TemplateReader): PriceType {
  const value = read.oneOf(reader, 'priceType', {
    ondemand: 'ondemand',
    spot: 'spot',
    heterogeneous: 'heterogeneous',
  });
  if (value === 'heterogeneous') {
    problem(
      reader,
      'priceType',
      'priceType "heterogeneous" is not supported yet; supported: ondemand, spot.',
    );
  }
  return value === undefined || value === 'ondemand' ? 'ondemand' : 'spot';
}

/** IBM's files do not have the key: its provider chooses by price type. */
function mapProviderApi(reader: TemplateReader): ProviderApi | undefined {
  const supported = { EC2Fleet: 'EC2Fleet', RunInstances: 'RunInstances' } as const;
  const value = reader.raw['providerApi'];
  if (value === 'SpotFleet' || value === 'ASG') {
    return problem(
      reader,
      'providerApi',
      `providerApi "${value}" is not supported yet; supported: EC2Fleet, RunInstances.`,
    );
  }
  return read.oneOf(reader, 'providerApi', supported);
}

function mapSubnets(
  reader: TemplateReader,
  priceType: PriceType,
  providerApi: ProviderApi | undefined,
): readonly string[] {
  const subnets = read.textList(reader, 'subnetId');
  if (subnets.length === 0 && !reader.problems.some(({ key }) => key === 'subnetId')) {
    problem(reader, 'subnetId', 'subnetId is missing; allowed: the id of a subnet, or several.');
  }
  // A template that names our own key is none of IBM's provider, and means all its subnets.
  if (priceType === 'spot' || providerApi !== undefined || subnets.length < 2) return subnets;
  note(reader, 'subnetId', `only ${subnets[0]} is used: IBM's on-demand templates have one subnet.`);
  return subnets.slice(0, 1);
}

function mapInstanceTypes(reader: TemplateReader, priceType: PriceType): readonly InstanceTypeChoice[] {
  const vmType = read.text(reader, 'vmType', 'an instance type');
  // EC2 Fleet takes weights up to 999.
  const weights = read.numberTable(reader, 'vmTypes', 1, 999);
  const priorities = read.numberTable(reader, 'vmTypesPriority', 0, 1_000_000);
  const single = vmType !== undefined && (priceType === 'ondemand' || !read.has(reader, 'vmTypes'));
  const units = single ? new Map([[vmType, 1]]) : weights;
  if (!read.has(reader, 'vmType') && !read.has(reader, 'vmTypes')) {
    const key = priceType === 'ondemand' ? 'vmType' : 'vmTypes';
    const allowed = key === 'vmType' ? 'an instance type' : 'an object of instance type and weight';
    problem(reader, key, `${key} is missing; allowed: ${allowed}.`);
  }
  if (vmType !== undefined && read.has(reader, 'vmTypes')) {
    const [used, ignored] = single ? ['vmType', 'vmTypes'] : ['vmTypes', 'vmType'];
    note(reader, ignored, `${ignored} is ignored: ${priceType} templates use ${used}.`);
  }
  for (const name of priorities.keys()) {
    if (!units.has(name))
      note(reader, 'vmTypesPriority', `'${name}' is not one of the instance types; ignored.`);
  }
  return [...units].map(([instanceType, weight]) => {
    const priority = priorities.get(instanceType);
    return { instanceType, units: weight, ...(priority === undefined ? {} : { priority }) };
  });
}

/** IBM's spelling, then EC2's own. */
const STRATEGIES: Readonly<Record<string, SpotAllocationStrategy>> = {
  capacityOptimized: 'capacity-optimized',
  capacityOptimizedPrioritized: 'capacity-optimized-prioritized',
  diversified: 'diversified',
  lowestPrice: 'lowest-price',
  priceCapacityOptimized: 'price-capacity-optimized',
  'capacity-optimized': 'capacity-optimized',
  'capacity-optimized-prioritized': 'capacity-optimized-prioritized',
  'lowest-price': 'lowest-price',
  'price-capacity-optimized': 'price-capacity-optimized',
};

type SpotOptions = Pick<Template, 'maxSpotPrice' | 'percentOnDemand' | 'allocationStrategy'>;

function mapSpotOptions(
  reader: TemplateReader,
  priceType: PriceType,
  providerApi: ProviderApi | undefined,
): SpotOptions {
  if (providerApi === 'RunInstances') {
    for (const key of ['allocationStrategy', 'percentOnDemand']) {
      if (read.has(reader, key))
        problem(reader, key, `${key} is not possible with providerApi "RunInstances"; use EC2Fleet.`);
    }
  }
  const allocationStrategy = read.oneOf(reader, 'allocationStrategy', STRATEGIES);
  const percentOnDemand = read.wholeNumber(reader, 'percentOnDemand', 0, 100);
  const maxSpotPrice = mapPrice(reader);
  if (priceType === 'ondemand') {
    for (const key of ['allocationStrategy', 'percentOnDemand', 'maxSpotPrice', 'vmTypesPriority']) {
      if (read.has(reader, key)) note(reader, key, `${key} has no effect on an on-demand template.`);
    }
    return {};
  }
  return {
    ...(maxSpotPrice === undefined ? {} : { maxSpotPrice }),
    ...(percentOnDemand === undefined ? {} : { percentOnDemand }),
    ...(allocationStrategy === undefined ? {} : { allocationStrategy }),
  };
}

function mapPrice(reader: TemplateReader): string | undefined {
  const raw = reader.raw['maxSpotPrice'];
  if (read.isBlank(raw)) return undefined;
  const price = typeof raw === 'number' || typeof raw === 'string' ? String(raw).trim() : '';
  if (/^\d+(\.\d+)?$/.test(price) && Number(price) > 0) return price;
  return problem(
    reader,
    'maxSpotPrice',
    `maxSpotPrice is ${valueText(raw)}; allowed: US dollars per unit and hour, e.g. 0.25.`,
  );
}

function mapUserDataScript(reader: TemplateReader): string | undefined {
  const path = read.text(reader, 'userDataScript', 'the absolute path of a script on the Host Factory host');
  if (path === undefined || path.startsWith('/')) return path;
  return problem(
    reader,
    'userDataScript',
    `userDataScript is ${valueText(path)}; allowed: the absolute path of a script on the Host Factory host.`,
  );
}
