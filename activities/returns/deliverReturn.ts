import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { DeliverReturnInput, ReadActivities } from '../../contract/activities.ts';
import { sameHost } from '../../domain/machine/hostName.ts';
import { isAlive } from '../../domain/machine/machine.ts';
import { SIGNAL } from '../../contract/messages.ts';
import { signalAdopter } from '../owners/signalAdopter.ts';
import { withHeartbeat } from '../runtime/heartbeat.ts';
import { inParallel } from '../runtime/inParallel.ts';
import { toReadFailure } from '../runtime/failures.ts';
import { toSighting, type MachineReader, type OwnedMachine } from '../provider.ts';
import { createStandings, type Standings } from '../owners/ownerQueries.ts';
import type { ReturnMachines } from '../../domain/request/returns.ts';
import type { Delivery } from '../../domain/return/delivery.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

type Asked = DeliverReturnInput['machines'][number];
type Found = { readonly asked: Asked; readonly machine: OwnedMachine };

/** Finds out by what stands on each machine in the cloud whose it is: that needs no book of ours and survives its loss. */
export function createReadActivities(reader: MachineReader, client: Client): ReadActivities {
  const standings = createStandings(client);
  return {
    deliverReturn: (input) =>
      withHeartbeat(async () => {
        const { deliveries, found } = await locate(reader, input);
        const signalled = await inParallel([...byOwner(found)], async ([requestId, machines]) =>
          signalOwner(client, input, requestId, await newsOf(standings, requestId, machines)),
        );
        return { deliveries: [...deliveries, ...signalled.flat()] };
      }).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
  };
}

/** Sorts the machines into those that have an owner to be told and those that are decided here. */
async function locate(reader: MachineReader, input: DeliverReturnInput) {
  const ids = input.machines.flatMap(({ machineId }) =>
    machineId && reader.isId(machineId) ? [machineId] : [],
  );
  const seen = await reader.byId([...new Set(ids)]);
  const named = await byName(reader, input);
  const deliveries: Delivery[] = [];
  const found: Found[] = [];
  for (const asked of input.machines) {
    const outcome = asked.machineId ? judgeId(asked, seen, input, reader) : judgeName(asked, named);
    if ('kind' in outcome) deliveries.push(outcome);
    else found.push(outcome);
  }
  return { deliveries, found };
}

function judgeId(
  asked: Asked,
  seen: ReadonlyMap<string, OwnedMachine>,
  input: DeliverReturnInput,
  reader: MachineReader,
): Delivery | Found {
  const { index, machineId = '' } = asked;
  if (!reader.isId(machineId)) {
    return { index, kind: 'refused', message: `'${machineId}' is not the id of a machine.` };
  }
  const machine = seen.get(machineId);
  if (!machine) return { index, kind: 'absent', machineId };
  return isOurs(machine, input)
    ? { asked, machine }
    : {
        index,
        kind: 'refused',
        message: `${machineId} was not launched by provider '${input.provider}' of deployment '${input.deployment}'; it was left alone.`,
      };
}

/** A cloud uses host names again: a name means the one live machine that has it and is older than the call. */
function judgeName(asked: Asked, named: ReadonlyMap<number, readonly OwnedMachine[]>): Delivery | Found {
  const { index, name } = asked;
  const [machine, ...others] = named.get(index) ?? [];
  if (machine && others.length === 0) return { asked, machine };
  const message = machine
    ? `${others.length + 1} live machines have the name '${name}'; give the machineId.`
    : `No live machine of this provider has the name '${name}'.`;
  return { index, kind: 'refused', message };
}

async function byName(
  reader: MachineReader,
  input: DeliverReturnInput,
): Promise<ReadonlyMap<number, readonly OwnedMachine[]>> {
  const asked = input.machines.filter(({ machineId, name }) => !machineId && name);
  if (asked.length === 0) return new Map();
  const live = (await reader.ofProvider(input)).filter(
    ({ state }) => isAlive(state) && state !== 'shutting-down',
  );
  const older = live.filter(({ launchTime }) => launchTime * 1_000 <= input.createdAt);
  return new Map(
    asked.map(
      ({ index, name = '' }) => [index, older.filter((machine) => sameHost(machine.name, name))] as const,
    ),
  );
}

const isOurs = ({ owner }: OwnedMachine, { deployment, provider }: DeliverReturnInput): boolean =>
  owner?.deployment === deployment && owner.provider === provider;

function byOwner(found: readonly Found[]): ReadonlyMap<string, readonly Found[]> {
  const owners = new Map<string, Found[]>();
  for (const one of found) {
    const requestId = one.machine.owner?.requestId ?? '';
    owners.set(requestId, [...(owners.get(requestId) ?? []), one]);
  }
  return owners;
}

/**
 * Of machines that were delivered before, those that have ended, and those that no open owner gives back: all others
 * are at their owner, and the same signal again would only make histories longer.
 */
async function newsOf(
  standings: Standings,
  requestId: string,
  machines: readonly Found[],
): Promise<readonly Found[]> {
  const known = machines.filter(({ asked }) => asked.seen);
  if (known.length === 0) return machines;
  const ids = known.map(({ machine }) => machine.machineId);
  const answer = await standings.ofOpen(requestId, ids).catch(() => undefined);
  const held = new Set(ids.filter((_, index) => answer?.[index] === 'released'));
  return machines.filter(({ machine }) => !isAlive(machine.state) || !held.has(machine.machineId));
}

/** Tells the owner, or the adopter of a request whose owner is closed or lost. */
async function signalOwner(
  client: Client,
  input: DeliverReturnInput,
  requestId: string,
  machines: readonly Found[],
): Promise<Delivery[]> {
  if (machines.length === 0) return [];
  const request: ReturnMachines = {
    returnId: input.returnId,
    machines: machines.map(({ machine }) => toSighting(machine)),
    ...(input.callId === undefined ? {} : { callId: input.callId }),
  };
  let ownerId = requestId;
  try {
    await client.workflow.getHandle(requestId).signal(SIGNAL.returnMachines, request);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    if (machines.some(({ machine }) => isAlive(machine.state))) {
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
  return machines.map(({ asked, machine }): Delivery => {
    const { machineId } = machine;
    const sighting = asked.seen ? {} : { sighting: toSighting(machine) };
    // The owner is told all the same: it keeps the books of machines that ended without it.
    if (!isAlive(machine.state)) return { index: asked.index, kind: 'gone', machineId, ...sighting };
    return { index: asked.index, kind: 'signalled', ownerId, machineId, ...sighting };
  });
}
