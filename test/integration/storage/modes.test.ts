import { strict as assert } from 'node:assert';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAuditLogHandler } from '../../../activities/events/handlers/auditLog.ts';
import { startDispatcher } from '../../../activities/events/outbox/dispatcher.ts';
import { openOutbox } from '../../../activities/events/outbox/outbox.ts';
import { openStore } from '../../../activities/storage/openStore.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { aMachineRecord, anEvent } from '../../fixtures/recordBuilders.ts';

const unharmed = (): never => assert.fail('nothing is damaged');

/** Every folder and file below a folder that users other than its owner may use, with its mode. */
async function openToOthers(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  const modes = await Promise.all(
    ['', ...entries].map(async (entry) => ({
      entry,
      mode: (await stat(path.join(folder, entry))).mode & 0o777,
    })),
  );
  return modes
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ entry, mode }) => `${entry}: ${mode.toString(8)}`);
}

describe('file modes of the storage', () => {
  let base: string;
  let before: number;
  beforeEach(async () => {
    base = await mkdtemp(path.join(tmpdir(), 'ohf-modes-'));
    // Some sites set a umask of 0.
    before = process.umask(0);
  });
  afterEach(async () => {
    process.umask(before);
    await rm(base, { recursive: true });
  });

  for (const type of ['json', 'sqlite'] as const) {
    it(`only the worker's own user can use its ${type} store`, async () => {
      const directory = path.join(base, 'state');
      const store = await openStore({ type, directory }, unharmed);
      await store.commit([{ table: 'machines', put: aMachineRecord('i-1') }]);
      assert.deepEqual(await openToOthers(directory), []);
      await store.close();
      assert.deepEqual(await openToOthers(directory), []);
    });
  }

  it('only the worker’s own user can use its outbox, audit log and rotated files', async () => {
    const directory = path.join(base, 'state');
    const outbox = await openOutbox(path.join(directory, 'outbox.jsonl'), unharmed);
    const audit = createAuditLogHandler({ path: path.join(directory, 'audit.log'), maxBytes: 1, keep: 2 });
    const dispatcher = startDispatcher({
      outbox,
      handlers: [audit],
      lock: path.join(directory, 'dispatcher.lock'),
      retentionMs: 0,
      onFailure: ({ error }) => assert.fail(String(error)),
    });
    for (const sequence of [1, 2]) {
      await outbox.append('run', [anEvent('req-1', sequence)]);
      dispatcher.wake();
      await eventually('the events are delivered', () => dispatcher.health().every(({ lag }) => lag === 0));
    }
    assert.ok((await readdir(directory)).includes('audit.log.1'));
    assert.deepEqual(await openToOthers(directory), []);
    await dispatcher.stop();
    await outbox.close();
  });
});
