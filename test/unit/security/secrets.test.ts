import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ohf } from '../../fixtures/commandLine.ts';
import { onDemand, scratch, type Scratch } from '../../fixtures/scratch.ts';

const PLANTED = 'planted-secret-4711';

/** Every secret that a host of Host Factory may have in its environment. */
const SECRETS = {
  TEMPORAL_API_KEY: PLANTED,
  AWS_SECRET_ACCESS_KEY: PLANTED,
  AWS_SESSION_TOKEN: PLANTED,
};

describe('secrets in the environment', () => {
  let files: Scratch;
  before(async () => {
    files = await scratch();
    await files.write('awsinstprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
  });
  after(() => files.remove());

  for (const args of [
    ['getRequestStatus', 'req-0198c0de-0000-7000-8000-000000000000'],
    ['requestMachines', 'demo', '1'],
    ['config', 'show', '--json'],
    ['config', 'check'],
    ['health', '--json'],
  ]) {
    it(`a secret in the environment appears neither in the output nor in the log of ohf ${args.slice(0, 2).join(' ')}`, async () => {
      const { stdout, stderr } = await ohf(args, {
        ...SECRETS,
        HF_PROVIDER_CONFDIR: files.directory,
        HF_PROVIDER_LOGDIR: files.directory,
        HOME: files.directory,
        HF_LOGLEVEL: 'TRACE',
        OHF_DEPLOYMENT: 'grid1',
        OHF_AWS_ENDPOINT: 'http://127.0.0.1:1',
        OHF_TEMPORAL_ADDRESS: '127.0.0.1:1',
        OHF_TEMPORAL_DEADLINE_SECONDS: '1',
      });
      assert.notEqual(stdout + stderr, '');
      assert.doesNotMatch(stdout + stderr, new RegExp(PLANTED));
      for (const entry of await readdir(files.directory, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const text = await readFile(path.join(entry.parentPath, entry.name), 'utf8');
        assert.ok(!text.includes(PLANTED), `${entry.name} holds it`);
      }
    });
  }
});
