import { strict as assert } from 'node:assert';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
import { removeFolder } from '../../fixtures/removeFolder.ts';
import { eventually } from '../../fixtures/eventually.ts';
import type { LogEntry } from '../../fixtures/cloud/simulatorClient.ts';
import { accepted, refusal, type Harness } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { OPERATIONS, TEMPLATE } from '../plugin.ts';
import type { Manner } from '../script.ts';
import { keepsInstancesApart } from './instances.ts';
import { filesIn, nodeModule } from './surroundings.ts';

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

async function allOk(harness: Harness, manner?: (operation: HfOperation) => Manner): Promise<void> {
  await Promise.all(
    OPERATIONS.map((operation) => harness.ok(operation, good(operation), manner?.(operation))),
  );
}

/** Debug logs and warnings of every kind; and wherever that goes, it goes to the log folder alone. */
async function keepsItsLogs(harness: Harness): Promise<void> {
  const { env } = harness.plugin;
  const warner = await nodeModule(
    "process.emitWarning('provoked'); process.emitWarning('provoked', 'DeprecationWarning');" +
      "setTimeout(() => process.emitWarning('provoked later'), 1); console.error('a library says so');",
  );
  const logs = await mkdtemp(path.join(tmpdir(), 'hf-logs-'));
  const noisy = {
    ...env,
    ...NOISY,
    NODE_OPTIONS: `${NOISY.NODE_OPTIONS} --require ${warner.file}`,
    HF_PROVIDER_LOGDIR: logs,
  };
  const places = [env['HF_TOP'] ?? '', '/', path.dirname(harness.plugin.templatesFile)];
  try {
    const before = await filesIn(places);
    await allOk(harness, () => ({ env: noisy }));
    assert.deepEqual(await filesIn(places), before, 'log text outside of the log folder');
  } finally {
    await warner.remove();
    await removeFolder(logs);
  }
}

const writesOf = (log: readonly LogEntry[]): readonly string[] =>
  log.map(({ action }) => action).filter((action) => !action.startsWith('Describe'));

/** Waits until all that was asked for before has reached AWS. */
async function untilAwsRests({ world: { aws } }: Harness): Promise<void> {
  let seen = -1;
  await eventually('AWS is left alone', async () => {
    const before = seen;
    seen = writesOf(await aws.log()).length;
    if (seen === before) return true;
    await delay(1_500);
    return false;
  });
}

async function refusesBadInput(harness: Harness): Promise<void> {
  const { aws } = harness.world;
  await untilAwsRests(harness);
  const [calls, records] = [await aws.log(), await harness.world.recorded()];
  const bad = ['', '{', '[]', 'null', Buffer.from([0, 255, 254, 1, 128])];
  for (const operation of OPERATIONS) {
    await Promise.all([
      ...bad.map((raw) => harness.refused(operation, {}, { raw })),
      harness.refused(operation, {}, { args: ['-f', '/nowhere/hf_in_x'] }),
    ]);
  }
  assert.deepEqual(writesOf(await aws.log(calls.length)), [], 'bad input was written to AWS');
  // By the time at which this one is shown, all that were recorded before it are.
  const last = await harness.request(1);
  await eventually('the last request is recorded', async () =>
    (await harness.world.recorded()).includes(last),
  );
  const fresh = (await harness.world.recorded()).filter((id) => !records.includes(id));
  assert.deepEqual(fresh, [last], 'bad input was recorded');
}

/** With tabs, with CRLF, and with a byte order mark. */
function forms(input: object): readonly string[] {
  const text = JSON.stringify(input, null, '\t');
  return [text, text.replaceAll('\n', '\r\n'), `\uFEFF${text}`];
}

async function takesAnyForm(harness: Harness): Promise<void> {
  const input = { requests: [{ requestId: 'req-of-nobody', extra: { a: 1 } }], another: [null] };
  const same = await harness.ok('getRequestStatus', input);
  for (const raw of forms(input)) {
    assert.deepEqual(
      await harness.ok('getRequestStatus', input, { raw }),
      same,
      'another form, another answer',
    );
  }
  for (const operation of OPERATIONS) {
    const odd = { ...good(operation), another: [null] };
    await Promise.all(forms(odd).map((raw) => harness.ok(operation, odd, { raw })));
  }
  assert.deepEqual(await harness.ok('getRequestStatus', input, { inputName: 'hf in with space' }), same);
  const { scripts } = harness.plugin;
  await allOk(harness, (operation) => ({ cwd: path.dirname(scripts), script: `./scripts/${operation}.sh` }));
  const links = await mkdtemp(path.join(tmpdir(), 'hf-links-'));
  try {
    for (const each of await readdir(scripts))
      await symlink(path.join(scripts, each), path.join(links, each));
    await allOk(harness, (operation) => ({ script: path.join(links, `${operation}.sh`) }));
  } finally {
    await rm(links, { recursive: true });
  }
}

async function needsLittleEnvironment(harness: Harness): Promise<void> {
  const { PATH, HOME, ...env } = harness.plugin.env;
  assert.deepEqual([PATH, HOME], [undefined, undefined]);
  await allOk(harness, () => ({ env }));
  const common = Object.entries(env).filter(
    ([name]) => !name.startsWith('HF_PROVIDER_') || name === 'HF_PROVIDER_NAME',
  );
  await allOk(harness, () => ({ env: Object.fromEntries(common) }));
  const { HF_CONFDIR, ...none } = Object.fromEntries(common);
  assert.ok(HF_CONFDIR);
  assert.match(await harness.refused('getAvailableTemplates', {}, { env: none }), /HF_(PROVIDER_)?CONFDIR/);
}

async function needsNoLog(harness: Harness): Promise<void> {
  const { env } = harness.plugin;
  const logs = await mkdtemp(path.join(tmpdir(), 'hf-logs-'));
  const logging = { ...env, ...NOISY, HF_PROVIDER_LOGDIR: logs, HF_LOGDIR: logs };
  try {
    await allOk(harness, () => ({ env: logging }));
    await harness.refused('requestMachines', {}, { env: logging });
    // Each log file is on a full disk.
    for (const file of await readdir(logs)) {
      await rm(path.join(logs, file));
      await symlink('/dev/full', path.join(logs, file));
    }
    await allOk(harness, () => ({ env: logging }));
    await rm(logs, { recursive: true });
    await mkdir(logs, { mode: 0o500 });
    await allOk(harness, () => ({ env: logging, plain: true }));
    await rm(logs, { recursive: true });
    await allOk(harness, () => ({ env: logging }));
  } finally {
    await removeFolder(logs);
  }
}

async function endsWithZeroOrOne(harness: Harness): Promise<void> {
  const { env } = harness.plugin;
  const thrower = await nodeModule(
    "setTimeout(() => { throw new Error('provoked') }, Number(process.env.HF_LATER));",
  );
  const rejecter = await nodeModule("setTimeout(() => Promise.reject('provoked'), 1);");
  const bad: readonly Manner[] = [
    { unread: true },
    { unread: true, args: ['-f', '/nowhere'] },
    { args: ['--no-such-option'] },
    { env: { ...env, HF_PROVIDER_CONFDIR: '/dev/null', HF_CONFDIR: '/dev/null' } },
    ...[0, 20, 60].map((ms) => ({
      env: { ...env, NODE_OPTIONS: `--require ${thrower.file}`, HF_LATER: String(ms) },
    })),
    { env: { ...env, NODE_OPTIONS: `--require ${rejecter.file}` } },
  ];
  try {
    const codes: (number | null)[] = [];
    for (const operation of OPERATIONS) {
      codes.push(
        ...(await Promise.all(
          bad.map(async (manner) => (await harness.call(operation, good(operation), manner)).code),
        )),
      );
    }
    assert.deepEqual(
      codes.filter((code) => code !== 0 && code !== 1),
      [],
      'other exit codes',
    );
  } finally {
    await thrower.remove();
    await rejecter.remove();
  }
}

async function outlivesItsInput(harness: Harness): Promise<void> {
  // Every call of the harness deletes its input as soon as the script has ended; here the rest is awaited.
  const machines = await harness.machines(2);
  const { status } = await harness.end(await harness.giveBack(machines));
  assert.equal(status, 'complete');
}

export const invocation = checksFrom(1, [
  [
    'every operation answers good input with exit code 0 and one document, and nothing around it',
    (harness) => allOk(harness),
  ],
  ['debug logs and warnings of Node go to the logs only', keepsItsLogs],
  [
    'without -f, templates and return requests are answered; the other three operations refuse with a message',
    async (harness) => {
      for (const operation of OPERATIONS) {
        const outcome = await harness.call(operation, {}, { args: [] });
        if (NEEDS_NO_INPUT.includes(operation)) accepted(operation, outcome);
        else refusal(outcome);
      }
    },
  ],
  [
    'input that is missing, empty, truncated, of another type or binary is refused in one line and starts nothing',
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
  ['the input file may be deleted as soon as the script has ended', outlivesItsInput],
  ['two provider instances have separate templates, requests and machines', keepsInstancesApart],
]);
