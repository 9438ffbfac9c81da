import assert from 'node:assert/strict';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { onDemand, scratch, type Scratch } from '../../fixtures/scratch.ts';
import { failureMessage, ohf, oneDocument } from '../../fixtures/commandLine.ts';

const SIMULATED = { OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' };
/** Port 1 refuses connections: a call that reaches Temporal fails with another message. */
const REFUSED = { ...SIMULATED, TEMPORAL_ADDRESS: '127.0.0.1:1' };
const NOT_TEMPORAL = /^(?!.*Temporal at)/;

const OPERATIONS = [
  'getAvailableTemplates',
  'requestMachines',
  'requestReturnMachines',
  'getRequestStatus',
  'getReturnRequests',
];

describe('an operation of Host Factory', () => {
  let files: Scratch;
  let env: Record<string, string>;
  before(async () => {
    files = await scratch();
    await files.write('awsinstprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
    env = { ...REFUSED, HF_PROVIDER_CONFDIR: files.directory };
  });
  after(() => files.remove());

  const unreadable: Record<string, string | Buffer> = {
    'an empty file': '',
    'half JSON': '{',
    'a list': '[]',
    null: 'null',
    'a text': '"x"',
    'two documents': '{}\n{}',
    'bytes that are not text': Buffer.from([0x7b, 0xff, 0x00, 0x80, 0x7d]),
  };
  for (const operation of OPERATIONS) {
    it(`${operation} prints one document with a message if its input cannot be read`, async () => {
      const cases = Object.entries(unreadable).map(async ([name, content], index) => {
        const path = await files.write(`${operation}${index} in`, content);
        const outcome = await ohf([operation, '-f', path], env);
        assert.match(failureMessage(outcome), NOT_TEMPORAL, name);
      });
      await Promise.all(cases);
      const missing = await ohf([operation, '-f', `${files.directory}/none`], env);
      assert.match(failureMessage(missing), /input file .*none cannot be read: there is no such file/);
    });

    it(`${operation} rejects an unknown option and an -f without a path`, async () => {
      assert.match(failureMessage(await ohf([operation, '--fil', 'x'], env)), /Unknown option --fil.*--file/);
      assert.match(failureMessage(await ohf([operation, '-f'], env)), /-f needs a path/);
    });
  }

  for (const operation of ['requestMachines', 'requestReturnMachines', 'getRequestStatus']) {
    it(`${operation} fails without input`, async () => {
      assert.match(failureMessage(await ohf([operation], env)), /is missing/);
    });
  }
  for (const operation of ['getAvailableTemplates', 'getReturnRequests']) {
    it(`${operation} works without input and without Temporal`, async () => {
      const outcome = await ohf([operation], env);
      oneDocument(outcome);
      assert.equal(outcome.code, 0);
    });
  }

  it('getReturnRequests accepts hosts in every form, and needs Temporal only if there are any', async () => {
    for (const input of [{}, { machines: [] }, { machines: null }]) {
      const document = oneDocument(await ohf(['getReturnRequests', '-d', JSON.stringify(input)], env));
      assert.deepEqual([document['status'], document['requests']], ['complete', []]);
    }
    for (const machines of [{ name: 'a' }, [{ name: 'a', machineId: null }]]) {
      const outcome = await ohf(['getReturnRequests', '-d', JSON.stringify({ machines })], env);
      assert.match(failureMessage(outcome), /Temporal at .* cannot be reached/);
    }
    assert.match(
      failureMessage(await ohf(['getReturnRequests', '-d', '{"machines":[1]}'], env)),
      /machines\[0\] is 1/,
    );
  });

  it('getAvailableTemplates prints templates in Host Factory’s form and names the unusable ones', async () => {
    const bad = onDemand({ templateId: 'bad', vmType: '' });
    const own = await scratch();
    await own.write('minepro_x', '');
    await own.write('mineprov_templates.json', { templates: [onDemand({ templateId: 'demo' }), bad] });
    const outcome = await ohf(['getAvailableTemplates', '-d', '{\n}'], {
      HF_PROVIDER_CONFDIR: own.directory,
      HF_PROVIDER_NAME: 'mine',
      HF_PROVIDER_LOGDIR: own.directory,
    });
    const document = oneDocument(outcome);
    assert.deepEqual(document['templates'], [
      {
        templateId: 'demo',
        maxNumber: 10,
        attributes: {
          type: ['String', 'X86_64'],
          ncpus: ['Numeric', '1'],
          ncores: ['Numeric', '1'],
          nram: ['Numeric', '1024'],
        },
      },
    ]);
    assert.match(String(document['message']), /success.*'bad': vmType is missing/);
    const [log] = (await readdir(own.directory)).filter((name) => /^mine-provider\..+\.log$/.test(name));
    const line: unknown = JSON.parse(await readFile(`${own.directory}/${log}`, 'utf8'));
    assert.ok(typeof line === 'object' && line !== null && 'problems' in line);
    await own.remove();
  });

  it('getAvailableTemplates fails if it has no usable template', async () => {
    const own = await scratch();
    await own.write('awsinstprov_templates.json', { templates: [onDemand({ maxNumber: 0 })] });
    const none = await ohf(['getAvailableTemplates'], { HF_PROVIDER_CONFDIR: own.directory });
    assert.match(failureMessage(none), /maxNumber 0/);
    await own.remove();
    const missing = await ohf(['getAvailableTemplates'], { HF_PROVIDER_CONFDIR: own.directory });
    assert.match(failureMessage(missing), /there is no such file/);
    assert.match(failureMessage(await ohf(['getAvailableTemplates'])), /HF_PROVIDER_CONFDIR is not set/);
  });

  for (const machineCount of [0, -1, 1.5, 'abc', '', null, undefined, '1.5', '-1', 10_001, [], {}]) {
    it(`requestMachines rejects the machineCount ${JSON.stringify(machineCount)}`, async () => {
      const input = JSON.stringify({ template: { templateId: 'demo', machineCount } });
      const message = failureMessage(await ohf(['requestMachines', '-d', input], env));
      assert.match(message, /template\.machineCount is .*; allowed: a whole number from 1 to 10000\./);
    });
  }

  it('requestMachines rejects wrong arguments', async () => {
    for (const args of [['demo', '-1'], ['demo', 'x'], ['demo', '0'], ['demo'], ['demo', '1', '2']]) {
      assert.match(failureMessage(await ohf(['requestMachines', ...args], env)), NOT_TEMPORAL);
    }
  });

  it('requestMachines rejects an unknown template and a count above maxNumber', async () => {
    assert.match(
      failureMessage(await ohf(['requestMachines', 'dmo', '1'], env)),
      /Template 'dmo' not found.*'demo'/,
    );
    assert.match(
      failureMessage(await ohf(['requestMachines', 'demo', '11'], env)),
      /at most 10 \(its maxNumber\)/,
    );
  });

  it('requestMachines accepts a count as text, a byte order mark, CRLF, tabs and unknown keys', async () => {
    const document = { template: { templateId: 'demo', machineCount: '3', user_data: 1 }, rc_account: 'x' };
    const text = `\uFEFF${JSON.stringify(document, undefined, '\t').replaceAll('\n', '\r\n')}\r\n`;
    const path = await files.write('odd in', text);
    assert.match(failureMessage(await ohf(['requestMachines', '-f', path], env)), /Temporal at/);
  });

  it('requestMachines fails with real AWS if provider.deployment is not set', async () => {
    const { OHF_AWS_ENDPOINT: _, ...real } = env;
    assert.match(
      failureMessage(await ohf(['requestMachines', 'demo', '1'], real)),
      /provider\.deployment is not set/,
    );
  });

  const calls = [
    ['requestMachines', 'demo', '1'],
    ['requestReturnMachines', 'i-0123456789abcdef0'],
    ['getRequestStatus', 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab'],
  ];
  for (const call of calls) {
    it(`${call[0]} fails within 4 s when Temporal refuses the connection`, async () => {
      const outcome = await ohf(call, env);
      assert.match(failureMessage(outcome), /Temporal at 127\.0\.0\.1:1 cannot be reached/);
      assert.ok(outcome.ms < 4_000, `${outcome.ms} ms`);
    });

    it(`${call[0]} fails within 10 s when a server accepts the connection and never answers`, async () => {
      const server = createServer((socket) => void socket.on('error', () => undefined).resume());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const outcome = await ohf(call, { ...env, TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
      server.close();
      assert.match(failureMessage(outcome), /cannot be reached/);
      assert.ok(outcome.ms < 10_000, `${outcome.ms} ms`);
    });
  }

  it('a failure is logged with its cause, and the answer is the same if the log cannot be written', async () => {
    const outcome = await ohf(['requestMachines', 'demo', '1'], { ...env, HF_LOGDIR: files.directory });
    const [log] = (await readdir(files.directory)).filter((name) => name.endsWith('.log'));
    await appendFile(`${files.directory}/${log}`, '');
    const line = await readFile(`${files.directory}/${log}`, 'utf8');
    assert.match(
      line,
      /"level":"error",.*cannot be reached.*"operation":"requestMachines".*"code":"UNAVAILABLE"/,
    );
    const unwritable = await ohf(['requestMachines', 'demo', '1'], { ...env, HF_LOGDIR: '/none' });
    assert.equal(failureMessage(unwritable), failureMessage(outcome));
  });
});
