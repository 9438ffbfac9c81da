import type { LaunchOverride, LaunchParameters } from '../../../domain/activities.ts';
import type { PriceType, Template } from '../../../domain/template/template.ts';
import type { ShortageMemory } from '../shortages.ts';

/** Types without a priority come after those that have one. */
const MAX_PRIORITY = Number.MAX_SAFE_INTEGER;

/** Types x subnets, by priority and else in the template's order. */
function poolsOf(template: Template): LaunchOverride[] {
  const weighted = template.instanceTypes.some((choice) => choice.units !== 1);
  return template.instanceTypes
    .toSorted((a, b) => (a.priority ?? MAX_PRIORITY) - (b.priority ?? MAX_PRIORITY))
    .flatMap((choice) =>
      template.subnetIds.map((subnetId) => ({
        instanceType: choice.instanceType,
        subnetId,
        ...(weighted ? { weight: choice.units } : {}),
        ...(choice.priority === undefined ? {} : { priority: choice.priority }),
        ...(template.maxSpotPrice === undefined ? {} : { maxPrice: template.maxSpotPrice }),
      })),
    );
}

/** A pool's name, for people in messages and as its key in the memory of shortages. */
export const poolName = (instanceType: string, place: string, lifecycle: 'spot' | 'on-demand'): string =>
  `${instanceType} in ${place} (${lifecycle})`;

export const lifecycleOf = (priceType: PriceType): 'spot' | 'on-demand' =>
  priceType === 'spot' ? 'spot' : 'on-demand';

/** The pools of a template that were not short of late. */
export function openPools(template: Template, shortages: ShortageMemory): readonly LaunchOverride[] {
  const lifecycle = lifecycleOf(template.priceType);
  return shortages.worthATry(poolsOf(template), ({ instanceType, subnetId }) =>
    poolName(instanceType, subnetId, lifecycle),
  );
}

/** Units of the types that do not count for one. */
export const weightsOf = ({ overrides }: LaunchParameters): Readonly<Record<string, number>> =>
  Object.fromEntries(
    overrides.flatMap(({ instanceType, weight = 1 }) => (weight === 1 ? [] : [[instanceType, weight]])),
  );
