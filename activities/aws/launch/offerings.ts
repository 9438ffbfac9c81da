import type { PrepareInput } from '../../../contract/activities.ts';
import type { AwsLaunchParameters } from './launchParameters.ts';
import type { LaunchOverride } from './launchParameters.ts';
import type { Template } from '../../../domain/template/template.ts';
import type { UnavailableOfferings } from './unavailableOfferings.ts';

/** Types without a priority come last. */
const MAX_PRIORITY = Number.MAX_SAFE_INTEGER;

/** Purchase option of a launch. */
export type LaunchPriceType = AwsLaunchParameters['priceType'];

/** IBM's provider requests spot machines for this long before it buys the rest on demand. */
const DEFAULT_SPOT_MINUTES = 30;

/** Purchase option of the next launches; a heterogeneous request keeps at least half of its time for on-demand. */
export function priceTypeOf({ template, createdAt, deadline }: PrepareInput): LaunchPriceType {
  const { priceType, spotMinutes = DEFAULT_SPOT_MINUTES } = template;
  if (priceType !== 'heterogeneous') return priceType;
  const spotMs = Math.min(spotMinutes * 60_000, (deadline - createdAt) / 2);
  return Date.now() < createdAt + spotMs ? 'spot' : 'ondemand';
}

/** Types x subnets, by priority, then in the template's order; subnets alone if requirements choose the type. */
function offeringsOf(template: Template, priceType: LaunchPriceType): LaunchOverride[] {
  const { subnetIds, maxSpotPrice, instanceRequirements: requirements } = template;
  const price = maxSpotPrice === undefined || priceType !== 'spot' ? {} : { maxPrice: maxSpotPrice };
  if (requirements) return subnetIds.map((subnetId) => ({ subnetId, requirements, ...price }));
  const choices =
    priceType === 'spot' ? template.instanceTypes : (template.onDemandTypes ?? template.instanceTypes);
  const weighted = choices.some((choice) => choice.units !== 1);
  return choices
    .toSorted((a, b) => (a.priority ?? MAX_PRIORITY) - (b.priority ?? MAX_PRIORITY))
    .flatMap((choice) =>
      subnetIds.map((subnetId) => ({
        instanceType: choice.instanceType,
        subnetId,
        ...(weighted ? { weight: choice.units } : {}),
        ...(choice.priority === undefined ? {} : { priority: choice.priority }),
        ...price,
      })),
    );
}

/** An offering's name, for messages and as key of the unavailable offerings. */
export const offeringName = (
  instanceType: string | undefined,
  location: string,
  lifecycle: 'spot' | 'on-demand',
): string => `${instanceType ?? 'any type'} in ${location} (${lifecycle})`;

export const lifecycleOf = (priceType: LaunchPriceType): 'spot' | 'on-demand' =>
  priceType === 'spot' ? 'spot' : 'on-demand';

/** The template's offerings that are not marked unavailable. */
export function availableOfferings(
  template: Template,
  priceType: LaunchPriceType,
  unavailableOfferings: UnavailableOfferings,
): readonly LaunchOverride[] {
  const lifecycle = lifecycleOf(priceType);
  return unavailableOfferings.filterAvailable(
    offeringsOf(template, priceType),
    ({ instanceType, subnetId }) => offeringName(instanceType, subnetId, lifecycle),
  );
}

/** Weights other than 1, by instance type. */
export const weightsOf = ({ overrides }: AwsLaunchParameters): Readonly<Record<string, number>> =>
  Object.fromEntries(
    overrides.flatMap(({ instanceType, weight = 1 }) =>
      instanceType === undefined || weight === 1 ? [] : [[instanceType, weight]],
    ),
  );
