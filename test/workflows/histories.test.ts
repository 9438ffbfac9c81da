import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from '@temporalio/worker';
import { BUNDLE_PATH } from '../../worker/bundle.ts';
import { quietRuntime } from '../fixtures/quietRuntime.ts';

const FOLDER = path.resolve(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'histories');
const workflowBundle = { codePath: BUNDLE_PATH };

interface Recorded {
  readonly file: string;
  readonly workflowId: string;
  readonly history: { readonly events: readonly { readonly eventType: string }[] };
}

const recordedIn = (name: string): Recorded[] =>
  readdirSync(path.join(FOLDER, name)).map((file) => ({
    file: `${name}/${file}`,
    ...(JSON.parse(readFileSync(path.join(FOLDER, name, file), 'utf8')) as Omit<Recorded, 'file'>),
  }));

/** What a worker is given that takes over in the middle: all up to a workflow task that nobody has answered. */
function* handedOver({ events }: Recorded['history']): Generator<Recorded['history']> {
  for (const [index, { eventType }] of events.entries())
    if (eventType === 'EVENT_TYPE_WORKFLOW_TASK_STARTED') yield { events: events.slice(0, index + 1) };
}

async function replay({ file, workflowId }: Recorded, history: Recorded['history']): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle }, history, workflowId).catch((error: unknown) => {
    throw new Error(`${file} can no longer be replayed: ${history.events.length} events`, { cause: error });
  });
}

/** Kept by `npm run histories`; those of a release are never recorded anew. */
describe('the workflows of now', function () {
  this.timeout(120_000);
  before(() => quietRuntime());

  for (const name of readdirSync(FOLDER).toSorted()) {
    it(`go on with what a worker of ${name} began, from every one of its steps`, async () => {
      const all = recordedIn(name);
      assert.ok(all.length > 0);
      for (const recorded of all) {
        await replay(recorded, recorded.history);
        for (const begun of handedOver(recorded.history)) await replay(recorded, begun);
      }
    });
  }
});
