import { chmod } from 'node:fs/promises';
import assert from 'node:assert/strict';
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { DefaultLogger } from '@temporalio/worker';
import { createAwsClients, type AwsSettings } from '../../../activities/aws/client/clients.ts';
import { credentialsOf } from '../../../activities/aws/client/credentials.ts';
import { NO_OBSERVER } from '../../../activities/aws/client/awsCallMetrics.ts';
import type { AwsConfig } from '../../../config/config.ts';
import { DEFAULTS } from '../../../config/index.ts';
import { startSimulator, type Simulator } from '../../../simulator/server.ts';
import { openAws } from '../../../worker/startup/aws.ts';
import { awsClientSettings } from '../../../worker/startup/awsSettings.ts';
import { INSTANCE_KEY, startAwsFront } from '../../fixtures/cloud/awsFront.ts';
import { simulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { failure, scratch, type Scratch } from '../../fixtures/scratch.ts';

const ROLE = 'arn:aws:iam::123456789012:role/ohf';
const GUARDED = 'arn:aws:iam::123456789012:role/guarded';

describe('the credentials of a provider instance', () => {
  let simulator: Simulator;
  let front: Awaited<ReturnType<typeof startAwsFront>>;
  let files: Scratch;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    simulator = await startSimulator({ pendingSeconds: 0 });
    front = await startAwsFront(simulator.url, [
      { arn: ROLE, accessKeyId: 'ASIAROLE' },
      { arn: GUARDED, externalId: 'grid-1', accessKeyId: 'ASIAGUARDED' },
    ]);
  });
  after(async () => {
    front.close();
    await simulator.close();
  });
  beforeEach(async () => {
    files = await scratch();
    front.calls.length = 0;
    front.tunnels.length = 0;
    environment = { ...process.env };
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    process.env['AWS_ENDPOINT_URL_STS'] = front.url;
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = await files.write(
      'user-credentials',
      keys('default', 'AKIAUSER'),
    );
    process.env['AWS_CONFIG_FILE'] = await files.write(
      'user-config',
      `[default]\nrole_arn = ${ROLE}\nsource_profile = default\n[profile team]\nrole_arn = ${GUARDED}\nexternal_id = grid-1\nsource_profile = default\n`,
    );
  });
  afterEach(async () => {
    process.env = environment;
    await files.remove();
  });

  /** Opens AWS as the worker of the instance does, which reads it. */
  async function open(aws: Partial<AwsConfig>, name = 'awsinst') {
    const provider = {
      ...{ ...DEFAULTS.provider, name, deployment: 'grid1' },
      aws: { ...DEFAULTS.provider.aws, endpoint: front.url, ...aws },
    };
    return openAws(provider, {
      logger: new DefaultLogger('ERROR'),
      onReadError: (error) => assert.fail(String(error)),
      calls: NO_OBSERVER,
    });
  }
  const signers = (): string[] => [
    ...new Set(
      front.calls.map(
        ({ action, accessKeyId }) => `${action === 'AssumeRole' ? 'STS' : 'EC2'} ${accessKeyId}`,
      ),
    ),
  ];

  it('the worker takes credentials from IBM’s credential file and nothing from the user’s files', async () => {
    const credentialFile = await files.write('ibm', keys('default', 'AKIAIBM'));
    (await open({ credentialFile })).close();
    assert.deepEqual(signers(), ['EC2 AKIAIBM']);
  });

  it('the worker takes credentials from a profile of the credential file, or of the user’s files', async () => {
    const credentialFile = await files.write(
      'own',
      `${keys('default', 'AKIADEFAULT')}${keys('grid', 'AKIAGRID')}`,
    );
    (await open({ credentialFile, profile: 'grid' })).close();
    assert.deepEqual(signers(), ['EC2 AKIAGRID']);
    front.calls.length = 0;
    // Variables of the worker's environment do not override the settings of the instance.
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 'hush' });
    (await open({ profile: 'team' })).close();
    assert.deepEqual(signers(), ['STS AKIAUSER', 'EC2 ASIAGUARDED']);
  });

  it('the worker assumes a role with an external id, using the other credentials', async () => {
    const credentialFile = await files.write('ibm', keys('default', 'AKIAIBM'));
    (
      await open({ credentialFile, role: { arn: GUARDED, externalId: 'grid-1' }, region: 'eu-west-1' })
    ).close();
    assert.deepEqual(signers(), ['STS AKIAIBM', 'EC2 ASIAGUARDED']);
    const sts = front.calls.find(({ action }) => action === 'AssumeRole');
    assert.equal(sts?.parameters.get('RoleSessionName'), 'ohf-grid1-awsinst');
    assert.equal(sts?.region, 'eu-west-1');
  });

  it('without credential settings the worker uses the instance profile, also to assume a role', async () => {
    for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE']) process.env[name] = '/nowhere';
    process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = front.url;
    (await open({})).close();
    assert.deepEqual(signers(), [`EC2 ${INSTANCE_KEY}`]);
    (await open({ role: { arn: ROLE } })).close();
    assert.deepEqual(signers(), [`EC2 ${INSTANCE_KEY}`, `STS ${INSTANCE_KEY}`, 'EC2 ASIAROLE']);
  });

  it('a credential file that other users can read is refused', async () => {
    const credentialFile = await files.write('readable', keys('default', 'AKIAIBM'));
    await chmod(credentialFile, 0o644);
    assert.match(await failure(open({ credentialFile })), /other users can access .* run 'chmod o= /);
  });

  it('an error about credentials names the problem and no secret', async () => {
    const message = await failure(open({ credentialFile: '/none/credentials' }));
    assert.match(
      message,
      /^ConfigurationError: .*credential file \/none\/credentials cannot be read \(ENOENT\)/,
    );
    const credentialFile = await files.write('own', keys('grid', 'AKIAGRID'));
    assert.match(await failure(open({ credentialFile })), /profile: \[default\].*provider\.aws\.role/);
    const refused = await failure(
      open({ credentialFile, profile: 'grid', role: { arn: GUARDED, externalId: 'guess' } }),
    );
    assert.match(refused, /AccessDenied: not authorized to perform: sts:AssumeRole/);
    assert.doesNotMatch(refused, /hush|guess/);
  });

  it('a changed credential file is read again', async () => {
    const credentialFile = await files.write('own', keys('default', 'AKIAOLD'));
    const credentials = credentialsOf({ region: 'eu-west-1', credentialFile }, {});
    const { accessKeyId, expiration } = (await credentials?.()) ?? assert.fail();
    assert.equal(accessKeyId, 'AKIAOLD');
    assert.ok(expiration && expiration.getTime() < Date.now() + 11 * 60_000, 'the SDK asks again by then');
    await files.write('own', keys('default', 'AKIANEW'));
    assert.equal((await credentials?.())?.accessKeyId, 'AKIANEW');
  });

  it('two provider instances on one host never mix credentials or regions', async () => {
    const other = { arn: ROLE };
    const own = (name: string) => files.write(name, keys('default', `AKIA${name.toUpperCase()}`));
    const [dublin, tokyo] = await Promise.all([
      open({ region: 'eu-west-1', credentialFile: await own('dublin') }, 'dublin'),
      open({ region: 'ap-northeast-1', credentialFile: await own('tokyo'), role: other }, 'tokyo'),
    ]);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? dublin : tokyo).check(AbortSignal.timeout(20_000)),
      ),
    );
    dublin.close();
    tokyo.close();
    const pairs = new Set(front.calls.map(({ accessKeyId, region }) => `${accessKeyId} ${region}`));
    assert.deepEqual([...pairs].toSorted(), [
      'AKIADUBLIN eu-west-1',
      'AKIATOKYO ap-northeast-1',
      'ASIAROLE ap-northeast-1',
    ]);
  });

  describe('connections to AWS', () => {
    beforeEach(() =>
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 'hush' }),
    );
    const read = async (settings: Partial<AwsSettings>): Promise<void> => {
      const aws = createAwsClients({
        region: 'us-east-1',
        endpoint: simulator.url,
        requestShare: 1,
        ...settings,
      });
      try {
        await aws.reading.send(new DescribeInstancesCommand({}));
      } finally {
        aws.destroy();
      }
    };

    it('calls to AWS go through the configured proxy', async () => {
      await read({ proxy: front.url });
      assert.deepEqual(front.tunnels, [new URL(simulator.url).host]);
    });

    it('a failed read of AWS is retried as often, and after such pauses, as configured', async () => {
      const control = simulatorControl(simulator.url);
      const attempts = async (settings: Partial<AwsSettings>, fails: number): Promise<[number, number]> => {
        const gate = await control.addGate('DescribeInstances', 'errorBefore', fails);
        const began = performance.now();
        await read(settings).catch(() => undefined);
        const ms = performance.now() - began;
        const { arrived } = await control.gate(gate.id);
        await control.clearGates();
        return [arrived, ms];
      };
      assert.equal((await attempts({ readRetries: 0 }, 5))[0], 1);
      assert.equal((await attempts({ readRetries: 1 }, 5))[0], 2);
      const [count, ms] = await attempts({ readRetries: 2, readRetrySeconds: 0.3 }, 5);
      assert.equal(count, 3);
      assert.ok(ms >= 900, `0.3 and 0.6 seconds lie between three attempts, not ${ms} ms`);
    });

    it('services other than EC2 are called at their own endpoints', async () => {
      process.env['AWS_ENDPOINT_URL_AUTO_SCALING'] = front.url;
      const aws = createAwsClients({ region: 'us-east-1', ec2Endpoint: simulator.url, requestShare: 1 });
      await aws.reading.send(new DescribeInstancesCommand({}));
      assert.deepEqual(front.calls, []);
      await aws.autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
      aws.destroy();
      assert.deepEqual(
        front.calls.map(({ action }) => action),
        ['DescribeAutoScalingGroups'],
      );
    });

    it('an endpoint of AWS serves EC2 only, and the endpoint of a simulator serves everything', () => {
      const settings = (endpoint: string) =>
        awsClientSettings({ ...DEFAULTS.provider, aws: { ...DEFAULTS.provider.aws, endpoint } });
      const vpc = settings('https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com:443');
      assert.deepEqual(
        [vpc.ec2Endpoint, vpc.endpoint],
        ['https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com:443', undefined],
      );
      const simulated = settings(simulator.url);
      assert.deepEqual([simulated.ec2Endpoint, simulated.endpoint], [undefined, simulator.url]);
    });
  });
});

const keys = (profile: string, id: string): string =>
  `[${profile}]\naws_access_key_id = ${id}\naws_secret_access_key = hush\n`;
