import type {
  OnDemandAllocationStrategy,
  PriceType,
  ProviderApi,
  SpotAllocationStrategy,
  Template,
} from '../../domain/template/template.ts';
import { valueText } from '../input/issues.ts';
import * as read from './findings.ts';
import { withoutUndefined, note, problem, type TemplateReader } from './findings.ts';

/** IBM's files do not have this key: IBM's provider chooses by price type. */
export const APIS: Readonly<Record<ProviderApi, ProviderApi>> = {
  EC2Fleet: 'EC2Fleet',
  EC2FleetRequest: 'EC2FleetRequest',
  EC2FleetMaintain: 'EC2FleetMaintain',
  SpotFleetRequest: 'SpotFleetRequest',
  SpotFleetMaintain: 'SpotFleetMaintain',
  RunInstances: 'RunInstances',
  AutoScalingGroup: 'AutoScalingGroup',
};

export const mapPriceType = (reader: TemplateReader): PriceType =>
  read.oneOf(reader, 'priceType', {
    ondemand: 'ondemand',
    spot: 'spot',
    heterogeneous: 'heterogeneous',
  } as const) ?? 'ondemand';

/** Refuses keys that the launch method does not support, instead of ignoring them. */
export function checkApi(reader: TemplateReader, api: ProviderApi, priceType: PriceType): void {
  const rejectKey = (key: string, instead: string): void => {
    if (read.hasValue(reader, key))
      problem(reader, key, `${key} is not possible with providerApi "${api}"; ${instead}.`);
  };
  if (api === 'RunInstances') {
    for (const key of NOT_FOR_RUN_INSTANCES) rejectKey(key, 'use EC2Fleet');
  }
  if (api === 'AutoScalingGroup' && reader.raw['allocationStrategy'] === 'diversified')
    rejectKey('allocationStrategy', 'an Auto Scaling group distributes by itself; remove "diversified"');
  if (priceType === 'heterogeneous' && api !== 'EC2Fleet' && api !== 'RunInstances') {
    const instead = 'use EC2Fleet or RunInstances, or price type spot with percentOnDemand';
    problem(
      reader,
      'priceType',
      `priceType "heterogeneous" is not possible with providerApi "${api}"; ${instead}.`,
    );
  }
  if (api.startsWith('SpotFleet') && !read.hasValue(reader, 'fleetRole')) {
    const allowed = 'the ARN of the role with which Spot Fleet launches';
    problem(reader, 'fleetRole', `fleetRole is missing; allowed: ${allowed}.`);
  }
  if (api.startsWith('SpotFleet') && priceType === 'ondemand')
    problem(
      reader,
      'priceType',
      `priceType "ondemand" is not possible with providerApi "${api}"; use EC2Fleet.`,
    );
}

/** One call of RunInstances launches from one offering, so there is nothing to distribute. */
const NOT_FOR_RUN_INSTANCES = [
  'allocationStrategy',
  'allocationStrategyOnDemand',
  'percentOnDemand',
  'onDemandBaseCapacity',
  'poolsCount',
  'instanceRequirements',
];

/** IBM's spelling, then EC2's. */
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

const ON_DEMAND_STRATEGIES: Readonly<Record<string, OnDemandAllocationStrategy>> = {
  lowestPrice: 'lowest-price',
  prioritized: 'prioritized',
  'lowest-price': 'lowest-price',
};

type Purchase = Pick<
  Template,
  | 'maxSpotPrice'
  | 'percentOnDemand'
  | 'onDemandBaseCapacity'
  | 'allocationStrategy'
  | 'onDemandStrategy'
  | 'spotPools'
  | 'spotMinutes'
  | 'fleetRole'
>;

const SPOT_ONLY = [
  'allocationStrategy',
  'percentOnDemand',
  'onDemandBaseCapacity',
  'maxSpotPrice',
  'poolsCount',
  'spotFleetRequestExpiry',
];

/** The price of the machines, and how the launch chooses among the offerings. */
export function mapPurchase(reader: TemplateReader, priceType: PriceType, api: ProviderApi): Purchase {
  const spot = {
    maxSpotPrice: mapPrice(reader),
    percentOnDemand: read.integer(reader, 'percentOnDemand', 0, 100),
    onDemandBaseCapacity: read.integer(reader, 'onDemandBaseCapacity', 0, 10_000),
    allocationStrategy: read.oneOf(reader, 'allocationStrategy', STRATEGIES),
    spotPools: read.integer(reader, 'poolsCount', 1, 1_000),
    spotMinutes: read.integer(reader, 'spotFleetRequestExpiry', 1, 1_440),
  };
  const onDemandStrategy = read.oneOf(reader, 'allocationStrategyOnDemand', ON_DEMAND_STRATEGIES);
  const fleetRole = mapFleetRole(reader, api);
  const ignoredKeys =
    priceType === 'ondemand'
      ? [...SPOT_ONLY, 'vmTypesPriority']
      : priceType === 'heterogeneous'
        ? ['percentOnDemand', 'onDemandBaseCapacity']
        : [];
  for (const key of ignoredKeys) {
    if (read.hasValue(reader, key))
      note(reader, key, `${key} has no effect on a template of price type ${priceType}.`);
  }
  if (spot.spotPools !== undefined && priceType !== 'ondemand' && spot.allocationStrategy !== 'lowest-price')
    problem(reader, 'poolsCount', 'poolsCount needs allocationStrategy "lowestPrice".');
  return withoutUndefined({ ...(priceType === 'ondemand' ? {} : spot), onDemandStrategy, fleetRole });
}

function mapFleetRole(reader: TemplateReader, api: ProviderApi): string | undefined {
  const fleetRole = read.string(reader, 'fleetRole', 'the ARN of a role');
  if (fleetRole === undefined || api.startsWith('SpotFleet')) return fleetRole;
  note(reader, 'fleetRole', 'fleetRole is not used: only Spot Fleet launches with a role of its own.');
  return undefined;
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
