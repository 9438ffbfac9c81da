import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { HfOperation } from '../fixtures/stack/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { readAnswer, type Answer, type MachineRow, type StatusRow } from '../hfsim/hostFactory/answers.ts';
import { TEMPLATE, type Plugin, type World } from './plugin.ts';
import { runScript, type Manner, type Outcome } from './script.ts';

export type Hosts = readonly Partial<Pick<MachineRow, 'name' | 'machineId'>>[];
/** What Host Factory says of hosts: their names and ids. */
export const hostsOf = (hosts: Hosts) => hosts.map(({ name, machineId }) => ({ name, machineId }));
type Going = Answer<'getReturnRequests'>['requests'];

/** What the checks have in hand: a plugin, its world, and Host Factory's way to call scripts. */
export interface Harness {
  readonly plugin: Plugin;
  readonly world: World;
  call(operation: HfOperation, input: unknown, manner?: Manner): Promise<Outcome>;
  /** @throws AssertionError unless the exit code is 0 and the output exactly one document as specified */
  ok<O extends HfOperation>(operation: O, input: unknown, manner?: Manner): Promise<Answer<O>>;
  /** @throws AssertionError unless the exit code is 1 and the output a message. @returns the message */
  refused(operation: HfOperation, input: unknown, manner?: Manner): Promise<string>;
  /**
   * The answer of the quickest of three calls, for the machine of this test may be busy.
   * @throws AssertionError when none was answered within these ms
   */
  within<O extends HfOperation>(ms: number, operation: O, input: unknown): Promise<Answer<O>>;
  request(count: unknown, templateId?: string): Promise<string>;
  status(requestId: string): Promise<StatusRow>;
  /** Polls, with these ms between two polls, until the request is no longer running. */
  end(requestId: string, withinMs?: number, pollMs?: number): Promise<StatusRow>;
  /** Asks for machines and waits until all of them are there. */
  machines(count: number, templateId?: string): Promise<readonly MachineRow[]>;
  giveBack(hosts: Hosts): Promise<string>;
  going(hosts: Hosts): Promise<Going>;
  /** How many machines AWS ever launched. */
  launched(): Promise<number>;
  alive(): Promise<readonly string[]>;
  /** The same scripts for another provider, or in another environment. */
  of(plugin: Plugin): Harness;
}

/** ms between two polls of a request that does not settle: each poll costs a process. */
const POLL_MS = 1_000;
const MIN_POLL_MS = 100;
/** ms between two calls while a loss is awaited: a sweep takes a second. */
export const LOSS_POLL_MS = 400;

export function createHarness(plugin: Plugin, world: World): Harness {
  const harness: Harness = {
    plugin,
    world,
    call: (operation, input, manner = {}) => runScript(plugin, operation, input, manner),
    async ok(operation, input, manner) {
      return accepted(operation, await harness.call(operation, input, manner));
    },
    async refused(operation, input, manner) {
      return refusal(await harness.call(operation, input, manner));
    },
    async within(ms, operation, input) {
      const took: number[] = [];
      while (took.length < 3) {
        const outcome = await harness.call(operation, input);
        const answer = accepted(operation, outcome);
        if (outcome.took < ms) return answer;
        took.push(outcome.took);
      }
      throw new assert.AssertionError({ message: `${operation} took ${took.join(', ')} ms` });
    },
    async request(machineCount, templateId = TEMPLATE) {
      const { requestId } = await harness.ok('requestMachines', { template: { templateId, machineCount } });
      return requestId;
    },
    async status(requestId) {
      const { requests } = await harness.ok('getRequestStatus', { requests: [{ requestId }] });
      const [row] = requests;
      assert.ok(row && requests.length === 1, `one id was asked for, ${requests.length} are answered`);
      assert.equal(row.requestId, requestId, 'the status is of another request');
      return row;
    },
    async end(requestId, withinMs = 60_000, pollMs = POLL_MS) {
      const until = Date.now() + withinMs;
      for (;;) {
        const row = await harness.status(requestId);
        if (row.status !== 'running') return row;
        assert.ok(Date.now() < until, `${requestId} still runs after ${withinMs} ms: ${JSON.stringify(row)}`);
        await Promise.all([world.untilSettled(requestId, pollMs), delay(MIN_POLL_MS)]);
      }
    },
    async machines(count, templateId) {
      const { status, machines, message } = await harness.end(await harness.request(count, templateId));
      assert.equal(status, 'complete', message);
      assert.equal(machines.length, count, `${count} machines were asked for`);
      return machines;
    },
    async giveBack(hosts) {
      return (await harness.ok('requestReturnMachines', { machines: hostsOf(hosts) })).requestId;
    },
    async going(hosts) {
      return (await harness.ok('getReturnRequests', { machines: hostsOf(hosts) })).requests;
    },
    launched: async () => (await world.aws.summary()).launchedEver,
    alive: async () => (await world.aws.summary()).liveIds,
    of: ({ env, templatesFile }) => createHarness({ ...plugin, env, templatesFile }, world),
  };
  return harness;
}

/** @throws AssertionError unless this is what Host Factory can use */
export function accepted<O extends HfOperation>(operation: O, { code, output }: Outcome): Answer<O> {
  const reading = readAnswer(operation, { code, stdout: output, stderr: '' });
  if (reading.kind === 'answered') return reading.answer;
  const why = reading.kind === 'refused' ? `exit code 1: ${reading.message}` : reading.why;
  throw new assert.AssertionError({ message: `${operation}: ${why}` });
}

/** @throws AssertionError unless it is exit code 1 and a message of one line. @returns the message */
export function refusal({ code, output }: Outcome): string {
  assert.equal(code, 1, `exit code ${code}: ${output.slice(0, 300)}`);
  const reading = readAnswer('requestMachines', { code, stdout: output, stderr: '' });
  assert.ok(reading.kind === 'refused', `no message: ${output.slice(0, 300)}`);
  assert.doesNotMatch(reading.message, /\n|\bat .*:\d+:\d+/, 'a message is one line, without a stack');
  return reading.message;
}

/** The templates file with other templates in it, or with this text. */
export const writeTemplates = ({ templatesFile }: Plugin, content: string | readonly object[]) =>
  writeFile(
    templatesFile,
    typeof content === 'string' ? content : JSON.stringify({ templates: content }, null, 2),
  );

export const readTemplates = async ({
  templatesFile,
}: Plugin): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  (
    JSON.parse(await readFile(templatesFile, 'utf8')) as {
      templates: readonly Readonly<Record<string, unknown>>[];
    }
  ).templates;

/** The live machines of AWS by the request that they were launched for, as their tags name it. */
export async function requestsByTags({ world }: Harness): Promise<ReadonlyMap<string, readonly string[]>> {
  const requests = new Map<string, string[]>();
  for (const { id, tags } of (await world.aws.instances()).filter(({ live }) => live)) {
    const [, requestId] = Object.entries(tags).find(([name]) => name.endsWith('request-id')) ?? [];
    assert.ok(requestId, `${id} does not name its request`);
    requests.set(requestId, [...(requests.get(requestId) ?? []), id]);
  }
  return requests;
}

/** Waits until nothing but these lives in AWS. @throws Error that names those that live besides, and those that do not */
export async function onlyThese(harness: Harness, ids: readonly string[] = []): Promise<void> {
  let alive: readonly string[] = [];
  const besides = (): string[] => alive.filter((id) => !ids.includes(id));
  const missing = (): string[] => ids.filter((id) => !alive.includes(id));
  try {
    await eventually(
      'machines are alive as they should',
      async () => {
        alive = await harness.alive();
        return besides().length + missing().length === 0;
      },
      10_000,
    );
  } catch {
    throw new Error(
      `only ${ids.length} machines should be alive: besides ${besides().join(', ') || 'none'}; not alive ${missing().join(', ') || 'none'}`,
    );
  }
}

/** Holds the next launch, whichever call of AWS it is made by. */
export async function holdLaunch({ world: { aws } }: Harness, mode: 'hold' | 'holdAfter') {
  const gates = await Promise.all(['CreateFleet', 'RunInstances'].map((action) => aws.addGate(action, mode)));
  return {
    arrived: () =>
      eventually(
        'a launch reaches AWS',
        async () =>
          (await Promise.all(gates.map(({ id }) => aws.gate(id)))).some(({ arrived }) => arrived > 0),
        20_000,
      ),
    release: () => Promise.all(gates.map(({ id }) => aws.release(id))),
  };
}
