import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HfOperation } from '../../e2e/stack.ts';
import { accepted, OPERATIONS, refusal, type Bench, type Manner } from '../bench.ts';
import { checksFrom } from '../check.ts';
import { TEMPLATE } from '../plugin.ts';

/** Input that each operation takes. The request of a status and the host of a return are known to nobody. */
const good = (operation: HfOperation): object =>
  ({
    getAvailableTemplates: {},
    requestMachines: { template: { templateId: TEMPLATE, machineCount: 1 } },
    getRequestStatus: { requests: [{ requestId: 'req-of-nobody' }] },
    requestReturnMachines: {
      machines: [{ name: 'ip-10-9-9-9.ec2.internal', machineId: 'i-0123456789abcdef0' }],
    },
    getReturnRequests: { machines: [{ name: 'ip-10-9-9-9.ec2.internal', machineId: 'i-0123456789abcdef0' }] },
  })[operation];

const NEEDS_NO_INPUT: readonly HfOperation[] = ['getAvailableTemplates', 'getReturnRequests'];

const NOISY = {
  HF_LOGLEVEL: 'LOG_DEBUG',
  NODE_OPTIONS: '--trace-warnings --pending-deprecation',
  NODE_DEBUG: 'net,http',
};

async function allOk(bench: Bench, manner?: (operation: HfOperation) => Manner): Promise<void> {
  for (const operation of OPERATIONS) await bench.ok(operation, good(operation), manner?.(operation));
}

async function refusesBadInput(bench: Bench): Promise<void> {
  const before = await bench.launched();
  const bad = ['', '{', '[]', 'null', Buffer.from([0, 255, 254, 1, 128])];
  for (const operation of OPERATIONS) {
    // What an operation does not read cannot be wrong: the list of templates may be asked for with any file.
    if (operation === 'getAvailableTemplates') continue;
    for (const raw of bad) await bench.refused(operation, {}, { raw });
    await bench.refused(operation, {}, { args: ['-f', '/nowhere/hf_in_x'] });
  }
  assert.equal(await bench.launched(), before, 'bad input launched machines');
}

async function takesAnyForm(bench: Bench): Promise<void> {
  const input = { requests: [{ requestId: 'req-of-nobody', extra: { a: 1 } }], another: [null] };
  const text = JSON.stringify(input, null, '\t');
  const same = await bench.ok('getRequestStatus', input);
  for (const raw of [text, text.replaceAll('\n', '\r\n'), `\uFEFF${text}`]) {
    assert.deepEqual(
      await bench.ok('getRequestStatus', input, { raw }),
      same,
      'another form, another answer',
    );
  }
  assert.deepEqual(await bench.ok('getRequestStatus', input, { inputName: 'hf in with space' }), same);
  const { scripts } = bench.plugin;
  await allOk(bench, (operation) => ({ cwd: path.dirname(scripts), script: `./scripts/${operation}.sh` }));
  const links = await mkdtemp(path.join(tmpdir(), 'hf-links-'));
  try {
    for (const each of await readdir(scripts))
      await symlink(path.join(scripts, each), path.join(links, each));
    await allOk(bench, (operation) => ({ script: path.join(links, `${operation}.sh`) }));
  } finally {
    await rm(links, { recursive: true });
  }
}

async function needsLittleEnvironment(bench: Bench): Promise<void> {
  const { PATH, HOME, ...env } = bench.plugin.env;
  assert.deepEqual([PATH, HOME], [undefined, undefined]);
  await allOk(bench, () => ({ env }));
  const common = Object.entries(env).filter(
    ([name]) => !name.startsWith('HF_PROVIDER_') || name === 'HF_PROVIDER_NAME',
  );
  await allOk(bench, () => ({ env: Object.fromEntries(common) }));
  const { HF_CONFDIR, ...none } = Object.fromEntries(common);
  assert.ok(HF_CONFDIR);
  assert.match(await bench.refused('getAvailableTemplates', {}, { env: none }), /HF_(PROVIDER_)?CONFDIR/);
}

async function needsNoLog(bench: Bench): Promise<void> {
  const { env } = bench.plugin;
  const logs = env['HF_PROVIDER_LOGDIR'] ?? '';
  await chmod(logs, 0o500);
  try {
    await allOk(bench);
  } finally {
    await chmod(logs, 0o755);
  }
  await allOk(bench, () => ({ env: { ...env, HF_PROVIDER_LOGDIR: '/dev/full', HF_LOGDIR: '/dev/full' } }));
}

async function endsWithZeroOrOne(bench: Bench): Promise<void> {
  const { scripts, env } = bench.plugin;
  const codes: (number | null)[] = [];
  for (const operation of OPERATIONS) {
    // Nobody reads: the pipe is closed before the script writes.
    const child = spawn(path.join(scripts, `${operation}.sh`), ['-f', '/nowhere'], {
      cwd: '/',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.destroy();
    codes.push(((await once(child, 'exit')) as [number | null])[0]);
    codes.push((await bench.call(operation, {}, { args: ['--no-such-option'] })).code);
    const badly = { ...env, HF_PROVIDER_CONFDIR: '/dev/null', HF_CONFDIR: '/dev/null' };
    codes.push((await bench.call(operation, good(operation), { env: badly })).code);
  }
  assert.deepEqual(
    codes.filter((code) => code !== 0 && code !== 1),
    [],
    'other exit codes',
  );
}

async function outlivesItsInput(bench: Bench): Promise<void> {
  // Every call of the bench deletes its input as soon as the script has ended; here the rest is awaited.
  const machines = await bench.machines(2);
  const { status } = await bench.end(await bench.giveBack(machines));
  assert.equal(status, 'complete');
}

async function keepsInstancesApart(bench: Bench): Promise<void> {
  const requestId = await bench.request(1);
  const { machines } = await bench.end(requestId);
  await bench.world.withTwin(async (plugin) => {
    const twin = bench.of(plugin);
    const { templates } = await twin.ok('getAvailableTemplates', {});
    assert.deepEqual(
      templates.map(({ templateId }) => templateId),
      ['twin'],
      'the templates of another instance',
    );
    await twin.refused('requestMachines', { template: { templateId: TEMPLATE, machineCount: 1 } });
    const own = await twin.machines(1, 'twin');
    assert.notEqual(own[0]?.machineId, machines[0]?.machineId);
    await twin.end(await twin.giveBack([...machines, ...own]));
    const alive = await bench.alive();
    const kept = machines.filter(({ machineId }) => alive.includes(machineId));
    assert.equal(kept.length, 1, 'it took a machine of another instance');
  });
}

export const invocation = checksFrom(1, [
  [
    'every operation answers good input with exit code 0 and one document, and nothing around it',
    (bench) => allOk(bench),
  ],
  [
    'the same with debug logging and with warnings of the language underneath: they go to the logs alone',
    (bench) => allOk(bench, () => ({ env: { ...bench.plugin.env, ...NOISY } })),
  ],
  [
    'without -f the templates and the hosts to be taken away are told; the other three refuse with a message',
    async (bench) => {
      for (const operation of OPERATIONS) {
        const outcome = await bench.call(operation, {}, { args: [] });
        if (NEEDS_NO_INPUT.includes(operation)) accepted(operation, outcome);
        else refusal(outcome);
      }
    },
  ],
  [
    'input that is missing, empty, cut off, of another kind or binary is refused in one line and does nothing',
    refusesBadInput,
  ],
  [
    'tabs, CRLF, a byte order mark, unknown keys, spaces in paths, relative paths and links change nothing',
    takesAnyForm,
  ],
  [
    "Host Factory's variables are enough, also those of 1.1; one that is missing is named",
    needsLittleEnvironment,
  ],
  ['a log directory that cannot be written to, or is full, changes nothing', needsNoLog],
  ['the exit code is 0 or 1, also when nobody reads, and with bad options or settings', endsWithZeroOrOne],
  ['the input file may go as soon as the script has ended', outlivesItsInput],
  ['two instances of one plugin have their own templates, requests and machines', keepsInstancesApart],
]);
