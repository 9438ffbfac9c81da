import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { gatherWorkerConfig, loadCliConfig, loadWorkerConfig, type Config } from '../../../config/index.ts';
import { isRealAws } from '../../../config/load.ts';
import { variableOf } from '../../../config/settingRule.ts';
import { SETTINGS } from '../../../config/settingsTable.ts';
import { ConfigurationError } from '../../../domain/errors/errors.ts';
import { scratch } from '../../fixtures/scratch.ts';
import { holds, type Area } from '../property.ts';
import { damaged, deep, json, nested, text, textWith } from '../values.ts';

const RIGHT = {
  temporal: { address: 'temporal.example:7233', namespace: 'grid', tls: { caFile: '/etc/ca.pem' } },
  provider: { deployment: 'grid1', name: 'awsinst', aws: { region: 'eu-west-1', sweepSeconds: 30 } },
  request: { deadlineSeconds: 600 },
  logging: { level: 'info' },
  metrics: { listen: '127.0.0.1:9464' },
  storage: { type: 'json', directory: '/var/lib/ohf', keepDays: 30 },
  events: { audit: true, webhook: { url: 'https://hook.example/x', types: 'RequestCreated' } },
};
const IBMS = {
  AWS_REGION: 'eu-west-1',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
  AWS_CREDENTIAL_FILE: '/etc/ohf/credentials',
  AWS_PROXY_HOST: 'proxy.example.com',
  AWS_PROXY_PORT: '3128',
  AWS_CONNECTION_TIMEOUT_MS: 10_000,
  AWS_INSTANCE_PENDING_TIMEOUT_SEC: 180,
  AWS_DESCRIBE_REQUEST_INTERVAL: 500,
  AWS_KEY_FILE: '/etc/ohf/keys',
  LogLevel: 'INFO',
};
const PATHS = Object.keys(SETTINGS);
const SECRET = 'planted-secret-4711';

/** The right settings with a value at a path, whatever stood there. */
function withValue(path: string, value: unknown): object {
  const copy = structuredClone(RIGHT) as Record<string, unknown>;
  const keys = path.split('.');
  let at = copy;
  for (const key of keys.slice(0, -1)) {
    const below = at[key];
    at = (at[key] = typeof below === 'object' && below !== null ? below : {}) as Record<string, unknown>;
  }
  at[keys.at(-1) ?? ''] = value;
  return copy;
}

const settingText = fc.oneof(
  text,
  fc.webUrl(),
  fc.constantFrom('http://[', 'http://a:b', 'https://user:pw@host/', 'true', '0x10', '7233', 'host:99999'),
);

/** Our settings: config.json, IBM's file, the environment. */
export async function openSettings(): Promise<Area> {
  const files = await scratch();

  /** Settings that are right in themselves, or a refusal that says what to do: in words, on one line, no secret. */
  async function judge(load: () => Promise<Config>): Promise<void> {
    let config;
    try {
      config = await load();
    } catch (error) {
      assert.ok(error instanceof ConfigurationError, error instanceof Error ? error.stack : String(error));
      assert.doesNotMatch(error.message, /\n|^\s*at |node:internal/);
      assert.doesNotMatch(error.message, new RegExp(SECRET));
      return;
    }
    const { temporal, provider, request, events } = config;
    assert.match(temporal.address, /:\d+$/);
    assert.match(provider.deployment, /^[a-z0-9-]{1,24}$/);
    assert.ok(request.deadlineSeconds > 0 && provider.aws.sweepSeconds > 0);
    assert.equal(typeof isRealAws(provider.aws.endpoint), 'boolean');
    if (events.webhook) assert.ok(new URL(events.webhook.url).protocol.startsWith('http'));
    assert.equal(Object.getPrototypeOf(provider.aws), Object.prototype);
  }

  async function judgeFile(content: string | Buffer): Promise<void> {
    const path = await files.write('config.json', content);
    await judge(() => loadWorkerConfig({ OHF_CONFIG: path }));
    await judge(async () => (await loadCliConfig({ HF_PROVIDER_CONFDIR: files.directory })).config);
    await files.write('config.json', '{}');
  }

  const properties = [
    holds(
      'settings: config.json, right and wrong',
      fc.oneof(
        damaged(fc.constant(RIGHT)),
        fc
          .tuple(fc.constantFrom(...PATHS), fc.oneof(json, settingText))
          .map(([path, value]) => withValue(path, value)),
        json,
      ),
      (value) => judgeFile(JSON.stringify(value) ?? ''),
      {
        found: [
          withValue('provider.aws.endpoint', 'http://['),
          withValue('events.webhook.url', 'http://a:b'),
          withValue('storage.a\nb', 1),
          withValue('provider.aws', JSON.parse('{"__proto__": {"endpoint": "x"}}')),
        ],
      },
    ),
    holds(
      'settings: files that are none, and values of any depth',
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        fc.nat(600).map((end) => JSON.stringify(RIGHT).slice(0, end)),
        fc
          .tuple(fc.constantFrom(...Object.keys(RIGHT), 'newKey'), deep)
          .map(([key, value]) => textWith(RIGHT, key, nested(value))),
      ),
      judgeFile,
      { share: 0.3, found: [textWith(RIGHT, 'provider', nested({ levels: 20_000, isList: false }))] },
    ),
    holds(
      'settings: the environment',
      fc.array(
        fc.tuple(
          fc.constantFrom(...PATHS.map(variableOf), 'HF_LOGLEVEL', 'AWS_REGION', 'OHF_NEW'),
          settingText,
        ),
        {
          maxLength: 4,
        },
      ),
      (values) => judge(() => loadWorkerConfig({ OHF_CONFIG: '', ...Object.fromEntries(values) })),
    ),
    holds(
      "settings: IBM's provider configuration",
      fc.oneof(json, damaged(fc.constant(IBMS))),
      async (value) => {
        await files.write('awsinstprov_config.json', JSON.stringify(value) ?? '');
        const env = { HF_PROVIDER_CONFDIR: files.directory, OHF_DEPLOYMENT: 'grid1' };
        await judge(async () => (await loadCliConfig(env)).config);
        await files.write('awsinstprov_config.json', '{}');
      },
      {
        found: [JSON.parse('{"constructor": 1, "__proto__": {"setting": 1}}'), { LogLevel: { toString: 0 } }],
      },
    ),
    holds(
      'settings: a secret in a file is refused and never printed',
      fc.tuple(fc.constantFrom('temporal.apiKey'), damaged(fc.constant(RIGHT))),
      async ([path, value]) => {
        const kept = value['temporal'] ?? {};
        const withKey = { ...value, temporal: { ...kept, [path.split('.')[1] ?? '']: SECRET } };
        const file = await files.write('secret.json', withKey);
        const { findings } = await gatherWorkerConfig({ OHF_CONFIG: file });
        assert.ok(findings.some(({ key }) => key === path));
        assert.doesNotMatch(JSON.stringify(findings), new RegExp(SECRET));
      },
      { share: 0.3 },
    ),
  ];
  return { properties, close: () => files.remove() };
}
