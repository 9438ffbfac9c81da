import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../fixtures/eventually.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';
import { failureMessage, ohf, oneDocument } from '../../fixtures/commandLine.ts';
import { startDevServer, type DevServer } from '../../fixtures/temporal/devServer.ts';

describe('draining a provider', () => {
  let files: Scratch;
  let server: DevServer;
  let top: string;
  const provider = () => ['--hf-top', top, '--provider', 'myaws'];
  const operation = (...args: string[]) =>
    ohf(args, { HF_PROVIDER_NAME: 'myaws', HF_PROVIDER_CONFDIR: join(top, 'conf/providers/myaws') });
  const request = () => operation('requestMachines', 'sample-linux', '3');

  before(async () => {
    files = await scratch();
    server = await startDevServer();
    top = join(files.directory, 'hostfactory');
    for (const folder of ['1.2', 'conf']) await mkdir(join(top, folder), { recursive: true });
    const settings = ['--deployment', 'grid1', '--temporal', server.address];
    assert.equal((await ohf(['install', ...provider(), ...settings])).code, 0);
  });
  after(async () => {
    await server.stop();
    await files.remove();
  });

  it('ohf health fails without a worker, and names each task queue that no worker polls', async () => {
    const { code, stdout } = await ohf(['health', ...provider()]);
    assert.equal(code, 1);
    assert.match(stdout, /^search attributes +ok /m);
    assert.match(
      stdout,
      /^task queue: launch +failed +no worker polls ohf-grid1-myaws\.launch; start one with 'ohf worker'$/m,
    );
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', OHF_TEMPORAL_DEADLINE_SECONDS: '1' };
    const nowhere = await ohf(['health', ...provider(), '--json'], env);
    assert.equal(nowhere.code, 1);
    const { checks } = JSON.parse(nowhere.stdout) as { checks: { check: string; result: string }[] };
    const results = new Map(checks.map(({ check, result }) => [check, result]));
    assert.deepEqual([results.get('temporal'), results.get('namespace')], ['failed', undefined]);
  });

  it('a drained provider launches nothing, shows its open requests, and is not uninstalled before they end', async () => {
    const requestId = String(oneDocument(await request())['requestId']);
    await eventually('the request is listed', async () => {
      const { stdout } = await ohf(['drain', ...provider()]);
      return /remaining: 1 requests with 0 machines, 0 returns/.test(stdout) && stdout.includes(requestId);
    });
    assert.match(failureMessage(await request()), /'myaws' is being drained since .* launches no machines/);
    assert.equal((await operation('getRequestStatus', requestId)).code, 0);
    assert.equal((await operation('getAvailableTemplates')).code, 0);

    const refused = await ohf(['uninstall', ...provider()]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /myaws is still in use, so nothing was changed/);
    assert.ok(refused.stderr.includes(requestId));

    await ohf(['drain', '--undo', ...provider()]);
    const second = String(oneDocument(await request())['requestId']);
    await ohf(['drain', ...provider()]);
    for (const id of [requestId, second]) await server.client.workflow.getHandle(id).terminate();
    await eventually('nothing remains', async () => {
      const { stdout } = await ohf(['drain', ...provider(), '--json']);
      return (JSON.parse(stdout) as { remaining: unknown[] }).remaining.length === 0;
    });
    assert.equal((await ohf(['uninstall', ...provider()])).code, 0);
  });
});
