import assert from 'node:assert/strict';
import { chmod, cp, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onDemand, scratch, type Scratch } from '../../fixtures/scratch.ts';
import { failureMessage, MAIN, oneDocument, run, SCRIPTS } from '../../fixtures/commandLine.ts';

const OPERATIONS = [
  'getAvailableTemplates',
  'requestMachines',
  'requestReturnMachines',
  'getRequestStatus',
  'getReturnRequests',
];

describe('a script of Host Factory', () => {
  let files: Scratch;
  let env: Record<string, string>;
  const script = join(SCRIPTS, 'getAvailableTemplates.sh');
  before(async () => {
    files = await scratch();
    await files.write('awsinstprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
    // The Node that runs the tests. There are no other variables, not even PATH.
    env = { HF_PROVIDER_CONFDIR: files.directory, OHF_NODE: process.execPath };
  });
  after(() => files.remove());

  it('the scripts of Host Factory are executable, and equal for all operations', async () => {
    for (const operation of OPERATIONS) {
      const path = join(SCRIPTS, `${operation}.sh`);
      assert.equal((await stat(path)).mode & 0o111, 0o111);
      assert.equal(await readFile(path, 'utf8'), await readFile(script, 'utf8'));
    }
  });

  it('a script works with almost no environment, from / and with a path with spaces', async () => {
    const input = await files.write('hf in', '{\n}');
    const outcome = await run(script, ['-f', input], { env });
    oneDocument(outcome);
    assert.equal(outcome.code, 0);
  });

  it('a script works by a relative path and by its bare name', async () => {
    const relative = join('..', basename(SCRIPTS), 'getAvailableTemplates.sh');
    for (const [command, args] of [
      [relative, []],
      ['/bin/sh', ['getAvailableTemplates.sh']],
    ] as const) {
      const outcome = await run(command, args, { env, cwd: SCRIPTS });
      oneDocument(outcome);
      assert.equal(outcome.code, 0);
    }
  });

  it('a script works through links to it and to its directory', async () => {
    const plugin = join(files.directory, 'plug in');
    await symlink(SCRIPTS, plugin);
    const first = join(files.directory, 'getAvailableTemplates.sh');
    await symlink('plug in/getAvailableTemplates.sh', first);
    await mkdir(join(files.directory, 'other'));
    const second = join(files.directory, 'other', 'getAvailableTemplates.sh');
    await symlink('../getAvailableTemplates.sh', second);
    for (const path of [join(plugin, 'getAvailableTemplates.sh'), first, second]) {
      const outcome = await run(path, [], { env });
      oneDocument(outcome);
      assert.equal(outcome.code, 0);
    }
  });

  it('a script runs the operation of its own name', async () => {
    const outcome = await run(join(SCRIPTS, 'requestMachines.sh'), ['nothing', '1'], { env });
    assert.match(failureMessage(outcome), /Template 'nothing' not found/);
  });

  it('a script writes standard error to the log directory, not to the answer', async () => {
    const loud = { ...env, HF_LOGDIR: files.directory, HF_PROVIDER_NAME: 'awsinst', NODE_DEBUG: 'module' };
    oneDocument(await run(script, [], { env: loud }));
    const log = await readFile(join(files.directory, 'awsinst-provider.stderr.log'), 'utf8');
    assert.match(log, /MODULE/);
    oneDocument(await run(script, [], { env: { ...loud, HF_LOGDIR: '/none' } }));
  });

  it('a script reports what to do if OHF_NODE is not the path of a node', async () => {
    const outcome = await run(script, [], { env: { ...env, OHF_NODE: '/none/"node"' } });
    assert.match(failureMessage(outcome), /OHF_NODE is '\/none\/"node"'/);
  });

  it('a script runs no code from its environment or its arguments, and writes to no path from them', async () => {
    const touch = `$(touch '${files.directory}/owned')`;
    const made = { HF_PROVIDER_NAME: `../../${touch}`, HF_LOGDIR: join(files.directory, 'logs') };
    await mkdir(made.HF_LOGDIR);
    for (const [more, args] of [
      [made, []],
      [{ ...made, OHF_NODE: `/none/${touch}\n"\\` }, []],
      [{}, ['-f', touch]],
      [{}, ['-d', `{"a":"\`touch '${files.directory}/owned'\`"}`]],
      [{}, [`; touch '${files.directory}/owned'`, '-x', '*']],
    ] as const) {
      oneDocument(await run(script, [...args], { env: { ...env, ...more } }));
    }
    assert.deepEqual(await readdir(made.HF_LOGDIR), ['awsinst-provider.stderr.log']);
    assert.ok(!(await readdir(files.directory)).includes('owned'));
  });

  describe('of an installation elsewhere', () => {
    let root: string;
    let copy: string;
    before(async () => {
      root = join(files.directory, 'the root');
      await cp(SCRIPTS, join(root, 'cli', 'scripts'), { recursive: true });
      copy = join(root, 'cli', 'scripts', 'getAvailableTemplates.sh');
    });

    it('a script reports what to do if its installation is not built', async () => {
      assert.match(
        failureMessage(await run(copy, [], { env })),
        /the root\/dist\/cli\/main\.cjs is missing.*npm run build/,
      );
    });

    it('a script reports an installation with missing files, or too new for its node', async () => {
      await cp(MAIN, join(root, 'dist', 'cli', 'main.cjs'));
      assert.match(failureMessage(await run(copy, [], { env })), /cannot run .*ENOENT.*Node\.js 20\.19/);
      const [, program] = /`\$\{__dirname\}\/(\S+)`/.exec(await readFile(MAIN, 'utf8')) ?? [];
      await writeFile(join(root, 'dist', 'cli', program ?? ''), 'of a language that is not there yet');
      const message = failureMessage(await run(copy, [], { env }));
      assert.match(message, /^Node\.js v\d.*cannot run .*Unexpected identifier/);
    });

    it('a script finds the node of its installation, else the one that the build recorded', async () => {
      await mkdir(join(root, 'dist', 'cli'), { recursive: true });
      await writeFile(join(root, 'dist', 'cli', 'main.cjs'), 'not read by the stand-ins for node');
      const { OHF_NODE: _, ...bare } = env;
      const message = async (more: Record<string, string> = {}) =>
        oneDocument(await run(copy, [], { env: { ...bare, NODE_EXTRA_CA_CERTS: '/ca', ...more } }))[
          'message'
        ];
      await standIn(join(root, 'elsewhere', 'node'), 'recorded');
      await writeFile(join(root, 'dist', 'node-path'), join(root, 'elsewhere', 'node'));
      assert.equal(await message(), 'recorded getAvailableTemplates unset');
      await standIn(join(root, 'bin', 'node'), 'beside');
      assert.equal(await message(), 'beside getAvailableTemplates unset');
      assert.equal(await message({ TEMPORAL_TLS: 'true' }), 'beside getAvailableTemplates /ca');
    });
  });
});

/** Writes a program that replaces node and prints what it was called with. */
const standIn = async (path: string, word: string) => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "{\\"message\\":\\"${word} $2 \${NODE_EXTRA_CA_CERTS-unset}\\"}"\n`);
  await chmod(path, 0o755);
};
