import { strict as assert } from 'node:assert';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openOutbox, type Outbox } from '../../../activities/events/outbox/outbox.ts';
import type { OwnerSnapshot } from '../../../activities/events/readModel/ownerSnapshot.ts';
import { createReadModelHandler } from '../../../activities/events/readModel/readModel.ts';
import {
  rebuildReadModel,
  type Owner,
  type RebuildSources,
} from '../../../activities/events/readModel/rebuild.ts';
import type { OwnedObservation } from '../../../activities/provider.ts';
import { openStore } from '../../../activities/storage/openStore.ts';
import { TABLES, type Store } from '../../../activities/storage/store.ts';
import type { DomainEvent } from '../../../domain/events/event.ts';
import { diffEvents, requestCreated } from '../../../domain/request/diffEvents.ts';
import { reduce, type RequestFact } from '../../../domain/request/reducer.ts';
import { initialRequestState, type RequestState } from '../../../domain/request/state.ts';
import { anObservation, aTemplate } from '../../fixtures/builders.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';

const DEPLOYMENT = 'test';
const PROVIDER = 'awsinst';
const idOf = (n: number): string => `req-0198c0de-0000-7000-8000-00000000000${n}`;

interface SimulatedOwner {
  readonly state: RequestState;
  readonly events: readonly DomainEvent[];
}

/** A request and the events that its owner publishes. */
function simulateOwner(requestId: string, facts: readonly RequestFact[]): SimulatedOwner {
  let state = initialRequestState({
    v: 1,
    requestId,
    deployment: DEPLOYMENT,
    provider: PROVIDER,
    createdAt: 1_000,
    count: 2,
    template: aTemplate(),
    deadlineSeconds: 60,
  });
  const events = requestCreated(state);
  for (const [index, fact] of facts.entries()) {
    const next = reduce(state, fact);
    events.push(...diffEvents(state, next, 2_000 + index, events.length + 1));
    state = next;
  }
  return { state, events };
}

const launched = (...ids: string[]): readonly RequestFact[] => [
  {
    type: 'LaunchDecided',
    launch: { ordinal: 1, token: 't', units: ids.length, decidedAt: 0, stage: 'open', fulfilledUnits: 0 },
  },
  {
    type: 'LaunchSettled',
    ordinal: 1,
    machines: ids.map((machineId) => ({ machineId, instanceType: 't3.medium', spot: false })),
    shortages: [],
  },
  { type: 'MachinesObserved', observations: ids.map((id) => anObservation(id)) },
];
const terminated = (...ids: string[]): RequestFact => ({
  type: 'MachinesObserved',
  observations: ids.map((id) =>
    anObservation(id, { state: 'terminated', reason: 'Server.SpotInstanceTermination' }),
  ),
});

/** A request with two machines, one that lost one of two, a closed one, and one that still launches. */
const OWNERS = [
  simulateOwner(idOf(1), [...launched('i-11', 'i-12'), { type: 'Settled' }]),
  simulateOwner(idOf(2), [...launched('i-21', 'i-22'), { type: 'Settled' }, terminated('i-21')]),
  simulateOwner(idOf(3), [...launched('i-31', 'i-32'), { type: 'Settled' }, terminated('i-31', 'i-32')]),
  simulateOwner(idOf(4), launched('i-41').slice(0, 2)),
];

function ownerOf({ state }: SimulatedOwner, changes: Partial<OwnerSnapshot> = {}): Owner {
  const { input, status, message, cancelled } = state;
  const machines = [...state.machines.values()];
  const isOpen = machines.some(({ release }) => release !== 'terminated');
  const snapshot = { input, status, message, cancelled, machines, endedAt: isOpen ? 0 : 2_006, ...changes };
  return { id: input.requestId, isOpen, readSnapshot: () => Promise.resolve(snapshot) };
}

for (const type of ['json', 'sqlite'] as const) {
  describe(`rebuilding the read model in ${type}`, () => {
    let folder: Scratch;
    let outbox: Outbox;
    let store: Store;
    let cloud: OwnedObservation[];
    const damages: unknown[] = [];
    const outboxPath = (): string => join(folder.directory, 'outbox.jsonl');
    const open = (): Promise<Store> =>
      openStore({ type, directory: join(folder.directory, 'model') }, (damage) => damages.push(damage));
    const reopenOutbox = (): Promise<Outbox> => openOutbox(outboxPath(), (damage) => damages.push(damage));

    beforeEach(async () => {
      folder = await scratch();
      [outbox, store] = [await reopenOutbox(), await open()];
      damages.splice(0);
      cloud = [];
      for (const { state, events } of OWNERS) await outbox.append(`run of ${state.input.requestId}`, events);
      await createReadModelHandler(store).handle(await outbox.readAfter(0, 1_000));
    });
    afterEach(async () => {
      await outbox.close();
      await store.close();
      await folder.remove();
    });

    const lists = () => Promise.all(TABLES.map(async (table) => (await store.list(table)).rows));
    const rebuild = (
      owners: readonly Owner[],
      closed: readonly string[] = [],
      changes: Partial<RebuildSources> = {},
    ) =>
      rebuildReadModel(
        {
          instance: { deployment: DEPLOYMENT, provider: PROVIDER },
          store,
          outbox,
          owners: {
            list: () => Promise.resolve(owners),
            filterClosed: (ids) => Promise.resolve(ids.filter((id) => closed.includes(id))),
          },
          machines: { listMachines: () => Promise.resolve(cloud) },
          ...changes,
        },
        () => {},
      );
    const shown = (machineId: string, requestId: string): OwnedObservation => ({
      ...anObservation(machineId),
      owner: { deployment: DEPLOYMENT, provider: PROVIDER, requestId },
    });

    /** Makes the whole file, or a part of it, unreadable. */
    async function destroy(): Promise<void> {
      await store.close();
      const directory = join(folder.directory, 'model');
      for (const name of (await readdir(directory)).toSorted().toReversed()) {
        if (name.endsWith('.lock')) continue;
        const bytes = await readFile(join(directory, name)).catch(() => undefined);
        if (bytes) await writeFile(join(directory, name), bytes.fill(7, 0, bytes.length - 1));
      }
      store = await open();
      assert.equal(damages.length, 1);
    }

    it(`the rebuilt ${type} read model has the same lists as before the damage, and the damaged file is kept`, async () => {
      const before = await lists();
      await destroy();
      assert.deepEqual((await store.list('requests')).rows, []);
      const rebuilt = await rebuild(OWNERS.map((owner) => ownerOf(owner)));
      assert.deepEqual(await lists(), before);
      const { events, requests, machines, unanswered, closedRequests, foundByTag } = rebuilt;
      assert.deepEqual([requests, machines, unanswered, closedRequests, foundByTag], [4, 7, [], [], []]);
      assert.equal(events, OWNERS.flatMap((owner) => owner.events).length);
      const names = await readdir(join(folder.directory, 'model'));
      assert.equal(names.filter((name) => /damaged-[^-]+-[^-]+-[^-]+$/.test(name)).length, 1);
    });

    it(`the rebuilt ${type} read model has all requests and machines even if the events are lost too`, async () => {
      const essence = async () => {
        const [, requests = [], machines = []] = (await lists()) as unknown as Record<string, unknown>[][];
        const without = ({
          at: _a,
          endedAt: _e,
          sequence: _s,
          runId: _r,
          lost: _c,
          message: _m,
          ...rest
        }: Record<string, unknown>) => rest;
        return [requests, machines].map((rows) =>
          rows.map(without).toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1)),
        );
      };
      const before = await essence();
      await destroy();
      await outbox.close();
      await rm(outboxPath());
      outbox = await reopenOutbox();
      await rebuild(OWNERS.map((owner) => ownerOf(owner)));
      assert.deepEqual(await essence(), before);
    });

    it(`events published during a rebuild of the ${type} read model win`, async () => {
      const [simulated = assert.fail()] = OWNERS;
      const owner = ownerOf(simulated);
      const lost = simulateOwner(idOf(1), [
        ...launched('i-11', 'i-12'),
        { type: 'Settled' },
        terminated('i-11'),
      ]);
      let reads = 0;
      const readSnapshot = async (): Promise<OwnerSnapshot> => {
        const snapshot = await (reads === 0 ? owner : ownerOf(lost)).readSnapshot();
        // The machine is lost right after the owner has answered, and the worker publishes that.
        if (reads++ === 0) {
          await outbox.append(`run of ${idOf(1)}`, lost.events);
          await createReadModelHandler(store).handle(await outbox.readAfter(0, 1_000));
        }
        return snapshot;
      };
      await rebuild([{ ...owner, readSnapshot }]);
      assert.equal(reads, 2);
      assert.equal((await store.get('machines', 'i-11'))?.release, 'terminated');
      assert.equal((await store.get('requests', idOf(1)))?.alive, 1);
    });

    it(`a rebuild of the ${type} read model names the requests that did not answer and uses their stored input`, async () => {
      await destroy();
      const [first = assert.fail(), ...others] = OWNERS;
      const broken: Owner = {
        id: idOf(9),
        isOpen: true,
        readSnapshot: () => Promise.reject(new Error('no history')),
      };
      const { unanswered } = await rebuild([
        ownerOf(first, { queryError: 'no worker' }),
        ...others.map((owner) => ownerOf(owner)),
        broken,
      ]);
      assert.deepEqual(unanswered, [
        { id: idOf(1), reason: 'no worker' },
        { id: idOf(9), reason: 'no history' },
      ]);
      assert.equal((await store.get('requests', idOf(1)))?.alive, 2);
    });

    it(`a rebuild of the ${type} read model closes what Temporal has closed, except machines that AWS shows`, async () => {
      cloud = [shown('i-12', idOf(1)), shown('i-22', idOf(2))];
      const { closedRequests } = await rebuild([], [idOf(1), idOf(2)]);
      assert.deepEqual(closedRequests, [idOf(1), idOf(2)]);
      assert.equal((await store.get('machines', 'i-11'))?.release, 'terminated');
      assert.equal((await store.get('machines', 'i-12'))?.release, 'held');
      assert.equal((await store.get('requests', idOf(1)))?.endedAt, 0);
      assert.equal(
        (await store.get('requests', idOf(4)))?.phase,
        'provisioning',
        'it is not known to be closed',
      );
    });

    it(`the rebuilt ${type} read model has live machines known only by their tags, with their requests`, async () => {
      cloud = [shown('i-51', idOf(5)), shown('i-52', idOf(5)), shown('i-11', idOf(1))];
      const { foundByTag } = await rebuild(OWNERS.map((owner) => ownerOf(owner)));
      assert.deepEqual(foundByTag, ['i-51', 'i-52']);
      const request = await store.get('requests', idOf(5));
      assert.deepEqual([request?.alive, request?.status, request?.endedAt], [2, 'complete_with_error', 0]);
    });

    it(`a rebuild of the ${type} read model closes nothing while AWS cannot be read`, async () => {
      const listMachines = () => Promise.reject(new Error('no credentials'));
      const { cloudError, closedRequests } = await rebuild([], [idOf(1)], { machines: { listMachines } });
      assert.deepEqual([cloudError, closedRequests], ['no credentials', []]);
      assert.equal((await store.get('machines', 'i-11'))?.release, 'held');
    });

    it(`the rebuilt ${type} read model attributes an adopted machine to its adopter alone`, async () => {
      const [owner = assert.fail()] = OWNERS;
      const { template: _, ...input } = owner.state.input;
      const adopter = ownerOf(owner, { input: { ...input, count: 0 } });
      const orphaned = { ...ownerOf(owner, { endedAt: 3_000 }), isOpen: false };
      await rebuild([{ ...adopter, id: `own-${idOf(1)}` }, orphaned], [idOf(1)]);
      assert.equal((await store.get('requests', `own-${idOf(1)}`))?.alive, 2);
      assert.equal((await store.get('requests', idOf(1)))?.alive, 0);
    });
  });
}
