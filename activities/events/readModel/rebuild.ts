import { isAlive } from '../../../domain/machine/machine.ts';
import { createdAtOf, isRequestId } from '../../../contract/ids.ts';
import { mapConcurrently } from '../../runtime/inParallel.ts';
import type { MachineReader, OwnedObservation, ProviderInstance } from '../../provider.ts';
import type { Store } from '../../storage/store.ts';
import { createUnitOfWork, countsAsAlive } from './unitOfWork.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { changesToMatch, observedFields, type OwnerSnapshot } from './ownerSnapshot.ts';
import { createReadModelHandler, emptyMachineRecord, emptyRequestRecord } from './readModel.ts';
import { adopterId } from '../../../domain/request/adopterId.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

/** The owners of a provider instance, one for each request and each adopter. */
export interface OwnerDirectory {
  list(): Promise<readonly Owner[]>;
  /** Those of these ids that are surely closed, or no longer known. */
  filterClosed(ids: readonly string[]): Promise<readonly string[]>;
}

export interface Owner {
  readonly id: string;
  readonly isOpen: boolean;
  readSnapshot(): Promise<OwnerSnapshot>;
}

export interface RebuildSources {
  readonly instance: ProviderInstance;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly owners: OwnerDirectory;
  readonly machines: Pick<MachineReader, 'listMachines'>;
}

export interface RebuildResult {
  /** Events that are still kept, and were told again. */
  readonly events: number;
  readonly requests: number;
  readonly machines: number;
  /** Requests that did not answer; of these the read model has what Temporal keeps, which may be less. */
  readonly unanswered: readonly { readonly id: string; readonly reason: string }[];
  /** Requests that were open in the read model, and are not in Temporal. */
  readonly closedRequests: readonly string[];
  /** Live machines that only their tags tell of. */
  readonly foundByTag: readonly string[];
  /** Why the cloud could not be read: then `closedRequests` and `foundByTag` are not known. */
  readonly cloudError?: string;
}

/** Whether all was read that it is made of. */
export const isComplete = ({ unanswered, cloudError }: RebuildResult): boolean =>
  unanswered.length === 0 && cloudError === undefined;

const MAX_BATCH = 500;
/** Reads of a request of which more is told meanwhile. */
const MAX_READ_ATTEMPTS = 3;

/**
 * Makes the read model again: from the events that the outbox keeps, from the owners, and for live machines from
 * what the cloud shows. What is told meanwhile is newer and stays, so the worker may run, and should: owners answer
 * through it.
 */
export async function rebuildReadModel(
  { store, outbox, owners, instance, machines: reader }: RebuildSources,
  onProgress: (what: string, done: number) => void,
): Promise<RebuildResult> {
  const events = await redeliverEvents(store, outbox, (done) => onProgress('events told again', done));
  const list = await owners.list();
  // An adopter has taken over what its request had.
  const requestOwners = list.filter(({ id }) => !isAdopter(id));
  const adopters = list.filter(({ id }) => isAdopter(id));
  const imported: ImportedOwner[] = [];
  for (const group of [requestOwners, adopters]) {
    for (let from = 0; from < group.length; from += MAX_BATCH) {
      imported.push(
        ...(await mapConcurrently(group.slice(from, from + MAX_BATCH), (owner) => importOwner(store, owner))),
      );
      onProgress('requests read', imported.length);
    }
  }
  const counts = {
    events,
    requests: imported.filter(({ machines }) => machines !== undefined).length,
    machines: imported.reduce((sum, { machines = 0 }) => sum + machines, 0),
    unanswered: imported.flatMap(({ id, reason }) => (reason === undefined ? [] : [{ id, reason }])),
  };
  let observed: readonly OwnedObservation[];
  try {
    observed = await reader.listMachines(instance);
  } catch (error) {
    return { ...counts, closedRequests: [], foundByTag: [], cloudError: messageOf(error) };
  }
  const alive = observed.filter(({ state }) => isAlive(state));
  onProgress('live machines seen in the cloud', alive.length);
  const open = new Set(list.filter(({ isOpen }) => isOpen).map(({ id }) => id));
  const closedRequests = await closeRequests(store, owners, open, alive);
  const foundByTag = await importTaggedMachines(store, instance, alive);
  return { ...counts, closedRequests, foundByTag };
}

const isAdopter = (id: string): boolean => id.startsWith(adopterId(''));
async function redeliverEvents(
  store: Store,
  outbox: Outbox,
  onProgress: (done: number) => void,
): Promise<number> {
  const handler = createReadModelHandler(store);
  let done = 0;
  for (let offset = 0; ;) {
    const entries = await outbox.readAfter(offset, MAX_BATCH);
    const last = entries.at(-1);
    if (!last) return done;
    await handler.handle(entries);
    offset = last.offset;
    done += entries.length;
    onProgress(done);
  }
}

interface ImportedOwner {
  readonly id: string;
  /** Absent where nothing is known of them. */
  readonly machines?: number;
  /** Why it did not answer. */
  readonly reason?: string;
}

async function importOwner(store: Store, owner: Owner): Promise<ImportedOwner> {
  const { id } = owner;
  try {
    const { machines, queryError } = await writeSnapshot(store, owner);
    return { id, machines: machines.length, ...(queryError === undefined ? {} : { reason: queryError }) };
  } catch (error) {
    return { id, reason: messageOf(error) };
  }
}

async function writeSnapshot(store: Store, owner: Owner): Promise<OwnerSnapshot> {
  for (let attempt = 1; ; attempt++) {
    const before = await store.get('requests', owner.id);
    const snapshot = await owner.readSnapshot();
    let isNewest = true;
    await store.commitWith((rows) => {
      const now = rows.get('requests', owner.id);
      isNewest = now?.runId === before?.runId && now?.sequence === before?.sequence;
      return isNewest ? changesToMatch(rows, owner.id, snapshot) : [];
    });
    if (isNewest || attempt === MAX_READ_ATTEMPTS) return snapshot;
  }
}

/** Of an owner that is closed nothing is alive but what the cloud shows. */
async function closeRequests(
  store: Store,
  owners: OwnerDirectory,
  open: ReadonlySet<string>,
  alive: readonly OwnedObservation[],
): Promise<readonly string[]> {
  const { rows: requests } = await store.list('requests');
  const candidates = requests.filter(({ id, endedAt }) => endedAt === 0 && !open.has(id));
  const closed = new Set(await owners.filterClosed(candidates.map(({ id }) => id)));
  const visible = new Set(alive.map(({ machineId }) => machineId));
  const now = Date.now();
  for (const { id, requestId } of candidates.filter((request) => closed.has(request.id))) {
    const { rows: machines } = await store.list('machines', { where: { requestId } });
    const gone = machines.filter((one) => one.owner === id && countsAsAlive(one) && !visible.has(one.id));
    await store.commitWith((rows) => {
      const unitOfWork = createUnitOfWork(rows);
      for (const machine of gone)
        unitOfWork.putMachine({ ...machine, release: 'terminated', endedAt: now }, now);
      const request = unitOfWork.get('requests', id);
      if (!request) return [];
      const status = request.status === 'running' ? 'complete_with_error' : request.status;
      unitOfWork.putRequest({ ...request, status, phase: 'settled' }, now);
      return unitOfWork.changes();
    });
  }
  return [...closed];
}

/** Machines that no owner has told of: the tags say whose they are. */
async function importTaggedMachines(
  store: Store,
  { provider }: ProviderInstance,
  alive: readonly OwnedObservation[],
): Promise<readonly string[]> {
  const added: string[] = [];
  const now = Date.now();
  await store.commitWith((rows) => {
    const unitOfWork = createUnitOfWork(rows);
    for (const machine of alive) {
      const { machineId, launchTime, owner } = machine;
      const requestId = owner?.requestId ?? '';
      if (rows.get('machines', machineId)) continue;
      const stream =
        [requestId, adopterId(requestId)].find((id) => unitOfWork.get('requests', id)) ?? requestId;
      if (!unitOfWork.get('requests', stream))
        unitOfWork.putRequest(requestRecordFromTags(requestId, provider, now), now);
      const at = launchTime > 0 ? launchTime * 1_000 : now;
      const record = emptyMachineRecord({ machineId, at, provider, requestId, stream });
      unitOfWork.putMachine({ ...record, ...observedFields(machine) }, now);
      added.push(machineId);
    }
    return unitOfWork.changes();
  });
  return added;
}

/** Host Factory is told the same status of a request that Temporal does not know. */
function requestRecordFromTags(requestId: string, provider: string, now: number) {
  const at = isRequestId(requestId) ? createdAtOf(requestId) : now;
  const message = 'Known by the tags of its machines only.';
  const request = emptyRequestRecord({ stream: requestId, at, provider, requestId });
  return { ...request, status: 'complete_with_error', message, phase: 'settled' } as const;
}
