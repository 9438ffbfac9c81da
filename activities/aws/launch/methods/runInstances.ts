import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { RunInstancesCommand } from '../../client/ec2.ts';
import type { LaunchOverride, RunInstancesParameters } from '../launchParameters.ts';
import { truncateMessage } from '../../../runtime/failures.ts';
import type { Launch } from '../../../../domain/request/launch.ts';
import { ProviderError } from '../../../../domain/errors/errors.ts';
import type { AwsClients } from '../../client/clients.ts';
import { requireField, requireInstanceId } from '../../client/responseGuards.ts';
import { INSUFFICIENT_CAPACITY_CODE, isAwsCode, toProviderError } from '../../client/errors.ts';
import type { LaunchTemplates } from '../../launchTemplate/launchTemplates.ts';
import type { UnavailableOfferings } from '../unavailableOfferings.ts';
import { instanceTags } from '../../tags.ts';
import { launchTags } from './fleetInput.ts';
import type { CallLaunchMethod } from './launchMethod.ts';
import { lifecycleOf, availableOfferings, offeringName, priceTypeOf } from '../offerings.ts';

/**
 * RunInstances: one instance type, one subnet and one purchase option per call, for sites that may not use EC2
 * Fleet. The next launch tries the next offering.
 */
export function createRunInstancesMethod(
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  unavailableOfferings: UnavailableOfferings,
): CallLaunchMethod<RunInstancesParameters> {
  return {
    async prepare(input) {
      const { owner, template, resolvedTemplate } = input;
      const priceType = priceTypeOf(input);
      const launchTemplate = await launchTemplates.ensure(owner.deployment, template, { resolvedTemplate });
      return {
        v: 1,
        launchMethod: 'runInstances',
        launchTemplateId: launchTemplate.id,
        launchTemplateVersion: launchTemplate.version,
        ...(launchTemplate.resolvedTemplate === undefined
          ? {}
          : { resolvedTemplate: launchTemplate.resolvedTemplate }),
        ...(launchTemplate.networkInterfaces === undefined
          ? {}
          : {
              networkInterfaces: launchTemplate.networkInterfaces.map((networkInterface) => ({
                ...networkInterface,
              })),
            }),
        overrides: availableOfferings(template, priceType, unavailableOfferings),
        priceType,
        tags: instanceTags(owner, template),
      };
    },

    async launch(launch, parameters) {
      const offering = offeringFor(launch, parameters);
      const count = Math.ceil(launch.units / (offering.weight ?? 1));
      const name = offeringName(offering.instanceType, offering.subnetId, lifecycleOf(parameters.priceType));
      try {
        const response = await clients.mutating.send(
          new RunInstancesCommand(runInstancesInput(launch, parameters, offering, count)),
        );
        const machines = requireField(response.Instances, 'list of instances').map((instance) => ({
          machineId: requireInstanceId(instance.InstanceId),
          instanceType: instance.InstanceType ?? offering.instanceType ?? '',
          spot: instance.InstanceLifecycle === 'spot',
        }));
        const shortage = {
          offering: name,
          code: INSUFFICIENT_CAPACITY_CODE,
          message: `${machines.length} of ${count}`,
        };
        return { isConclusive: true, machines, shortages: machines.length < count ? [shortage] : [] };
      } catch (error) {
        const { kind, providerCode, message } = toProviderError(error);
        if (kind === 'stale') launchTemplates.invalidate(parameters.launchTemplateId);
        if (kind !== 'capacity' && !isAwsCode(providerCode, 'tokenSpent')) throw error;
        return {
          isConclusive: true,
          machines: [],
          shortages: [{ offering: name, code: providerCode, message: truncateMessage(message) }],
        };
      }
    },
  };
}

/** Rotates by ordinal. A repeated launch has the same ordinal and therefore the same zone and token. */
function offeringFor(launch: Launch, { overrides }: RunInstancesParameters): LaunchOverride {
  const offering = overrides[(launch.ordinal - 1) % overrides.length];
  if (!offering)
    throw new ProviderError('permanent', 'NoOffering', 'The template names no instance type or no subnet.');
  return offering;
}

function runInstancesInput(
  launch: Launch,
  parameters: RunInstancesParameters,
  offering: LaunchOverride,
  count: number,
): RunInstancesCommandInput {
  const tags = launchTags(launch, parameters.tags);
  const isSpot = parameters.priceType === 'spot';
  return {
    ClientToken: launch.token,
    // AWS launches as many as it can between the two.
    MinCount: 1,
    MaxCount: count,
    LaunchTemplate: {
      LaunchTemplateId: parameters.launchTemplateId,
      Version: parameters.launchTemplateVersion,
    },
    InstanceType: offering.instanceType as NonNullable<RunInstancesCommandInput['InstanceType']>,
    ...networkPlacement(offering, parameters),
    ...(isSpot
      ? {
          InstanceMarketOptions: {
            MarketType: 'spot',
            SpotOptions: {
              SpotInstanceType: 'one-time',
              InstanceInterruptionBehavior: 'terminate',
              ...(offering.maxPrice === undefined ? {} : { MaxPrice: offering.maxPrice }),
            },
          },
        }
      : {}),
    TagSpecifications: [
      { ResourceType: 'instance', Tags: tags },
      { ResourceType: 'volume', Tags: tags },
      ...(isSpot ? [{ ResourceType: 'spot-instances-request' as const, Tags: tags }] : []),
    ],
  };
}

/** AWS accepts a subnet beside a launch template, but not beside its network interfaces. */
function networkPlacement(
  { subnetId }: LaunchOverride,
  { networkInterfaces }: RunInstancesParameters,
): Pick<RunInstancesCommandInput, 'SubnetId' | 'NetworkInterfaces'> {
  if (!networkInterfaces) return { SubnetId: subnetId };
  return {
    NetworkInterfaces: networkInterfaces.map((networkInterface) => ({
      ...networkInterface,
      SubnetId: subnetId,
    })),
  };
}
