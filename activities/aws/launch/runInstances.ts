import { RunInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { LaunchOverride, RunInstancesParameters } from './launchParameters.ts';
import type { Launch } from '../../../domain/request/launch.ts';
import { ProviderError } from '../../../domain/errors/errors.ts';
import type { AwsClients } from '../client/clients.ts';
import { told, toldId } from '../client/responseGuards.ts';
import { toProviderError } from '../client/errors.ts';
import type { LaunchTemplates } from '../launchTemplate/launchTemplates.ts';
import type { ShortageMemory } from './unavailableOfferings.ts';
import { instanceTags } from '../tags.ts';
import { launchTags } from './fleetInput.ts';
import type { CallManager } from './launchMethod.ts';
import { lifecycleOf, openPools, poolName, priceOf } from './offerings.ts';

/**
 * RunInstances: one instance type, one subnet and one price type a call, for sites that may not use EC2
 * Fleet. What a pool lacks is asked of the next one by the next launch.
 */
export function runInstances(
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  shortages: ShortageMemory,
): CallManager<RunInstancesParameters> {
  return {
    async prepare(input) {
      const { owner, template, frozen } = input;
      const priceType = priceOf(input);
      const made = await launchTemplates.ensure(owner.deployment, template, { frozen });
      return {
        v: 1,
        manager: 'runInstances',
        launchTemplateId: made.id,
        launchTemplateVersion: made.version,
        ...(made.frozen === undefined ? {} : { frozen: made.frozen }),
        ...(made.networkInterfaces === undefined
          ? {}
          : { networkInterfaces: made.networkInterfaces.map((one) => ({ ...one })) }),
        overrides: openPools(template, priceType, shortages),
        priceType,
        tags: instanceTags(owner, template),
      };
    },

    async launch(launch, parameters) {
      const pool = poolOf(launch, parameters);
      const count = Math.ceil(launch.units / (pool.weight ?? 1));
      const name = poolName(pool.instanceType, pool.subnetId, lifecycleOf(parameters.priceType));
      try {
        const answer = await clients.mutating.send(
          new RunInstancesCommand(callInput(launch, parameters, pool, count)),
        );
        const machines = told(answer.Instances, 'list of instances').map((instance) => ({
          machineId: toldId(instance.InstanceId),
          instanceType: instance.InstanceType ?? pool.instanceType ?? '',
          spot: instance.InstanceLifecycle === 'spot',
        }));
        const short = {
          pool: name,
          code: 'InsufficientInstanceCapacity',
          message: `${machines.length} of ${count}`,
        };
        return { certain: true, machines, shortages: machines.length < count ? [short] : [] };
      } catch (error) {
        const { kind, providerCode, message } = toProviderError(error);
        if (kind === 'stale') launchTemplates.forget(parameters.launchTemplateId);
        // All machines of this token have been terminated meanwhile: it stands for nothing any more.
        const spent = providerCode === 'IdempotentInstanceTerminated';
        if (!spent && kind !== 'capacity') throw error;
        return { certain: true, machines: [], shortages: [{ pool: name, code: providerCode, message }] };
      }
    },
  };
}

/** The next pool with every launch. A repeated launch has the same ordinal, and so meets the same zone and token. */
function poolOf(launch: Launch, { overrides }: RunInstancesParameters): LaunchOverride {
  const pool = overrides[(launch.ordinal - 1) % overrides.length];
  if (!pool)
    throw new ProviderError('permanent', 'NoPool', 'The template names no instance type or no subnet.');
  return pool;
}

function callInput(
  launch: Launch,
  parameters: RunInstancesParameters,
  pool: LaunchOverride,
  count: number,
): RunInstancesCommandInput {
  const tags = launchTags(launch, parameters.tags);
  const spot = parameters.priceType === 'spot';
  return {
    ClientToken: launch.token,
    // AWS launches as many as it can between the two.
    MinCount: 1,
    MaxCount: count,
    LaunchTemplate: {
      LaunchTemplateId: parameters.launchTemplateId,
      Version: parameters.launchTemplateVersion,
    },
    InstanceType: pool.instanceType as NonNullable<RunInstancesCommandInput['InstanceType']>,
    ...place(pool, parameters),
    ...(spot
      ? {
          InstanceMarketOptions: {
            MarketType: 'spot',
            SpotOptions: {
              SpotInstanceType: 'one-time',
              InstanceInterruptionBehavior: 'terminate',
              ...(pool.maxPrice === undefined ? {} : { MaxPrice: pool.maxPrice }),
            },
          },
        }
      : {}),
    TagSpecifications: [
      { ResourceType: 'instance', Tags: tags },
      { ResourceType: 'volume', Tags: tags },
      ...(spot ? [{ ResourceType: 'spot-instances-request' as const, Tags: tags }] : []),
    ],
  };
}

/** AWS takes a subnet beside the launch template, but not beside the network interfaces of one. */
function place(
  { subnetId }: LaunchOverride,
  { networkInterfaces }: RunInstancesParameters,
): Pick<RunInstancesCommandInput, 'SubnetId' | 'NetworkInterfaces'> {
  if (!networkInterfaces) return { SubnetId: subnetId };
  return { NetworkInterfaces: networkInterfaces.map((one) => ({ ...one, SubnetId: subnetId })) };
}
