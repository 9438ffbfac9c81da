import assert from 'node:assert/strict';
import { chmod, readdir, readFile, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../../cli/log.ts';
import { DEFAULTS } from '../../../config/index.ts';
import { startFakeTemporal, status } from '../../fixtures/temporal/fakeTemporal.ts';
import { onDemand, scratch, type Scratch } from '../../fixtures/scratch.ts';
import { failureMessage, ohf, oneDocument } from '../../fixtures/commandLine.ts';

type Line = Readonly<Record<string, unknown>>;

const SECRETS = {
  TEMPORAL_API_KEY: 'planted-temporal-key',
  AWS_ACCESS_KEY_ID: 'AKIAPLANTED012345678',
  AWS_SECRET_ACCESS_KEY: 'planted/aws+"secret"\\key',
};

describe('the log of the command line', () => {
  let files: Scratch;
  let env: Record<string, string>;
  let path: string;
  beforeEach(async () => {
    files = await scratch();
    await files.write('awsinstprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
    path = join(files.directory, `awsinst-provider.${hostname()}.log`);
    env = {
      HF_PROVIDER_CONFDIR: files.directory,
      HF_PROVIDER_LOGDIR: files.directory,
      OHF_AWS_ENDPOINT: 'http://127.0.0.1:4566',
    };
  });
  afterEach(() => files.remove());

  const lines = async (): Promise<Line[]> =>
    (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);

  it('the log has a request from the call to its answer, under one call id', async () => {
    const temporal = await startFakeTemporal({});
    const input = await files.write('hf in', { template: { templateId: 'demo', machineCount: 2 } });
    const outcome = await ohf(['requestMachines', '-f', input], {
      ...env,
      TEMPORAL_ADDRESS: temporal.address,
    });
    await temporal.stop();
    const { requestId } = oneDocument(outcome);
    const [starts, completed, ...more] = await lines();
    assert.deepEqual(more, []);
    assert.deepEqual([starts?.['message'], completed?.['message']], ['starts a request', 'completed']);
    for (const line of [starts, completed]) {
      assert.deepEqual(
        [line?.['requestId'], line?.['callId'], line?.['input'], line?.['operation'], line?.['level']],
        [requestId, starts?.['callId'], input, 'requestMachines', 'info'],
      );
    }
    assert.match(String(starts?.['callId']), /^[^.]+-\d+-[0-9a-z]+$/);
  });

  it('the log has queries only at level debug, wherever that level is set', async () => {
    oneDocument(await ohf(['getAvailableTemplates'], env));
    await assert.rejects(lines(), { code: 'ENOENT' });
    oneDocument(await ohf(['getAvailableTemplates'], { ...env, HF_LOGLEVEL: 'LOG_DEBUG' }));
    assert.equal((await lines()).length, 1);
    await files.write('config.json', { logging: { level: 'debug' } });
    oneDocument(await ohf(['getAvailableTemplates'], env));
    assert.deepEqual(
      (await lines()).map(({ level, message }) => [level, message]),
      [
        ['debug', 'completed'],
        ['debug', 'completed'],
      ],
    );
  });

  it('the log has the reason of a failed call, also if the settings are the reason', async () => {
    const message = failureMessage(await ohf(['requestMachines', 'none', '1'], env));
    await files.write('config.json', { logging: { level: 'loud' } });
    const wrong = failureMessage(await ohf(['requestMachines', 'demo', '1'], env));
    const logged = await lines();
    assert.deepEqual(
      logged.map((line) => [line['level'], line['message']]),
      [
        ['error', message],
        ['error', wrong],
      ],
    );
    assert.match(String(logged[0]?.['stack']), /requestMachines/);
  });

  it('the log rotates as Host Factory’s variables require, unless IBM’s key forbids it', async () => {
    const propagated = {
      ...env,
      HF_LOGLEVEL: 'LOG_DEBUG',
      HF_LOG_MAX_FILE_SIZE: '0.01',
      HF_LOG_MAX_ROTATE: '1',
    };
    const long = 'x'.repeat(1_900);
    const failAgain = () => ohf(['requestMachines', long, '1'], propagated);
    for (let call = 0; call < 8; call++) failureMessage(await failAgain());
    const logs = async () => (await readdir(files.directory)).filter((name) => name.includes('-provider.'));
    assert.equal((await logs()).length, 2);
    await files.write('awsinstprov_config.json', { ACCEPT_PROPAGATED_LOG_SETTING: 'false' });
    const size = (await readFile(path)).length;
    for (let call = 0; call < 4; call++) failureMessage(await failAgain());
    assert.equal((await logs()).length, 2);
    assert.ok((await readFile(path)).length > Math.max(size, 10_000));
  });

  it('the log contains no secret, not even one that a server repeats', async () => {
    const leak = `denied: ${Object.values(SECRETS).join(' ')} at https://user:password@proxy:1`;
    const temporal = await startFakeTemporal({
      StartWorkflowExecution: [status(7, encodeURIComponent(leak))],
    });
    const outcome = await ohf(['requestMachines', 'demo', '1'], {
      ...env,
      ...SECRETS,
      TEMPORAL_ADDRESS: temporal.address,
      OHF_TEMPORAL_TLS: 'false',
      HF_LOGLEVEL: 'LOG_TRACE',
    });
    await temporal.stop();
    failureMessage(outcome);
    const log = openLog({ ...env, ...SECRETS }, 'test');
    log.configure(DEFAULTS.logging);
    log.info(leak, { error: new Error(leak), userData: 'planted', nested: [{ webhookSecret: 'planted' }] });
    const text = await readFile(path, 'utf8');
    assert.equal((await lines()).length, 3);
    assert.doesNotMatch(text, /planted|AKIA|user:password/);
  });

  it('a missing, read-only or full log never fails a call', async () => {
    const loud = { ...env, HF_LOGLEVEL: 'LOG_DEBUG' };
    const calls = async (logs: string) =>
      oneDocument(await ohf(['getAvailableTemplates'], { ...loud, HF_PROVIDER_LOGDIR: logs }));
    const answer = await calls(files.directory);
    assert.deepEqual(await calls(join(files.directory, 'missing')), answer);
    await chmod(path, 0o400);
    assert.deepEqual(await calls(files.directory), answer);
    await chmod(path, 0o600);
    await symlink('/dev/full', join(files.directory, `full-provider.${hostname()}.log`));
    await files.write('fullprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
    const full = await ohf(['getAvailableTemplates'], { ...loud, HF_PROVIDER_NAME: 'full' });
    assert.deepEqual(oneDocument(full), answer);
    assert.equal(full.code, 0);
  });
});
