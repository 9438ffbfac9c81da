import assert from 'node:assert/strict';
import { DEFAULTS, loadCliConfig, loadWorkerConfig } from '../../../config/index.ts';
import { settingsSchema } from '../../../config/schema.ts';
import { variableOf } from '../../../config/settingRule.ts';
import { SETTINGS } from '../../../config/settingsTable.ts';
import { mergeSource, nestedObject } from '../../../config/sources.ts';
import { invalidSettings } from '../../../config/validate.ts';
import { failure, scratch, type Scratch } from '../../fixtures/scratch.ts';

const SIMULATED = { OHF_AWS_ENDPOINT: 'http://127.0.0.1:4566' };

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:ohf';

describe('settings', () => {
  let files: Scratch;
  beforeEach(async () => {
    files = await scratch();
  });
  afterEach(() => files.remove());

  const worker = async (settings: object, env: Record<string, string> = SIMULATED) =>
    loadWorkerConfig({ OHF_CONFIG: await files.write('config.json', settings), ...env });
  const cli = async (env: Record<string, string> = {}) =>
    loadCliConfig({ HF_PROVIDER_CONFDIR: files.directory, ...env });

  it('the settings are the defaults if only the simulated AWS is set', async () => {
    const expected = structuredClone<object>(DEFAULTS);
    assert.deepEqual(await worker({}), {
      ...expected,
      provider: {
        ...DEFAULTS.provider,
        aws: { ...DEFAULTS.provider.aws, endpoint: SIMULATED.OHF_AWS_ENDPOINT },
      },
    });
  });

  it('the environment overrides the file and the file overrides the defaults, key by key', async () => {
    const config = await worker(
      { temporal: { address: 'file:1', namespace: 'file' }, provider: { aws: { pollSeconds: { max: 20 } } } },
      { ...SIMULATED, TEMPORAL_ADDRESS: 'env:2' },
    );
    assert.equal(config.temporal.address, 'env:2');
    assert.equal(config.temporal.namespace, 'file');
    assert.equal(config.temporal.deadlineSeconds, DEFAULTS.temporal.deadlineSeconds);
    assert.deepEqual(config.provider.aws.pollSeconds, { min: 1, max: 20 });
  });

  const values: Record<string, [text: string, value: unknown]> = {
    'temporal.address': ['t:1', 't:1'],
    'temporal.namespace': ['n', 'n'],
    'temporal.tls': ['true', true],
    'temporal.tls.serverNameOverride': ['s', 's'],
    'temporal.tls.caFile': ['/ca', '/ca'],
    'temporal.tls.certFile': ['/cert', '/cert'],
    'temporal.tls.keyFile': ['/key', '/key'],
    'temporal.apiKey': ['secret', 'secret'],
    'temporal.deadlineSeconds': ['5', 5],
    'temporal.allowDevServer': ['true', true],
    'provider.type': ['aws', 'aws'],
    'provider.name': ['inst', 'inst'],
    'provider.deployment': ['grid-1', 'grid-1'],
    'provider.ibmConfigFile': ['', ''],
    'provider.aws.region': ['eu-west-1', 'eu-west-1'],
    'provider.aws.endpoint': ['http://h:1', 'http://h:1'],
    'provider.aws.credentialFile': ['/c', '/c'],
    'provider.aws.profile': ['p', 'p'],
    'provider.aws.interruptionQueue': ['http://h/000000000000/q', 'http://h/000000000000/q'],
    'provider.aws.rebalance': ['report', 'report'],
    'provider.aws.hostName': ['short', 'short'],
    'provider.aws.hostDomain': ['grid.example.com', 'grid.example.com'],
    'provider.aws.role.arn': ['arn:aws:iam::123456789012:role/r', 'arn:aws:iam::123456789012:role/r'],
    'provider.aws.role.externalId': ['e-1', 'e-1'],
    'provider.aws.proxy': ['http://p:3128', 'http://p:3128'],
    'provider.aws.connectTimeoutSeconds': ['0.5', 0.5],
    'provider.aws.readRetries': ['0', 0],
    'provider.aws.readRetrySeconds': ['1.5', 1.5],
    'provider.aws.pollSeconds.min': ['2', 2],
    'provider.aws.pollSeconds.max': ['9', 9],
    'provider.aws.consistencySeconds': ['0', 0],
    'provider.aws.sweepSeconds': ['0.5', 0.5],
    'provider.aws.requestShare': ['1.5', 1.5],
    'request.deadlineSeconds': ['60', 60],
    'request.bootTimeoutSeconds': ['30', 30],
    'unacknowledged.maxMissedLists': ['30', 30],
    'unacknowledged.minAgeSeconds': ['1800', 1_800],
    'unacknowledged.breakerPercent': ['50', 50],
    'logging.level': ['debug', 'debug'],
    'logging.directory': ['/var/log/ohf', '/var/log/ohf'],
    'logging.maxFileMegabytes': ['0.5', 0.5],
    'logging.keepFiles': ['0', 0],
    'logging.acceptPropagated': ['false', false],
    'logging.stdout': ['false', false],
    'logging.syslog.address': ['udp://h:514', 'udp://h:514'],
    'logging.syslog.facility': ['local3', 'local3'],
    'logging.otlp.url': ['http://c:4318/v1/logs', 'http://c:4318/v1/logs'],
    'logging.otlp.headersFile': ['/h', '/h'],
    'storage.type': ['sqlite', 'sqlite'],
    'storage.directory': ['/var/lib/ohf', '/var/lib/ohf'],
    'storage.keepDays': ['7', 7],
    'events.audit': ['false', false],
    'events.webhook.url': ['https://h/x', 'https://h/x'],
    'events.webhook.secretFile': ['/s', '/s'],
    'events.webhook.types': ['ShortageReported, MachineTerminated', 'ShortageReported, MachineTerminated'],
    'events.webhook.timeoutSeconds': ['3', 3],
    'events.sns.topicArn': [TOPIC, TOPIC],
    'events.sns.endpoint': ['https://h', 'https://h'],
    'events.sns.types': ['ShortageReported', 'ShortageReported'],
    'events.module': ['/m.mjs', '/m.mjs'],
    'metrics.listen': ['0.0.0.0:9464', '0.0.0.0:9464'],
    'metrics.cloudWatch.namespace': ['Grid/Hosts', 'Grid/Hosts'],
  };
  /** The settings that make a section complete. */
  const needed: Record<string, object> = {
    'provider.aws.role': { provider: { aws: { role: { arn: 'arn:aws:iam::123456789012:role/x' } } } },
    'events.webhook': { events: { webhook: { url: 'http://h' } } },
    'events.sns': { events: { sns: { topicArn: TOPIC } } },
    'logging.syslog': { logging: { syslog: { address: 'udp://h:514' } } },
    'logging.otlp': { logging: { otlp: { url: 'http://h' } } },
  };
  for (const path of Object.keys(SETTINGS)) {
    it(`${variableOf(path)} sets ${path}`, async () => {
      let [text, value] = values[path] ?? assert.fail(`no value for ${path}`);
      // The file that this setting names is read with the settings.
      if (path === 'provider.ibmConfigFile') text = value = await files.write('ibm.json', {});
      const section = path.slice(0, path.lastIndexOf('.'));
      const config: unknown = await worker(needed[section] ?? {}, { ...SIMULATED, [variableOf(path)]: text });
      const found = path.split('.').reduce<unknown>(property, config);
      assert.equal(found, value);
    });
  }

  const anyWrong = {
    string: [' '],
    number: [-1, 1e9, '8'],
    integer: [-1, 1e9, '8', 1.5],
    boolean: ['maybe'],
  } as const;
  for (const [path, { type, allowed, isSecret, isMasked }] of Object.entries(SETTINGS)) {
    if (isSecret === true) continue;
    it(`an error about ${path} states what is allowed`, async () => {
      for (const value of [...anyWrong[type], null, []]) {
        const file = path
          .split('.')
          .reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;
        const text = await failure(worker(file, {}));
        const is = isMasked === true ? 'not usable' : JSON.stringify(value);
        const expected = `/config.json: ${path} is ${is}; allowed: ${allowed}`;
        assert.ok(text.startsWith('ConfigurationError: ') && text.includes(expected), text);
      }
    });
  }

  it('the defaults of the settings are valid', () => {
    assert.deepEqual(
      invalidSettings({ ...DEFAULTS }, () => 'defaults'),
      [],
    );
  });

  it('the schema and the table generated from it accept the same settings', () => {
    const aroundPorts = ['h:0', 'h:00080', 'h:65535', 'h:65536', '[::1]:1', 'h:', 'ftp://x', 'http://['];
    const candidates = [
      ...Object.values(anyWrong).flat(),
      ...aroundPorts,
      ...[0, 0.1, 1, 30, 300, 86_400, 2_147_483.647, 1e300, NaN, true, false, null, '', [], {}],
    ];
    for (const path of Object.keys(SETTINGS)) {
      for (const candidate of [...candidates, ...(values[path] ?? [])]) {
        const section = needed[path.slice(0, path.lastIndexOf('.'))] ?? {};
        const merged = structuredClone({ ...DEFAULTS }) as Record<string, unknown>;
        for (const source of [section, nestedObject(path, candidate)]) overlay(merged, source);
        const isValid = settingsSchema.safeParse(merged).success;
        const findings = invalidSettings(merged, () => '').filter(({ key }) => key !== crossChecked);
        assert.equal(findings.length === 0, isValid, `${path}: ${JSON.stringify(candidate)}`);
      }
    }
  });

  it('one error names all invalid settings', async () => {
    const text = await failure(
      worker({ temporal: 5, logging: { level: 'loud' } }, { ...SIMULATED, TEMPORAL_ADDRESS: 'x' }),
    );
    assert.match(text, /TEMPORAL_ADDRESS: temporal\.address is "x"/);
    assert.match(text, /temporal\.namespace is missing/);
    assert.match(text, /config\.json: logging\.level is "loud"/);
  });

  it('a settings file may name its JSON Schema', async () => {
    const config = await worker({ $schema: './config.schema.json', logging: { level: 'warn' } });
    assert.equal(config.logging.level, 'warn');
    assert.ok(!('$schema' in config));
  });

  it('the certificates of the file stay if the environment only switches TLS on', async () => {
    const config = await worker(
      { temporal: { tls: { caFile: '/ca' } } },
      { ...SIMULATED, TEMPORAL_TLS: 'true' },
    );
    assert.deepEqual(config.temporal.tls, { caFile: '/ca' });
  });

  const wrong: [object, RegExp][] = [
    [
      { temporal: { adress: 'x:1' } },
      /config\.json: 'temporal\.adress' is not a setting\. Did you mean 'temporal\.address'\?/,
    ],
    [{ tempral: {} }, /'tempral' is not a setting/],
    [
      { temporal: { deadlineSeconds: '8' } },
      /temporal\.deadlineSeconds is "8"; allowed: a whole number from 1 to 120 \(seconds\)/,
    ],
    [{ temporal: { tls: 'yes' } }, /temporal\.tls is "yes"; allowed: true, false or an object/],
    [
      { temporal: { tls: { caFil: 'x' } } },
      /'temporal\.tls\.caFil' is not a setting\. Did you mean 'temporal\.tls\.caFile'/,
    ],
    [{ temporal: { apiKey: 'hush-hush' } }, /temporal\.apiKey may not stand in a file.*TEMPORAL_API_KEY/],
    [{ temporal: [] }, /temporal is \[\]; allowed: an object/],
    [
      { provider: { deployment: 'Grid 1' } },
      /provider\.deployment is "Grid 1"; allowed: 1 to 24 of a-z 0-9 -/,
    ],
    [{ provider: { deployment: 'x'.repeat(25) } }, /provider\.deployment/],
    [
      { provider: { aws: { endpoint: 'ftp://x' } } },
      /provider\.aws\.endpoint is "ftp:\/\/x"; allowed: an http or https URL/,
    ],
    [
      { provider: { aws: { pollSeconds: { min: 9, max: 3 } } } },
      /pollSeconds is .*allowed: min not greater than max/,
    ],
    [
      { provider: { aws: { hostName: 'ip', hostDomain: 'grid.example.com' } } },
      /hostDomain is "grid\.example\.com"; allowed: none with hostName "ip"/,
    ],
    [
      { provider: { aws: { role: { externalId: 'x2' } } } },
      /role\.arn is missing; allowed: the ARN of an IAM role/,
    ],
    [
      { provider: { aws: { proxy: 'http://me:hush-hush@p:1' } } },
      /aws\.proxy is .*; allowed: the URL of an HTTP proxy/,
    ],
    [{ request: { deadlineSeconds: 1.5 } }, /request\.deadlineSeconds is 1\.5/],
    [{ storage: { directory: 'data' } }, /storage\.directory is "data"; allowed: an absolute path/],
    [{ storage: { keepDays: 0 } }, /storage\.keepDays is 0; allowed: a whole number from 1 to 3650 \(days\)/],
    [
      { events: { webhook: { url: 'http://h', types: 'ShortageReported,Storm' } } },
      /events\.webhook\.types is "ShortageReported,Storm"; allowed: types of events .*ShortageReported, MachineCreated/,
    ],
    [{ events: { webhook: {} } }, /events\.webhook\.url is missing; allowed: an http or https URL/],
    [
      { metrics: { listen: '9464' } },
      /metrics\.listen is "9464"; allowed: host:port, e\.g\. "127\.0\.0\.1:9464"/,
    ],
    [{ metrics: { listen: 'localhost:70000' } }, /metrics\.listen is "localhost:70000"; allowed: host:port/],
    [{ metrics: { listn: 'x:1' } }, /'metrics\.listn' is not a setting\. Did you mean 'metrics\.listen'/],
    [
      { metrics: { cloudWatch: { namespace: 'AWS/EC2' } } },
      /cloudWatch\.namespace is "AWS\/EC2"; allowed: up/,
    ],
  ];
  for (const [settings, message] of wrong) {
    it(`invalid settings are rejected: ${message.source.slice(0, 60)}`, async () => {
      const text = await failure(worker(settings, { OHF_DEPLOYMENT_X: '' }));
      assert.match(text, /^ConfigurationError: /);
      assert.match(text, message);
      assert.doesNotMatch(text, /hush-hush/);
    });
  }

  it('an error about a value from the environment names the variable', async () => {
    const text = await failure(worker({}, { ...SIMULATED, OHF_REQUEST_DEADLINE_SECONDS: 'soon' }));
    assert.match(
      text,
      /OHF_REQUEST_DEADLINE_SECONDS: request\.deadlineSeconds is "soon"; allowed: a whole number/,
    );
  });

  it('real AWS requires the deployment, also at a VPC endpoint', async () => {
    const real = { AWS_REGION: 'eu-west-1' };
    assert.match(await failure(worker({}, real)), /provider\.deployment is not set/);
    const vpc = { ...real, OHF_AWS_ENDPOINT: 'https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com:443' };
    assert.match(await failure(worker({}, vpc)), /provider\.deployment is not set/);
    assert.equal((await worker({}, { ...real, OHF_DEPLOYMENT: 'grid' })).provider.deployment, 'grid');
  });

  it('real AWS requires the region from the worker, not from the command line', async () => {
    assert.match(await failure(worker({}, { OHF_DEPLOYMENT: 'grid' })), /provider\.aws\.region is not set/);
    assert.equal((await cli({ OHF_DEPLOYMENT: 'grid' })).config.provider.deployment, 'grid');
  });

  it('an OHF_CONFIG that is not the path of a file is an error', async () => {
    const path = `${files.directory}/none.json`;
    assert.match(await failure(loadWorkerConfig({ OHF_CONFIG: path })), /none\.json cannot be read/);
  });

  describe('of the command line', () => {
    it('the command line takes region and endpoint from our file, else from IBM’s', async () => {
      await files.write('awsinstprov_config.json', {
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL: 'http://ibm:1',
      });
      await files.write('config.json', { provider: { aws: { endpoint: 'http://ours:2' } } });
      const { config, notes } = await cli();
      assert.equal(config.provider.aws.region, 'eu-west-1');
      assert.equal(config.provider.aws.endpoint, 'http://ours:2');
      assert.deepEqual(notes, []);
    });

    it('the command line finds its settings by the provider’s name in HF_CONFDIR, as in Host Factory 1.1', async () => {
      const { mkdir } = await import('node:fs/promises');
      await mkdir(`${files.directory}/providers/mine`, { recursive: true });
      await files.write('providers/mine/mineprov_config.json', { AWS_REGION: 'ap-south-1' });
      const env = { ...SIMULATED, HF_CONFDIR: files.directory, HF_PROVIDER_NAME: 'mine' };
      const { config } = await loadCliConfig(env);
      assert.equal(config.provider.aws.region, 'ap-south-1');
      assert.equal(config.provider.name, 'mine');
    });

    it('the command line uses Host Factory’s log level, and ignores an invalid one', async () => {
      assert.equal((await cli({ ...SIMULATED, HF_LOGLEVEL: 'LOG_DEBUG' })).config.logging.level, 'debug');
      const { config, notes } = await cli({ ...SIMULATED, HF_LOGLEVEL: 'LOG_LOUD' });
      assert.equal(config.logging.level, 'info');
      assert.match(notes[0] ?? '', /HF_LOGLEVEL is "LOG_LOUD"/);
    });

    it('the command line uses Host Factory’s size and number of log files, and ignores invalid ones', async () => {
      const { logging } = (await cli({ ...SIMULATED, HF_LOG_MAX_FILE_SIZE: '20', HF_LOG_MAX_ROTATE: '3' }))
        .config;
      assert.deepEqual([logging.maxFileMegabytes, logging.keepFiles], [20, 3]);
      const { config, notes } = await cli({
        ...SIMULATED,
        HF_LOG_MAX_FILE_SIZE: 'big',
        HF_LOG_MAX_ROTATE: '-1',
      });
      assert.deepEqual(config.logging, DEFAULTS.logging);
      assert.match(
        notes.join(' '),
        /HF_LOG_MAX_FILE_SIZE is "big", which is not a number .* HF_LOG_MAX_ROTATE is "-1"/,
      );
    });

    it('our variables override those of Host Factory', async () => {
      const hf = { HF_LOGLEVEL: 'LOG_DEBUG', HF_LOG_MAX_ROTATE: '3' };
      const ours = { OHF_LOGGING_LEVEL: 'warn', OHF_LOGGING_KEEP_FILES: '7' };
      const { logging } = (await cli({ ...SIMULATED, ...hf, ...ours })).config;
      assert.deepEqual([logging.level, logging.keepFiles], ['warn', 7]);
    });

    it('the command line ignores Host Factory’s log settings if a key of IBM’s file disables them', async () => {
      const hf = { HF_LOGLEVEL: 'LOG_DEBUG', HF_LOG_MAX_ROTATE: '3' };
      for (const [value, keepFiles] of [
        ['TRUE', 3],
        [true, 3],
        ['false', 5],
        [false, 5],
        ['perhaps', 3],
      ] as const) {
        await files.write('awsinstprov_config.json', {
          ACCEPT_PROPAGATED_LOG_SETTING: value,
          LogLevel: 'LOG_WARN',
        });
        const { config, notes } = await cli({ ...SIMULATED, ...hf });
        assert.equal(config.logging.keepFiles, keepFiles, String(value));
        assert.equal(config.logging.level, keepFiles === 3 ? 'debug' : 'warn');
        assert.equal(notes.length, value === 'perhaps' ? 1 : 0);
      }
    });

    it('an invalid log level in IBM’s file is noted', async () => {
      await files.write('awsinstprov_config.json', { LogLevel: 5 });
      const { config, notes } = await cli(SIMULATED);
      assert.equal(config.logging.level, 'info');
      assert.match(notes[0] ?? '', /LogLevel is 5 and is ignored; allowed: one of EMERG/);
    });

    it('a variable that looks like a mistyped setting is noted', async () => {
      const { notes } = await cli({ ...SIMULATED, OHF_TEMPORAL_ADRESS: 'x:1' });
      assert.match(
        notes[0] ?? '',
        /OHF_TEMPORAL_ADRESS is not a setting.*Did you mean 'OHF_TEMPORAL_ADDRESS'/,
      );
    });
  });
});

/** min and max are compared by validate.ts alone. */
const crossChecked = 'provider.aws.pollSeconds';

function overlay(target: Record<string, unknown>, source: object): void {
  mergeSource({ values: target, origins: new Map() }, { ...source }, 'test');
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
