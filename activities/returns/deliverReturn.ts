import pMap from 'p-map';
import type { Client } from '@temporalio/client';
import type { DeliverReturnInput, ReadActivities } from '../../contract/activities.ts';
import { isSameHost } from '../../domain/machine/hostName.ts';
import { isAlive } from '../../domain/machine/machine.ts';
import { signalAdopter } from '../owners/signalAdopter.ts';
import { withHeartbeat } from '../runtime/heartbeat.ts';
import { ifFound, MAX_CONCURRENT_OWNER_CALLS } from '../owners/workflowLookup.ts';
import { toReadFailure } from '../runtime/failures.ts';
import { toObservation, type MachineReader, type OwnedObservation } from '../provider.ts';
import { createOwnerQueries, type OwnerQueries } from '../owners/ownerQueries.ts';
import type { ReturnMachines } from '../../domain/request/returns.ts';
import type { Delivery } from '../../domain/return/delivery.ts';
import { adopterId } from '../../domain/request/adopterId.ts';
import { returnMachinesSignal } from '../../contract/machineRequest.ts';

type ReturnedItem = DeliverReturnInput['machines'][number];
type LocatedMachine = { readonly item: ReturnedItem; readonly machine: OwnedObservation };

/** Resolves the owner of each machine by its tags, which needs no record of ours and survives the loss of Temporal's database. */
export function createReadActivities(reader: MachineReader, client: Client): ReadActivities {
  const ownerQueries = createOwnerQueries(client);
  return {
    deliverReturn: (input) =>
      withHeartbeat(async () => {
        const { deliveries, found: located } = await locateMachines(reader, input);
        const signalled = await pMap(
          groupByRequest(located),
          async ([requestId, machines]) =>
            signalOwner(client, input, requestId, await machinesToSignal(ownerQueries, requestId, machines)),
          { concurrency: MAX_CONCURRENT_OWNER_CALLS },
        );
        return { deliveries: [...deliveries, ...signalled.flat()] };
      }).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
  };
}

/** Splits the machines into those whose owner must be signalled and those with a final outcome. */
async function locateMachines(reader: MachineReader, input: DeliverReturnInput) {
  const ids = input.machines.flatMap(({ machineId }) =>
    machineId && reader.isMachineId(machineId) ? [machineId] : [],
  );
  const observed = await reader.readMachines([...new Set(ids)]);
  const machinesByIndex = await findByName(reader, input);
  const deliveries: Delivery[] = [];
  const located: LocatedMachine[] = [];
  for (const item of input.machines) {
    const outcome = item.machineId
      ? resolveById(item, observed, input, reader)
      : resolveByName(item, machinesByIndex);
    if ('kind' in outcome) deliveries.push(outcome);
    else located.push(outcome);
  }
  return { deliveries, found: located };
}

function resolveById(
  item: ReturnedItem,
  observed: ReadonlyMap<string, OwnedObservation>,
  input: DeliverReturnInput,
  reader: MachineReader,
): Delivery | LocatedMachine {
  const { index, machineId = '' } = item;
  if (!reader.isMachineId(machineId)) {
    return { index, kind: 'rejected', message: `'${machineId}' is not the id of a machine.` };
  }
  const machine = observed.get(machineId);
  if (!machine) return { index, kind: 'absent', machineId };
  return isOurs(machine, input)
    ? { item, machine }
    : {
        index,
        kind: 'rejected',
        message: `${machineId} was not launched by provider '${input.provider}' of deployment '${input.deployment}'; it is left alone.`,
      };
}

/** Clouds reuse host names: a name resolves to the one live machine that has it and was launched before the call. */
function resolveByName(
  item: ReturnedItem,
  machinesByIndex: ReadonlyMap<number, readonly OwnedObservation[]>,
): Delivery | LocatedMachine {
  const { index, name } = item;
  const [machine, ...others] = machinesByIndex.get(index) ?? [];
  if (machine && others.length === 0) return { item, machine };
  const message = machine
    ? `${others.length + 1} live machines have the name '${name}'; give the machineId.`
    : `No live machine of this provider has the name '${name}'.`;
  return { index, kind: 'rejected', message };
}

async function findByName(
  reader: MachineReader,
  input: DeliverReturnInput,
): Promise<ReadonlyMap<number, readonly OwnedObservation[]>> {
  const named = input.machines.filter(({ machineId, name }) => !machineId && name);
  if (named.length === 0) return new Map();
  const live = (await reader.listMachines(input)).filter(
    ({ state }) => isAlive(state) && state !== 'shutting-down',
  );
  const launchedBefore = live.filter(({ launchTime }) => launchTime * 1_000 <= input.createdAt);
  return new Map(
    named.map(
      ({ index, name = '' }) =>
        [index, launchedBefore.filter((machine) => isSameHost(machine.name, name))] as const,
    ),
  );
}

const isOurs = ({ owner }: OwnedObservation, { deployment, provider }: DeliverReturnInput): boolean =>
  owner?.deployment === deployment && owner.provider === provider;

function groupByRequest(located: readonly LocatedMachine[]): ReadonlyMap<string, readonly LocatedMachine[]> {
  const owners = new Map<string, LocatedMachine[]>();
  for (const entry of located) {
    const requestId = entry.machine.owner?.requestId ?? '';
    owners.set(requestId, [...(owners.get(requestId) ?? []), entry]);
  }
  return owners;
}

/**
 * Of the machines already delivered, keeps those that have terminated and those that no open owner is releasing. For all
 * others the owner has the signal; repeating it would only grow its history.
 */
async function machinesToSignal(
  ownerQueries: OwnerQueries,
  requestId: string,
  machines: readonly LocatedMachine[],
): Promise<readonly LocatedMachine[]> {
  const delivered = machines.filter(({ item }) => item.wasDelivered);
  if (delivered.length === 0) return machines;
  const ids = delivered.map(({ machine }) => machine.machineId);
  const statuses = await ownerQueries.queryOpen(requestId, ids).catch(() => undefined);
  const beingReleased = new Set(ids.filter((_, index) => statuses?.[index] === 'released'));
  return machines.filter(({ machine }) => !isAlive(machine.state) || !beingReleased.has(machine.machineId));
}

/** Signals the owner or, if it is closed or lost, the adopter. */
async function signalOwner(
  client: Client,
  input: DeliverReturnInput,
  requestId: string,
  machines: readonly LocatedMachine[],
): Promise<Delivery[]> {
  if (machines.length === 0) return [];
  const payload: ReturnMachines = {
    returnId: input.returnId,
    machines: machines.map(({ machine }) => toObservation(machine)),
    ...(input.callId === undefined ? {} : { callId: input.callId }),
  };
  let ownerId = requestId;
  const sent = client.workflow.getHandle(requestId).signal(returnMachinesSignal, payload);
  const isOwnerOpen = await ifFound(sent.then(() => true));
  if (!isOwnerOpen && machines.some(({ machine }) => isAlive(machine.state))) {
    ownerId = adopterId(requestId);
    await signalAdopter(client, {
      deployment: input.deployment,
      provider: input.provider,
      requestId,
      signal: returnMachinesSignal,
      payload,
      startedBy: `return ${input.returnId}`,
    });
  }
  return machines.map(({ item, machine }): Delivery => {
    const { machineId } = machine;
    const observation = item.wasDelivered ? {} : { observation: toObservation(machine) };
    // The owner is signalled nevertheless, so that it records machines that terminated without it.
    if (!isAlive(machine.state)) return { index: item.index, kind: 'terminated', machineId, ...observation };
    return { index: item.index, kind: 'signalled', ownerId, machineId, ...observation };
  });
}
