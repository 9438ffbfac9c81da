import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { DEFAULTS, gatherWorkerConfig, loadCliConfig, loadWorkerConfig } from '../../../config/index.ts';
import { configOf } from '../../../config/load.ts';
import { failure, scratch, type Scratch } from '../../fixtures/scratch.ts';

/** Every key that IBM documents for Symphony, with the values of its own defaults or examples. */
const IBMS = {
  AWS_CREDENTIAL_FILE: '/opt/ibm/aws/credentials',
  AWS_REGION: 'eu-west-1',
  AWS_ENDPOINT_URL: 'https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com:443',
  AWS_KEY_FILE: '/opt/ibm/aws/keys',
  AWS_PROXY_HOST: 'proxy.example.com',
  AWS_PROXY_PORT: 3128,
  AWS_CONNECTION_TIMEOUT_MS: 10_000,
  AWS_REQUEST_RETRY_ATTEMPTS: 0,
  AWS_INSTANCE_PENDING_TIMEOUT_SEC: 180,
  AWS_DESCRIBE_REQUEST_RETRY_ATTEMPTS: 3,
  AWS_DESCRIBE_REQUEST_INTERVAL: 500,
};

const LSF = {
  AWS_CREDENTIAL_SCRIPT: '/opt/ibm/aws/script.sh',
  AWS_CREDENTIAL_RENEW_MARGIN: 15,
  AWS_SPOT_TERMINATE_ON_RECLAIM: false,
  INSTANCE_CREATION_TIMEOUT: 10,
  AWS_TAG_InstanceID: false,
};

describe('IBM’s provider configuration', () => {
  let files: Scratch;
  beforeEach(async () => {
    files = await scratch();
  });
  afterEach(() => files.remove());

  const env = { OHF_DEPLOYMENT: 'grid1' };
  const cli = async (ibm: object) => {
    await files.write('awsinstprov_config.json', ibm);
    return loadCliConfig({ ...env, HF_PROVIDER_CONFDIR: files.directory });
  };
  const worker = async (ibm: object, ours: object = {}) => {
    const ibmConfigFile = await files.write('ibm.json', ibm);
    const OHF_CONFIG = await files.write('config.json', { provider: { ibmConfigFile }, ...ours });
    const gathered = await gatherWorkerConfig({ ...env, OHF_CONFIG });
    return { config: configOf(gathered), notes: gathered.notes };
  };

  it('the worker and the command line use IBM’s provider configuration as it is', async () => {
    for (const { config } of [await worker(IBMS), await cli(IBMS)]) {
      assert.deepEqual(config.provider.aws, {
        ...DEFAULTS.provider.aws,
        region: 'eu-west-1',
        endpoint: 'https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com:443',
        credentialFile: '/opt/ibm/aws/credentials',
        proxy: 'http://proxy.example.com:3128',
        connectTimeoutSeconds: 10,
        readRetries: 3,
        readRetrySeconds: 0.5,
      });
      assert.equal(config.request.bootTimeoutSeconds, 180);
    }
  });

  it('IBM’s provider configuration may have numbers as text and blank values', async () => {
    const { config, notes } = await worker({
      ...{ AWS_REGION: 'eu-west-1', AWS_PROXY_HOST: '', AWS_PROXY_PORT: '', AWS_CREDENTIAL_FILE: null },
      AWS_INSTANCE_PENDING_TIMEOUT_SEC: '600',
    });
    assert.equal(config.request.bootTimeoutSeconds, 600);
    assert.deepEqual([config.provider.aws.proxy, config.provider.aws.credentialFile], [undefined, undefined]);
    assert.deepEqual(notes, []);
  });

  it('the longest timeout that IBM allows is accepted', async () => {
    const { config } = await worker({ AWS_REGION: 'eu-west-1', AWS_CONNECTION_TIMEOUT_MS: 2_147_483_647 });
    assert.equal(config.provider.aws.connectTimeoutSeconds * 1_000, 2_147_483_647);
  });

  it('our own file overrides IBM’s provider configuration key by key', async () => {
    const { config } = await worker(IBMS, {});
    assert.equal(config.provider.aws.readRetries, 3);
    const OHF_CONFIG = await files.write('config.json', { provider: { aws: { readRetries: 1 } } });
    const mixed = await loadWorkerConfig({
      ...{ ...env, OHF_CONFIG },
      OHF_PROVIDER_IBM_CONFIG_FILE: await files.write('ibm.json', IBMS),
    });
    const { readRetries, readRetrySeconds } = mixed.provider.aws;
    assert.deepEqual([readRetries, readRetrySeconds], [1, 0.5]);
  });

  it('each key of IBM’s provider configuration without effect is noted with the reason', async () => {
    const { notes } = await worker({ ...IBMS, ...LSF });
    const keys = ['AWS_KEY_FILE', 'AWS_REQUEST_RETRY_ATTEMPTS', ...Object.keys(LSF)];
    assert.equal(notes.length, keys.length, notes.join('\n'));
    for (const key of keys) {
      assert.ok(
        notes.some((note) => new RegExp(`/ibm\\.json: ${key} has no effect: .{20}`).test(note)),
        key,
      );
    }
  });

  it('an unknown key of IBM’s provider configuration is noted without its value', async () => {
    const { notes } = await worker({
      AWS_REGION: 'eu-west-1',
      AWS_REGOIN: 'x',
      AWS_SECRET_ACCESS_KEY: 'hush',
    });
    assert.match(notes[0] ?? '', /AWS_REGOIN is not a known key.*Did you mean 'AWS_REGION'/);
    assert.match(notes[1] ?? '', /AWS_SECRET_ACCESS_KEY is not a known key/);
    assert.doesNotMatch(notes.join(), /hush/);
  });

  it('the command line notes which keys of IBM’s provider configuration the worker needs', async () => {
    const { notes } = await cli({ AWS_REGION: 'eu-west-1', AWS_CREDENTIAL_FILE: '/c', AWS_PROXY_HOST: '' });
    assert.equal(notes.length, 1);
    assert.match(
      notes[0] ?? '',
      /config\.json: AWS_CREDENTIAL_FILE concern the worker.*provider\.ibmConfigFile/,
    );
    const named = await loadCliConfig({
      ...env,
      OHF_PROVIDER_IBM_CONFIG_FILE: `${files.directory}/awsinstprov_config.json`,
    });
    assert.deepEqual(named.notes, [], 'no note if both use one file');
  });

  it('two instances on one host each use their own IBM provider configuration', async () => {
    const regions = { dublin: 'eu-west-1', tokyo: 'ap-northeast-1' };
    for (const [name, region] of Object.entries(regions)) {
      await mkdir(`${files.directory}/providers/${name}`, { recursive: true });
      const file = { AWS_REGION: region, AWS_CREDENTIAL_FILE: `/etc/${name}` };
      const ibmConfigFile = await files.write(`providers/${name}/${name}prov_config.json`, file);
      await files.write(`providers/${name}/worker.json`, { provider: { name, ibmConfigFile } });
    }
    for (const [name, region] of Object.entries(regions)) {
      const OHF_CONFIG = `${files.directory}/providers/${name}/worker.json`;
      const own = await loadWorkerConfig({ ...env, OHF_CONFIG });
      const called = await loadCliConfig({ ...env, HF_CONFDIR: files.directory, HF_PROVIDER_NAME: name });
      for (const { provider } of [own, called.config]) {
        const { aws } = provider;
        assert.deepEqual([provider.name, aws.region, aws.credentialFile], [name, region, `/etc/${name}`]);
      }
    }
  });

  const wrong: Record<string, [value: unknown, allowed: RegExp]> = {
    AWS_REGION: ['Ireland', /an AWS region/],
    AWS_ENDPOINT_URL: ['ec2.example.com', /an http or https URL/],
    AWS_CREDENTIAL_FILE: ['credentials', /an absolute path/],
    AWS_PROXY_HOST: ['http://proxy', /a host name or address/],
    AWS_PROXY_PORT: [70_000, /a whole number from 1 to 65535/],
    AWS_CONNECTION_TIMEOUT_MS: [0, /from 1 to 2147483647 \(milliseconds\)/],
    AWS_INSTANCE_PENDING_TIMEOUT_SEC: [179, /from 180 to 10000 \(seconds\)/],
    AWS_DESCRIBE_REQUEST_RETRY_ATTEMPTS: [11, /from 0 to 10 \(retries\)/],
    AWS_DESCRIBE_REQUEST_INTERVAL: ['soon', /from 0 to 10000 \(milliseconds\)/],
  };
  for (const [key, [value, allowed]] of Object.entries(wrong)) {
    it(`an error about a wrong ${key} names file, key and value`, async () => {
      const text = await failure(cli({ ...IBMS, [key]: value }));
      const expected = `awsinstprov_config.json: ${key} is ${JSON.stringify(value)}; allowed: `;
      assert.ok(text.startsWith('ConfigurationError: ') && text.includes(expected), text);
      assert.match(text.slice(text.indexOf(expected)), allowed);
    });
  }

  it('a proxy without a port is rejected', async () => {
    const { AWS_PROXY_PORT: _, ...without } = IBMS;
    assert.match(await failure(cli(without)), /AWS_PROXY_PORT is missing; allowed: a whole number/);
  });

  it('the worker does not start without the IBM provider configuration that its settings name', async () => {
    const OHF_CONFIG = await files.write('config.json', { provider: { ibmConfigFile: '/none/ibm.json' } });
    assert.match(
      await failure(loadWorkerConfig({ ...env, OHF_CONFIG })),
      /provider configuration \/none\/ibm\.json cannot be read: there is no such file/,
    );
  });
});
