import assert from 'node:assert/strict';
import { onDemand, scratch, type Scratch } from '../../fixtures/scratch.ts';
import { ohf } from '../../fixtures/commandLine.ts';

describe('ohf config', () => {
  let files: Scratch;
  const env = () => ({ HF_PROVIDER_CONFDIR: files.directory, OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' });
  beforeEach(async () => {
    files = await scratch();
    await files.write('awsinstprov_templates.json', { templates: [onDemand()] });
  });
  afterEach(() => files.remove());

  it('ohf config show prints each setting and its source, but no secret', async () => {
    const path = await files.write('config.json', {
      temporal: { namespace: 'grid' },
      provider: { aws: { role: { arn: 'arn:aws:iam::123456789012:role/ohf', externalId: 'hush-id' } } },
      events: { webhook: { url: 'https://me:pass@hooks.example.com/T0/hush' } },
    });
    await files.write('awsinstprov_config.json', { AWS_REGION: 'eu-west-1' });
    const { code, stdout } = await ohf(['config', 'show'], { ...env(), TEMPORAL_API_KEY: 'hush-hush' });
    assert.equal(code, 0);
    const from = Object.fromEntries(
      stdout.split('\n').map((line) => {
        const [key = '', ...rest] = line.split(/ {2,}/);
        return [key, rest];
      }),
    );
    assert.deepEqual(from['temporal.namespace'], ['grid', path]);
    assert.deepEqual(from['temporal.address'], ['127.0.0.1:7233', 'default']);
    assert.deepEqual(from['provider.aws.endpoint'], ['http://127.0.0.1:1', 'OHF_AWS_ENDPOINT']);
    assert.match(from['provider.aws.region']?.join() ?? '', /^eu-west-1,.*awsinstprov_config\.json$/);
    assert.deepEqual(from['temporal.apiKey'], ['****', 'TEMPORAL_API_KEY']);
    assert.deepEqual(from['events.webhook.url'], ['https://****@hooks.example.com/****', path]);
    assert.deepEqual(from['provider.aws.role.externalId'], ['****', path]);
    assert.deepEqual(from['temporal.tls.caFile'], ['-', 'not set']);
    assert.doesNotMatch(stdout, /hush|pass/);
  });

  it('ohf config show --worker prints the settings of the worker’s own file', async () => {
    const OHF_CONFIG = await files.write('worker.json', { request: { deadlineSeconds: 60 } });
    const { stdout } = await ohf(['config', 'show', '--worker', '--json'], { ...env(), OHF_CONFIG });
    const { settings } = JSON.parse(stdout) as { settings: { key: string }[] };
    const deadline = settings.find(({ key }) => key === 'request.deadlineSeconds');
    assert.deepEqual(deadline, { key: 'request.deadlineSeconds', value: 60, from: OHF_CONFIG });
  });

  it('ohf config check reports all errors at once, with file and line', async () => {
    await files.write(
      'config.json',
      '{\n "temporal": {\n  "adress": "x:1"\n },\n "logging": { "level": 3 }\n}',
    );
    await files.write('awsinstprov_templates.json', {
      templates: [onDemand(), onDemand({ templateId: 'bad', rootVolumeThroughput: 5 })],
    });
    const { code, stdout } = await ohf(['config', 'check'], { ...env(), OHF_REQUEST_DEADLINE_SECONDS: '1' });
    assert.equal(code, 1);
    assert.match(
      stdout,
      /config\.json:3: 'temporal\.adress' is not a setting\. Did you mean 'temporal.address'/,
    );
    assert.match(stdout, /config\.json:5: logging\.level is 3; allowed: trace, debug/);
    assert.match(stdout, /^OHF_REQUEST_DEADLINE_SECONDS: request\.deadlineSeconds is 1; allowed: /m);
    assert.match(stdout, /awsinstprov_templates\.json:1: template 'bad': rootVolumeThroughput/);
    assert.match(stdout, /^errors: 4\n$/m);
  });

  it('ohf config check reports files that cannot be read among the other errors', async () => {
    await files.write('config.json', { temporal: { tls: { caFile: '/nowhere.pem' } } });
    await files.write('awsinstprov_templates.json', '{');
    const { code, stdout } = await ohf(['config', 'check', '--json'], env());
    assert.equal(code, 1);
    const { findings } = JSON.parse(stdout) as { findings: { message: string }[] };
    assert.match(findings[0]?.message ?? '', /temporal\.tls\.caFile: \/nowhere\.pem cannot be read/);
    assert.match(findings[1]?.message ?? '', /awsinstprov_templates\.json is not valid JSON/);
  });

  it('ohf config check reports errors and notes about IBM’s provider configuration by its keys', async () => {
    const text =
      '{\n "AWS_REGION": "eu-west-1",\n "AWS_PROXY_HOST": "p",\n "AWS_PROXY_PORT": 70000,\n "AWS_KEY_FILE": "/k"\n}';
    const path = await files.write('awsinstprov_config.json', text);
    const { code, stdout } = await ohf(['config', 'check'], env());
    assert.equal(code, 1);
    assert.ok(
      stdout.includes(`${path}:4: AWS_PROXY_PORT is 70000; allowed: a whole number from 1 to 65535`),
      stdout,
    );
    assert.match(stdout, /^note: .*awsinstprov_config\.json: AWS_KEY_FILE has no effect: /m);
  });

  it('ohf config check --worker reports every secret file that the worker would refuse', async () => {
    const aws = { credentialFile: '/none/credentials' };
    const webhook = { url: 'http://127.0.0.1/', secretFile: await files.write('empty secret', '') };
    // Only the webhook's secret is in the first line.
    const headersFile = await files.write('headers', '\nauthorization: Bearer x\n');
    const logging = { otlp: { url: 'http://127.0.0.1/', headersFile } };
    const OHF_CONFIG = await files.write('worker.json', { provider: { aws }, events: { webhook }, logging });
    const { code, stdout } = await ohf(['config', 'check', '--worker'], { ...env(), OHF_CONFIG });
    assert.equal(code, 1);
    assert.match(
      stdout,
      /The provider\.aws\.credentialFile \/none\/credentials cannot be read: there is no such file/m,
    );
    assert.match(stdout, /The events\.webhook\.secretFile .*empty secret is empty/m);
    assert.doesNotMatch(stdout, /headersFile/);
  });

  it('ohf config check reports no errors in valid settings', async () => {
    const { code, stdout } = await ohf(['config', 'check'], env());
    assert.deepEqual([code, stdout], [0, 'no errors\n']);
  });
});
