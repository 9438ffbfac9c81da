import pMap from 'p-map';
import { isAlive } from '../../../domain/machine/machine.ts';
import { createdAtOf, isRequestId } from '../../../contract/ids.ts';
import { MAX_CONCURRENT_OWNER_CALLS } from '../../owners/workflowLookup.ts';
import type { MachineReader, OwnedObservation, ProviderInstance } from '../../provider.ts';
import type { Store } from '../../storage/store.ts';
import { createUnitOfWork, countsAsAlive } from './unitOfWork.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { changesToMatch, observedFields, type OwnerSnapshot } from './ownerSnapshot.ts';
import { createReadModelHandler, emptyMachineRecord, emptyRequestRecord } from './readModel.ts';
import { adopterId } from '../../../domain/request/adopterId.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

/** The owners of a provider instance: one per request and per adopter. */
export interface OwnerDirectory {
  list(): Promise<readonly Owner[]>;
  /** Filters the ids down to workflows that are certainly closed or unknown. */
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
  /** Retained events, redelivered. */
  readonly events: number;
  readonly requests: number;
  readonly machines: number;
  /** Requests that did not answer; their records come from what Temporal stores, which may be incomplete. */
  readonly unanswered: readonly { readonly id: string; readonly reason: string }[];
  /** Requests that were open in the read model but are not open in Temporal. */
  readonly closedRequests: readonly string[];
  /** Live machines known only by their tags. */
  readonly foundByTag: readonly string[];
  /** Why the cloud could not be read; `closedRequests` and `foundByTag` are then empty. */
  readonly cloudError?: string;
}

/** Whether every source could be read. */
export const isComplete = ({ unanswered, cloudError }: RebuildResult): boolean =>
  unanswered.length === 0 && cloudError === undefined;

const MAX_BATCH = 500;
/** Attempts to read a request that publishes events in the meantime. */
const MAX_READ_ATTEMPTS = 3;

/**
 * Rebuilds the read model from the outbox's events, the owners and, for live machines, the cloud. Events that arrive
 * during the rebuild are newer and win, so the worker may keep running, and should: owners answer through it.
 */
export async function rebuildReadModel(
  { store, outbox, owners, instance, machines: reader }: RebuildSources,
  onProgress: (what: string, done: number) => void,
): Promise<RebuildResult> {
  const events = await redeliverEvents(store, outbox, (done) => onProgress('events redelivered', done));
  const list = await owners.list();
  // An adopter's answer overrides its request's.
  const requestOwners = list.filter(({ id }) => !isAdopter(id));
  const adopters = list.filter(({ id }) => isAdopter(id));
  const imported: ImportedOwner[] = [];
  for (const group of [requestOwners, adopters]) {
    for (let from = 0; from < group.length; from += MAX_BATCH) {
      imported.push(
        ...(await pMap(group.slice(from, from + MAX_BATCH), (owner) => importOwner(store, owner), {
          concurrency: MAX_CONCURRENT_OWNER_CALLS,
        })),
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
  onProgress('live machines found in the cloud', alive.length);
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
  /** Absent if they could not be read. */
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

/** A closed owner has only the machines that the cloud still shows. */
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
    const terminated = machines.filter(
      (machine) => machine.owner === id && countsAsAlive(machine) && !visible.has(machine.id),
    );
    await store.commitWith((rows) => {
      const unitOfWork = createUnitOfWork(rows);
      for (const machine of terminated)
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

/** Imports the live machines that no owner reported, attributed by tag. */
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

/** Same answer as getRequestStatus gives for a request unknown to Temporal. */
function requestRecordFromTags(requestId: string, provider: string, now: number) {
  const at = isRequestId(requestId) ? createdAtOf(requestId) : now;
  const message = 'Known only from the tags of its machines.';
  const request = emptyRequestRecord({ stream: requestId, at, provider, requestId });
  return { ...request, status: 'complete_with_error', message, phase: 'settled' } as const;
}
