import { isAlive } from '../../../domain/machine/machine.ts';
import { bornAt, isRequestId } from '../../../contract/ids.ts';
import { inParallel } from '../../runtime/inParallel.ts';
import type { MachineReader, OwnedMachine, ProviderInstance } from '../../provider.ts';
import type { Store } from '../../storage/store.ts';
import { draftOver, isThere } from './unitOfWork.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { changesBy, factsOf, type OwnerBook } from './ownerSnapshot.ts';
import { readModel, unknownMachine, unknownRequest } from './readModel.ts';
import { adopterId } from '../../../domain/request/adopterId.ts';

/** The owners of a provider instance, one for each request and each adopter. */
export interface Owners {
  list(): Promise<readonly Owner[]>;
  /** Those of these ids that are surely closed, or no longer known. */
  closed(ids: readonly string[]): Promise<readonly string[]>;
}

export interface Owner {
  readonly id: string;
  readonly isOpen: boolean;
  read(): Promise<OwnerBook>;
}

export interface RebuildSources {
  readonly instance: ProviderInstance;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly owners: Owners;
  readonly machines: Pick<MachineReader, 'ofProvider'>;
}

export interface Rebuilt {
  /** Events that are still kept, and were told again. */
  readonly events: number;
  readonly requests: number;
  readonly machines: number;
  /** Requests that did not answer; of these the read model has what Temporal keeps, which may be less. */
  readonly silent: readonly { readonly id: string; readonly why: string }[];
  /** Requests that were open in the read model, and are not in Temporal. */
  readonly ended: readonly string[];
  /** Live machines that only their tags tell of. */
  readonly byTags: readonly string[];
  /** Why the cloud could not be read: then `ended` and `byTags` are not known. */
  readonly cloudError?: string;
}

/** Whether all was read that it is made of. */
export const isWhole = ({ silent, cloudError }: Rebuilt): boolean =>
  silent.length === 0 && cloudError === undefined;

const BATCH = 500;
/** Reads of a request of which more is told meanwhile. */
const ATTEMPTS = 3;

/**
 * Makes the read model again: from the events that the outbox keeps, from the owners, and for live machines from
 * what the cloud shows. What is told meanwhile is newer and stays, so the worker may run, and should: owners answer
 * through it.
 */
export async function rebuildReadModel(
  { store, outbox, owners, instance, machines: reader }: RebuildSources,
  onProgress: (what: string, done: number) => void,
): Promise<Rebuilt> {
  const events = await tellAgain(store, outbox, (done) => onProgress('events told again', done));
  const list = await owners.list();
  // An adopter has taken over what its request had.
  const first = list.filter(({ id }) => !isAdopter(id));
  const last = list.filter(({ id }) => isAdopter(id));
  const taken: Taken[] = [];
  for (const group of [first, last]) {
    for (let from = 0; from < group.length; from += BATCH) {
      taken.push(...(await inParallel(group.slice(from, from + BATCH), (owner) => takeIn(store, owner))));
      onProgress('requests read', taken.length);
    }
  }
  const told = {
    events,
    requests: taken.filter(({ machines }) => machines !== undefined).length,
    machines: taken.reduce((sum, { machines = 0 }) => sum + machines, 0),
    silent: taken.flatMap(({ id, why }) => (why === undefined ? [] : [{ id, why }])),
  };
  let seen: readonly OwnedMachine[];
  try {
    seen = await reader.ofProvider(instance);
  } catch (error) {
    return { ...told, ended: [], byTags: [], cloudError: messageOf(error) };
  }
  const alive = seen.filter(({ state }) => isAlive(state));
  onProgress('live machines seen in the cloud', alive.length);
  const open = new Set(list.filter(({ isOpen }) => isOpen).map(({ id }) => id));
  const ended = await endClosed(store, owners, open, alive);
  const byTags = await takeInByTags(store, instance, alive);
  return { ...told, ended, byTags };
}

const isAdopter = (id: string): boolean => id.startsWith(adopterId(''));
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function tellAgain(store: Store, outbox: Outbox, onProgress: (done: number) => void): Promise<number> {
  const handler = readModel(store);
  let done = 0;
  for (let place = 0; ;) {
    const entries = await outbox.after(place, BATCH);
    const last = entries.at(-1);
    if (!last) return done;
    await handler.handle(entries);
    place = last.place;
    done += entries.length;
    onProgress(done);
  }
}

interface Taken {
  readonly id: string;
  /** Absent where nothing is known of them. */
  readonly machines?: number;
  /** Why it did not answer. */
  readonly why?: string;
}

async function takeIn(store: Store, owner: Owner): Promise<Taken> {
  const { id } = owner;
  try {
    const { machines, silence } = await bookInto(store, owner);
    return { id, machines: machines.length, ...(silence === undefined ? {} : { why: silence }) };
  } catch (error) {
    return { id, why: messageOf(error) };
  }
}

async function bookInto(store: Store, owner: Owner): Promise<OwnerBook> {
  for (let attempt = 1; ; attempt++) {
    const before = await store.get('requests', owner.id);
    const book = await owner.read();
    let isNewest = true;
    await store.commitFrom((rows) => {
      const now = rows.get('requests', owner.id);
      isNewest = now?.runId === before?.runId && now?.sequence === before?.sequence;
      return isNewest ? changesBy(rows, owner.id, book) : [];
    });
    if (isNewest || attempt === ATTEMPTS) return book;
  }
}

/** Of an owner that is closed nothing is alive but what the cloud shows. */
async function endClosed(
  store: Store,
  owners: Owners,
  open: ReadonlySet<string>,
  alive: readonly OwnedMachine[],
): Promise<readonly string[]> {
  const { rows: requests } = await store.list('requests');
  const doubtful = requests.filter(({ id, endedAt }) => endedAt === 0 && !open.has(id));
  const closed = new Set(await owners.closed(doubtful.map(({ id }) => id)));
  const shown = new Set(alive.map(({ machineId }) => machineId));
  const now = Date.now();
  for (const { id, requestId } of doubtful.filter((request) => closed.has(request.id))) {
    const { rows: machines } = await store.list('machines', { where: { requestId } });
    const gone = machines.filter((one) => one.owner === id && isThere(one) && !shown.has(one.id));
    await store.commitFrom((rows) => {
      const draft = draftOver(rows);
      for (const machine of gone) draft.putMachine({ ...machine, release: 'gone', endedAt: now }, now);
      const request = draft.get('requests', id);
      if (!request) return [];
      const status = request.status === 'running' ? 'complete_with_error' : request.status;
      draft.putRequest({ ...request, status, phase: 'settled' }, now);
      return draft.changes();
    });
  }
  return [...closed];
}

/** Machines that no owner has told of: the tags say whose they are. */
async function takeInByTags(
  store: Store,
  { provider }: ProviderInstance,
  alive: readonly OwnedMachine[],
): Promise<readonly string[]> {
  const added: string[] = [];
  const now = Date.now();
  await store.commitFrom((rows) => {
    const draft = draftOver(rows);
    for (const machine of alive) {
      const { machineId, launchTime, owner } = machine;
      const requestId = owner?.requestId ?? '';
      if (rows.get('machines', machineId)) continue;
      const stream = [requestId, adopterId(requestId)].find((id) => draft.get('requests', id)) ?? requestId;
      if (!draft.get('requests', stream)) draft.putRequest(requestByTags(requestId, provider, now), now);
      const at = launchTime > 0 ? launchTime * 1_000 : now;
      const record = unknownMachine({ machineId, at, provider, requestId, stream });
      draft.putMachine({ ...record, ...factsOf(machine) }, now);
      added.push(machineId);
    }
    return draft.changes();
  });
  return added;
}

/** Host Factory is told the same status of a request that Temporal does not know. */
function requestByTags(requestId: string, provider: string, now: number) {
  const at = isRequestId(requestId) ? bornAt(requestId) : now;
  const message = 'Known by the tags of its machines only.';
  const request = unknownRequest({ stream: requestId, at, provider, requestId });
  return { ...request, status: 'complete_with_error', message, phase: 'settled' } as const;
}
