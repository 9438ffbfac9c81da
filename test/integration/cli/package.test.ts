import assert from 'node:assert/strict';
import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failureMessage, oneDocument, run } from '../../fixtures/commandLine.ts';
import { onDemand, scratch, type Scratch } from '../../fixtures/scratch.ts';

const PACKER = fileURLToPath(new URL('../../../../scripts/lib/build/host-package.mjs', import.meta.url));

describe('the package for hosts', () => {
  let files: Scratch;
  let env: Record<string, string>;
  before(async () => {
    files = await scratch();
    await files.write('awsinstprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
    // An empty PATH: the scripts find everything else that they need.
    env = { PATH: '', HF_PROVIDER_CONFDIR: files.directory, OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' };
    const script = `const { packForHosts } = await import(${JSON.stringify(PACKER)});
      console.log(JSON.stringify(await packForHosts(${JSON.stringify(files.directory)})));`;
    const packed = await run(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env['PATH'] ?? '' },
    });
    assert.equal(packed.code, 0, packed.stderr);
    const { tarball, name } = JSON.parse(packed.stdout) as { tarball: string; name: string };
    const unpacked = await run('/bin/sh', ['-c', `exec tar -xzf "${tarball}" -C "${files.directory}"`], {
      env: { PATH: process.env['PATH'] ?? '' },
    });
    assert.equal(unpacked.code, 0, unpacked.stderr);
    await symlink(name, join(files.directory, 'current'));
  });
  after(() => files?.remove());
  const script = (operation: string): string =>
    join(files.directory, 'current', 'cli', 'scripts', `${operation}.sh`);

  it('the package for hosts runs through a link to it, with its own Node', async () => {
    const outcome = await run(script('getAvailableTemplates'), [], { env });
    const { templates } = oneDocument(outcome);
    assert.ok(Array.isArray(templates) && templates.length === 1);
    assert.equal(outcome.code, 0);
  });

  it('the package for hosts needs no npm packages, whichever client and command is used', async () => {
    const refused = { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    for (const OHF_GATEWAY of ['lean', 'sdk']) {
      const outcome = await run(script('requestMachines'), ['demo', '1'], {
        env: { ...refused, OHF_GATEWAY },
      });
      assert.match(failureMessage(outcome), /cannot be reached/);
    }
    const wrong = await run(script('requestMachines'), ['demo', 'many'], { env });
    assert.match(failureMessage(wrong), /allowed: a whole number/);
    const node = join(files.directory, 'current', 'bin', 'node');
    const help = await run(node, [join(files.directory, 'current', 'dist', 'cli', 'main.cjs'), '--help'], {
      env,
    });
    assert.match(help.stdout, /getRequestStatus/);
    const events = await run(node, [join(files.directory, 'current', 'dist', 'cli', 'main.cjs'), 'events'], {
      env,
    });
    assert.match(events.stderr, /the worker is not installed here: run it on the worker's host/);
  });

  it('the package for hosts contains neither npm packages nor the worker', async () => {
    const names = await readdir(join(files.directory, 'current'), { recursive: true });
    assert.deepEqual(
      names.filter((name) => /node_modules|worker|aws-sdk|core-bridge/.test(name)),
      [],
    );
  });
});
