import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { OPERATIONS } from '../../../cli/commands/registry.ts';
import { HF_OPERATIONS } from '../../../cli/operations/registry.ts';
import { onDemand, scratch } from '../../fixtures/scratch.ts';
import { call } from '../caller.ts';
import { holds, type Area } from '../property.ts';
import { json, text } from '../values.ts';

const NAMES = HF_OPERATIONS.map(({ name }) => name);
/** Those that neither serve until they are ended nor change the host that they run on. */
const READING = ['health', 'requests', 'request', 'machines', 'templates', 'config'];

const argument = fc.oneof(
  { weight: 2, arbitrary: text },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '-f',
      '--file',
      '-d',
      '--data',
      '--file=',
      '--',
      '-',
      'demo',
      '3',
      '--json',
      '-fx',
      '--no-f',
    ),
  },
  { weight: 1, arbitrary: json.map((value) => JSON.stringify(value) ?? '') },
);
const words = fc.array(argument, { maxLength: 4 });
/** No operating system passes these on. */
const passable = words.map((all) => all.filter((word) => !/[\0\p{Cs}]/u.test(word)));
const asksForHelp = (all: readonly string[]): boolean =>
  all.some((word) => /^-(h|v|-help|-version)$/.test(word));

/** What a shell or Host Factory puts behind a command's name. */
export async function openArguments(): Promise<Area> {
  const files = await scratch();
  await files.write('awsinstprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
  const env = { HF_PROVIDER_CONFDIR: files.directory, OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' };
  const main = fileURLToPath(new URL('../../../cli/main.cjs', import.meta.url));

  /** As a process whose Temporal is not there: whatever is asked for, nothing is started. */
  async function run(args: readonly string[]) {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: files.directory,
      env: {
        ...env,
        OHF_TEMPORAL_ADDRESS: '127.0.0.1:1',
        OHF_TEMPORAL_DEADLINE_SECONDS: '1',
        HOME: files.directory,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, code] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      new Promise((resolve) => child.on('exit', resolve)),
    ]);
    assert.doesNotMatch(stdout + stderr, /^\s+at .*:\d+|node:internal|^Internal error/m);
    return { stdout, stderr, code };
  }

  const properties = [
    holds(
      'arguments: of the operations',
      fc.tuple(fc.constantFrom(...NAMES), words),
      async ([name, args]) => {
        const { document, requests, returns } = await call(name, args, env);
        const mayStart = name === 'requestMachines' && document !== undefined;
        assert.equal(requests.length, mayStart ? 1 : 0);
        assert.ok(returns.length <= (name === 'requestReturnMachines' ? 1 : 0));
      },
    ),
    holds(
      'arguments: an operation as a process says one document and exits with 0 or 1',
      fc.tuple(fc.constantFrom(...NAMES), passable).filter(([, args]) => !asksForHelp(args)),
      async ([name, args]) => {
        const { stdout, stderr, code } = await run([name, ...args]);
        assert.match(stdout, /^[^\n]+\n$/);
        assert.equal(typeof JSON.parse(stdout), 'object');
        assert.equal(stderr, '');
        assert.ok(code === 0 || code === 1, String(code));
      },
      { share: 0.01 },
    ),
    holds(
      'arguments: a command for people answers in words and exits with 0 or 1',
      fc
        .tuple(
          fc.constantFrom(...READING),
          fc.array(fc.oneof(argument, fc.constantFrom('--watch=0', '--limit', '--states')), { maxLength: 3 }),
        )
        .map(([name, args]) => [name, args.filter((word) => !/[\0\p{Cs}]/u.test(word))] as const),
      async ([name, args]) => {
        assert.ok(OPERATIONS.some((command) => command.name === name));
        const { stdout, stderr, code } = await run([name, ...args]);
        assert.ok(code === 0 || code === 1, String(code));
        assert.notEqual(stdout + stderr, '');
      },
      { share: 0.01 },
    ),
  ];
  return { properties, close: () => files.remove() };
}
