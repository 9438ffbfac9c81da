import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { Client } from '@temporalio/client';
import { DefaultLogger } from '@temporalio/worker';
import type { TemporalConfig, TlsFiles } from '../../../config/config.ts';
import { DEFAULTS } from '../../../config/index.ts';
import { checkNamespace, rejectDevServer } from '../../../worker/startup/startupChecks.ts';
import { connect } from '../../../worker/startup/connection.ts';
import {
  addSearchAttributes,
  ATTRIBUTE_NAMES,
  createNamespace,
  readNamespace,
} from '../../../worker/startup/namespace.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { onDemand, failure, scratch, type Scratch } from '../../fixtures/scratch.ts';
import { ohf, oneDocument, run } from '../../fixtures/commandLine.ts';
import { quietRuntime } from '../../fixtures/temporal/quietRuntime.ts';
import { startDevServer, type DevServer } from '../../fixtures/temporal/devServer.ts';
import { certificate, privateKey, startTlsFront } from '../../fixtures/temporal/tlsFront.ts';

const SIMULATED = { OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' };

describe('the Temporal namespace of the worker', () => {
  let temporal: DevServer;
  let files: Scratch;
  before(async () => {
    quietRuntime();
    temporal = await startDevServer();
  });
  after(() => temporal?.stop());
  beforeEach(async () => {
    files = await scratch();
  });
  afterEach(() => files.remove());

  const setup = (namespace: string, ...args: string[]) =>
    ohf(['temporal', 'setup', ...args], {
      ...{ ...SIMULATED, HF_PROVIDER_CONFDIR: files.directory },
      ...{ TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: namespace },
    });
  const made = async (namespace: string): Promise<void> => {
    await createNamespace(temporal.client, namespace, 3);
    await addSearchAttributes(temporal.client, namespace);
  };

  it('ohf temporal setup lists what the namespace lacks, then creates it once', async () => {
    const checked = await setup('fresh', '--check', '--json');
    assert.equal(checked.code, 1);
    const { ok, checks } = JSON.parse(checked.stdout) as {
      ok: boolean;
      checks: { check: string; ok: boolean }[];
    };
    assert.equal(ok, false);
    const lacking = checks.filter((row) => !row.ok).map(({ check }) => check);
    assert.deepEqual(lacking, ['namespace', 'retention', ...ATTRIBUTE_NAMES]);

    const applied = await setup('fresh', '--apply', '--retention-days', '5');
    assert.equal(applied.code, 0, applied.stderr);
    assert.match(
      applied.stdout,
      /created the namespace fresh, with a retention of 5 days\ncreated the search attributes Hf/,
    );
    const state = await readNamespace(temporal.client, 'fresh');
    assert.deepEqual([state.exists, state.retentionDays], [true, 5]);
    assert.equal((await setup('fresh', '--check', '--retention-days', '5')).code, 0);
    assert.equal((await setup('fresh', '--apply')).stdout, 'the namespace fresh is set up\n');

    const longer = await setup('fresh', '--apply', '--retention-days', '9');
    assert.match(longer.stdout, /^set the retention of fresh to 9 days; it was 5\n/);
    assert.equal((await readNamespace(temporal.client, 'fresh')).retentionDays, 9);
  });

  it('the commands that ohf temporal setup prints set up the namespace as well', async () => {
    const { stdout } = await setup('by-hand', '--print');
    await symlink(process.env['OHF_TEMPORAL_CLI'] ?? '', `${files.directory}/temporal`);
    const env = { PATH: `${files.directory}:${process.env['PATH']}`, HOME: files.directory };
    for (const command of stdout.split('\n').filter((line) => line.startsWith('temporal '))) {
      // A server takes some seconds to know its new namespace everywhere.
      await eventually(command, async () => (await run('sh', ['-c', command], { env })).code === 0);
    }
    await eventually('the check', async () => (await setup('by-hand', '--check')).code === 0);
  });

  it('a search attribute of the wrong type is reported', async () => {
    await made('mistyped');
    const { operatorService } = temporal.client.connection;
    await operatorService.removeSearchAttributes({ namespace: 'mistyped', searchAttributes: ['HfCount'] });
    await operatorService.addSearchAttributes({
      namespace: 'mistyped',
      searchAttributes: { HfCount: KEYWORD },
    });
    const { code, stdout } = await setup('mistyped', '--check');
    assert.equal(code, 1);
    assert.match(stdout, /^HfCount +failed +Int, of another type$/m);
    assert.match(
      (await setup('mistyped', '--apply')).stderr,
      /search attributes of namespace 'mistyped' have the wrong type: HfCount\. /,
    );
    assert.match(await failure(checkNamespace(temporal.client, 'mistyped')), /the wrong type: HfCount/);
  });

  it('ohf temporal setup prints commands for Temporal Cloud, which it cannot set up', async () => {
    const clouds = [
      { TEMPORAL_ADDRESS: 'grid.a1b2c.tmprl.cloud:7233' },
      { TEMPORAL_ADDRESS: 'eu-west-1.aws.api.temporal.io:7233', TEMPORAL_API_KEY: 'hush-hush' },
    ];
    for (const cloud of clouds) {
      const env = { ...SIMULATED, ...cloud, TEMPORAL_NAMESPACE: 'grid.a1b2c' };
      const { code, stdout, stderr } = await ohf(['temporal', 'setup', '--apply'], env);
      assert.equal(code, 1);
      assert.match(stdout, /nothing was changed/);
      assert.match(stdout, /^tcld namespace create --namespace grid --region REGION --retention-days 3 /m);
      assert.match(
        stdout,
        /^tcld namespace search-attributes add --namespace grid\.a1b2c --sa HfState=Keyword /m,
      );
      assert.doesNotMatch(stdout + stderr, /hush-hush/);
    }
  });

  it('search attributes are found by queries where the server does not list them', async () => {
    const refuse = () => Promise.reject(Object.assign(new Error('not for you'), { code: 7 }));
    const { workflowService } = temporal.client.connection;
    const connection = { workflowService, operatorService: { listSearchAttributes: refuse } };
    const cloud = { connection } as unknown as Client;
    assert.deepEqual(
      new Set(Object.values((await readNamespace(cloud, 'default')).attributes)),
      new Set(['ready']),
    );
    await made('bare');
    await temporal.client.connection.operatorService.removeSearchAttributes({
      ...{ namespace: 'bare', searchAttributes: ['HfCount', 'HfState'] },
    });
    await eventually('the two are missing', async () => {
      const { attributes } = await readNamespace(cloud, 'bare');
      return (
        attributes.HfCount === 'missing' &&
        attributes.HfState === 'missing' &&
        attributes.HfProvider === 'ready'
      );
    });
  });

  it('the worker refuses to start without the namespace, and does not create it', async () => {
    const message = await failure(checkNamespace(temporal.client, 'nowhere'));
    assert.match(
      message,
      /^ConfigurationError: Temporal has no namespace 'nowhere'\. 'ohf temporal setup --worker --check'/,
    );
  });

  it('the worker refuses the development server with real AWS unless that is allowed', async () => {
    const config = (aws: object, allow: object = {}) => ({
      ...DEFAULTS,
      temporal: { ...DEFAULTS.temporal, address: temporal.address, ...allow },
      provider: { ...DEFAULTS.provider, aws: { ...DEFAULTS.provider.aws, ...aws } },
    });
    const message = await failure(rejectDevServer(temporal.client, config({})));
    assert.match(message, /^ConfigurationError: .*development server, but AWS is real.*temporal\.address/);
    assert.match(message, /temporal\.allowDevServer/);
    await rejectDevServer(temporal.client, config({}, { allowDevServer: true }));
    await rejectDevServer(temporal.client, config({ endpoint: 'http://127.0.0.1:4566' }));
    const real = { TEMPORAL_ADDRESS: temporal.address, OHF_DEPLOYMENT: 'grid1' };
    const checked = await ohf(['temporal', 'setup', '--check'], real);
    assert.match(
      checked.stdout,
      /^server +failed +the development server, but AWS is the real one: set temporal\.address/m,
    );
    const started = await ohf(['worker'], { ...real, AWS_REGION: 'eu-west-1' });
    assert.equal(started.code, 1);
    assert.match(started.stdout, /development server, but AWS is real.*"code":"CONFIGURATION"/);
  });

  describe('with TLS and client certificates', () => {
    const trust = { serverNameOverride: 'temporal.test', caFile: certificate('ca') };
    const pair = { certFile: certificate('client'), keyFile: privateKey('client-key') };
    let front: Awaited<ReturnType<typeof startTlsFront>>;
    before(async () => {
      front = await startTlsFront(temporal.address, { mutual: true });
    });
    after(() => front?.stop());

    const settings = (tls?: boolean | TlsFiles): TemporalConfig => ({
      ...DEFAULTS.temporal,
      address: front.address,
      ...(tls === undefined ? {} : { tls }),
    });
    const open = (tls?: boolean | TlsFiles) => connect(settings(tls), new DefaultLogger('ERROR'), 0);

    it('the worker reaches a Temporal server with mutual TLS only with its certificate', async () => {
      const connection = await open({ ...trust, ...pair });
      await checkNamespace(new Client({ connection }), 'default');
      await connection.close();
      const { serverNameOverride: _, ...otherName } = trust;
      for (const tls of [
        trust,
        { ...otherName, ...pair },
        { ...pair, serverNameOverride: 'temporal.test' },
        true,
        undefined,
      ]) {
        const message = await failure(open(tls));
        assert.match(
          message,
          /^UnavailableError: Temporal at 127\.0\.0\.1:\d+ could not be reached \(.+temporal\.tls/,
        );
      }
    });

    it('the worker names a certificate or key file that cannot be read or lacks its counterpart', async () => {
      assert.match(
        await failure(open({ ...trust, ...pair, keyFile: '/none/key.pem' })),
        /^ConfigurationError: The temporal\.tls\.keyFile \/none\/key\.pem cannot be read: there is no such file/,
      );
      assert.match(await failure(open({ ...trust, certFile: pair.certFile })), /certFile but no keyFile/);
    });

    it('the command line reaches a Temporal server with mutual TLS by its configuration file', async () => {
      await files.write('config.json', { temporal: { address: front.address, tls: { ...trust, ...pair } } });
      await files.write('awsinstprov_templates.json', { templates: [onDemand()] });
      const env = {
        ...{ ...SIMULATED, HF_PROVIDER_CONFDIR: files.directory },
        ...{ TEMPORAL_API_KEY: 'hush-key', AWS_SECRET_ACCESS_KEY: 'hush-secret' },
        OHF_REQUEST_BOOT_TIMEOUT_SECONDS: '200',
        OHF_PROVIDER_AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/hush-role',
      };
      // The first call uses Temporal's SDK, the second one the lean client.
      assert.equal((await ohf(['temporal', 'setup', '--check', '--retention-days', '1'], env)).code, 0);
      const { requestId } = oneDocument(await ohf(['requestMachines', 'OnDemand-1', '1'], env));
      const request = temporal.client.workflow.getHandle(String(requestId));
      const { type, raw } = await request.describe();
      assert.equal(type, 'machineRequest');
      // Payloads are in base 64; this compares their text.
      const { events } = await request.fetchHistory();
      const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
      const stored = JSON.stringify([events, raw]) + Buffer.from(input ?? []).toString();
      assert.match(stored, /"requestId":"req-.*"bootTimeoutSeconds":200/);
      assert.doesNotMatch(stored, /hush/, 'no secret, and nothing else of the way to AWS, is in a request');
    });
  });
});

/** A number of temporal.api.enums.v1.IndexedValueType, which is not exported. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
const KEYWORD = 2 as NonNullable<
  Parameters<Client['connection']['operatorService']['addSearchAttributes']>[0]['searchAttributes']
>[string];
