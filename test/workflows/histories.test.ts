import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BUNDLE_PATH } from '../../worker/bundle.ts';
import { quietRuntime } from '../fixtures/temporal/quietRuntime.ts';
import { replayAll, type Replayable } from '../fixtures/temporal/replay.ts';

const FOLDER = path.resolve(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'histories');

interface RecordedEvent {
  readonly eventType: string;
  readonly workflowExecutionStartedEventAttributes?: object;
}

interface Recorded {
  readonly file: string;
  readonly workflowId: string;
  readonly history: { readonly events: readonly RecordedEvent[] };
}

const recordedIn = (name: string): Recorded[] =>
  readdirSync(path.join(FOLDER, name)).map((file) => ({
    file: `${name}/${file}`,
    ...(JSON.parse(readFileSync(path.join(FOLDER, name, file), 'utf8')) as Omit<Recorded, 'file'>),
  }));

/** What a worker is given that takes over in the middle: all up to a workflow task that nobody has answered. */
function* handedOver({ file, workflowId, history }: Recorded): Generator<Replayable> {
  for (const [index, { eventType }] of history.events.entries())
    if (eventType === 'EVENT_TYPE_WORKFLOW_TASK_STARTED') {
      const events = history.events.slice(0, index + 1);
      yield { workflowId, history: { events }, name: `${file} up to event ${events.length}` };
    }
}

/** What a run is given that begins where the one before it was reset to: the same steps, under an id of its own. */
function* reset(recorded: Recorded): Generator<Replayable> {
  const [started, ...others] = recorded.history.events;
  const { workflowExecutionStartedEventAttributes: attributes } = started ?? {};
  if (!started || !attributes) throw new Error(`${recorded.file} does not begin with its start`);
  const another = { ...attributes, firstExecutionRunId: randomUUID() };
  const events = [{ ...started, workflowExecutionStartedEventAttributes: another }, ...others];
  const { file } = recorded;
  for (const part of handedOver({ ...recorded, file: `${file} after a reset`, history: { events } }))
    yield part;
}

/** Kept by `npm run histories`; those of a release are never recorded anew. */
describe('the workflows of this release', () => {
  before(() => quietRuntime());

  for (const name of readdirSync(FOLDER).toSorted()) {
    it(`the workflows of this release continue what a worker of ${name} began, from each of its steps`, async () => {
      const all = recordedIn(name);
      assert.ok(all.length > 0);
      const whole = all.map(({ file, workflowId, history }) => ({ workflowId, history, name: file }));
      await replayAll({ codePath: BUNDLE_PATH }, [
        ...whole,
        ...all.flatMap((recorded) => [...handedOver(recorded), ...reset(recorded)]),
      ]);
    });
  }
});
