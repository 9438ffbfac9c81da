import type { LaunchOverride } from '../../../domain/activities.ts';
import type { Template } from '../../../domain/template/template.ts';

/** Types x subnets, by priority and else in the template's order. */
export function poolsOf(template: Template): LaunchOverride[] {
  const weighted = template.instanceTypes.some((choice) => choice.units !== 1);
  return template.instanceTypes
    .toSorted((a, b) => (a.priority ?? Infinity) - (b.priority ?? Infinity) || 0)
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

/** A pool's name for people, in messages and in the memory of shortages. */
export const poolName = (instanceType: string, place: string, lifecycle: string): string =>
  `${instanceType} in ${place} (${lifecycle})`;
