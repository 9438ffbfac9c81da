import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Delivery, DeliverReturnInput, ReadActivities } from '../../domain/activities.ts';
import { isAlive } from '../../domain/machine/machine.ts';
import { adopterId } from '../../domain/shared/ids.ts';
import { SIGNAL, type ReturnMachines } from '../../domain/shared/messages.ts';
import { signalAdopter } from '../adopting.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { inParallel } from '../inParallel.ts';
import { toReadFailure } from './errors.ts';
import { toSighting, type InstanceReader, type SeenInstance } from './instances.ts';
import { TAG } from './tags.ts';

type Asked = DeliverReturnInput['machines'][number];
type Found = { readonly asked: Asked; readonly instance: SeenInstance };

const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** Finds out by AWS's tags whose machine each is: that needs no book of ours and survives its loss. */
export function createReadActivities(reader: InstanceReader, client: Client): ReadActivities {
  return {
    deliverReturn: (input) =>
      withHeartbeat(async () => {
        const { deliveries, found } = await locate(reader, input);
        const signalled = await inParallel([...byOwner(found)], ([requestId, machines]) =>
          signalOwner(client, input, requestId, machines),
        );
        return { deliveries: [...deliveries, ...signalled.flat()] };
      }).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
  };
}

/** Sorts the machines into those that have an owner to be told and those that are decided here. */
async function locate(reader: InstanceReader, input: DeliverReturnInput) {
  const ids = input.machines.flatMap(({ machineId }) =>
    machineId && INSTANCE_ID.test(machineId) ? [machineId] : [],
  );
  const seen = await reader.byId([...new Set(ids)]);
  const named = await byName(reader, input);
  const deliveries: Delivery[] = [];
  const found: Found[] = [];
  for (const asked of input.machines) {
    const outcome = asked.machineId ? judgeId(asked, seen, input) : judgeName(asked, named);
    if ('kind' in outcome) deliveries.push(outcome);
    else found.push(outcome);
  }
  return { deliveries, found };
}

function judgeId(
  asked: Asked,
  seen: ReadonlyMap<string, SeenInstance>,
  input: DeliverReturnInput,
): Delivery | Found {
  const { index, machineId = '' } = asked;
  if (!INSTANCE_ID.test(machineId)) {
    return { index, kind: 'refused', message: `'${machineId}' is not the id of an EC2 instance.` };
  }
  const instance = seen.get(machineId);
  if (!instance) return { index, kind: 'absent', machineId };
  return isOurs(instance, input)
    ? { asked, instance }
    : {
        index,
        kind: 'refused',
        message: `${machineId} was not launched by provider '${input.provider}' of deployment '${input.deployment}'; it was left alone.`,
      };
}

/** AWS uses private DNS names again: a name means the one live machine that has it and is older than the call. */
function judgeName(asked: Asked, named: ReadonlyMap<number, readonly SeenInstance[]>): Delivery | Found {
  const { index, name } = asked;
  const [instance, ...others] = named.get(index) ?? [];
  if (instance && others.length === 0) return { asked, instance };
  const message = instance
    ? `${others.length + 1} live machines have the name '${name}'; give the machineId.`
    : `No live machine of this provider has the name '${name}'.`;
  return { index, kind: 'refused', message };
}

async function byName(
  reader: InstanceReader,
  input: DeliverReturnInput,
): Promise<ReadonlyMap<number, readonly SeenInstance[]>> {
  const asked = input.machines.filter(({ machineId, name }) => !machineId && name);
  if (asked.length === 0) return new Map();
  const live = await reader.byFilter([
    { Name: `tag:${TAG.deployment}`, Values: [input.deployment] },
    { Name: `tag:${TAG.provider}`, Values: [input.provider] },
    { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
  ]);
  const older = live.filter((instance) => instance.launchTime * 1_000 <= input.createdAt);
  return new Map(
    asked.map(
      ({ index, name = '' }) => [index, older.filter((instance) => sameHost(instance.name, name))] as const,
    ),
  );
}

/** Host names compare without case, and short against full: EGO may know either. */
function sameHost(a: string, b: string): boolean {
  const [full, other] = [a.toLowerCase(), b.toLowerCase()];
  return full !== '' && (full === other || full.split('.')[0] === other || full === other.split('.')[0]);
}

const isOurs = (instance: SeenInstance, input: DeliverReturnInput): boolean =>
  instance.tags[TAG.deployment] === input.deployment &&
  instance.tags[TAG.provider] === input.provider &&
  instance.tags[TAG.requestId] !== undefined;

function byOwner(found: readonly Found[]): ReadonlyMap<string, readonly Found[]> {
  const owners = new Map<string, Found[]>();
  for (const one of found) {
    const requestId = one.instance.tags[TAG.requestId] ?? '';
    owners.set(requestId, [...(owners.get(requestId) ?? []), one]);
  }
  return owners;
}

/** Tells the owner, or the adopter of a request whose owner is closed or lost. */
async function signalOwner(
  client: Client,
  input: DeliverReturnInput,
  requestId: string,
  machines: readonly Found[],
): Promise<Delivery[]> {
  const request: ReturnMachines = {
    returnId: input.returnId,
    machines: machines.map(({ instance }) => toSighting(instance)),
  };
  let ownerId = requestId;
  try {
    await client.workflow.getHandle(requestId).signal(SIGNAL.returnMachines, request);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    if (machines.some(({ instance }) => isAlive(instance.state))) {
      ownerId = adopterId(requestId);
      await signalAdopter(client, {
        deployment: input.deployment,
        provider: input.provider,
        requestId,
        signal: SIGNAL.returnMachines,
        argument: request,
        startedBy: `return ${input.returnId}`,
      });
    }
  }
  return machines.map(({ asked, instance }): Delivery => {
    const { machineId } = instance;
    const sighting = asked.seen ? {} : { sighting: toSighting(instance) };
    // The owner is told all the same: it keeps the books of machines that ended without it.
    if (!isAlive(instance.state)) return { index: asked.index, kind: 'gone', machineId, ...sighting };
    return { index: asked.index, kind: 'signalled', ownerId, machineId, ...sighting };
  });
}
