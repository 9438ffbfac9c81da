import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onDemand, scratch } from '../../fixtures/scratch.ts';
import { MAIN, ohf, oneDocument, run } from '../../fixtures/commandLine.ts';

describe('ohf', () => {
  it('ohf prints help with examples, and its version', async () => {
    const help = await ohf(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /requestMachines demo 5/);
    assert.match(help.stdout, /simulate-aws/);
    const one = await ohf(['requestMachines', '--help']);
    assert.match(one.stdout, /-f, --file/);
    assert.match((await ohf(['--version'])).stdout, /^ohf\/\d+\.\d+\.\d+ /);
  });

  const wrong: [string[], RegExp][] = [
    [['getRequestStats'], /Unknown command 'getRequestStats'\. Did you mean 'getRequestStatus'\?/],
    [['reqests', '--help'], /Did you mean 'requests'/],
    [['wroker'], /Did you mean 'worker'/],
    [[], /No command is given/],
    [['worker', '--prot', '1'], /Unknown option --prot of 'worker'/],
    [['worker', 'x'], /'worker' takes no arguments/],
    [['simulate-aws', '--prt', '1'], /Unknown option --prt.*Did you mean '--port'/],
    [['events', '--type', 'MachineLos'], /--type is "MachineLos".* Did you mean 'MachineLost'/],
    [['events', '--since', 'yesterday'], /--since is "yesterday"; allowed: 2026-01-31, .*90m, 12h, 7d/],
    [['events', '--request', 'i-1'], /--request is "i-1"; allowed: the id of a request/],
    [['simulate-aws', '--port', 'x'], /--port is "x"; allowed: a number from 0 to 65535/],
  ];
  for (const [args, message] of wrong) {
    it(`ohf rejects '${args.join(' ')}' with exit code 1`, async () => {
      const outcome = await ohf(args);
      assert.equal(outcome.code, 1);
      assert.equal(outcome.stdout, '');
      assert.match(outcome.stderr, message);
      assert.doesNotMatch(outcome.stderr, /^\s+at /m);
    });
  }

  for (const args of [
    ['events'],
    ['rebuild-read-model'],
    ['requests', '--stored'],
    ['request', 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab', '--stored'],
  ]) {
    it(`ohf ${args.join(' ')} names the host to run it on, if that is not the worker's`, async () => {
      const env = { OHF_AWS_ENDPOINT: 'http://127.0.0.1:1', OHF_STORAGE_DIRECTORY: '/nowhere' };
      const outcome = await ohf(args, env);
      assert.deepEqual([outcome.code, outcome.stdout], [1, '']);
      assert.match(
        outcome.stderr,
        /\/nowhere\/embedded\.awsinst does not exist: .* Run it on the worker's host/,
      );
    });
  }

  it('ohf simulate-aws serves a simulated AWS, prints its URL on one line and stops on SIGTERM', async () => {
    const child = spawn(process.execPath, [MAIN, 'simulate-aws'], {
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line]: unknown[] = await once(child.stdout.setEncoding('utf8'), 'data');
    assert.match(String(line), /^simulated AWS listens on http:\/\/127\.0\.0\.1:\d+\n$/);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  describe('with much output', () => {
    it('ohf writes output that is larger than a pipe completely', async () => {
      const files = await many();
      // A pipe as Host Factory's shell creates it; a pipe from Node would be a socket.
      const env = { HF_PROVIDER_CONFDIR: files.directory, NODE: process.execPath, MAIN };
      const outcome = await run('/bin/sh', ['-c', '"$NODE" "$MAIN" getAvailableTemplates | cat'], { env });
      const { templates } = oneDocument(outcome);
      assert.ok(Array.isArray(templates));
      assert.equal(templates.length, 5_000);
      await files.remove();
    });

    it('ohf exits with 1 and prints nothing when the reader has closed the pipe', async () => {
      const files = await many();
      const child = spawn(process.execPath, [MAIN, 'getAvailableTemplates'], {
        env: { HF_PROVIDER_CONFDIR: files.directory },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout.destroy();
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
      assert.deepEqual(await once(child, 'close'), [1, null]);
      assert.equal(stderr, '');
      await files.remove();
    });
  });
});

/** More templates than a pipe holds. */
const many = async () => {
  const files = await scratch();
  const templates = Array.from({ length: 5_000 }, (_, index) => onDemand({ templateId: `t-${index}` }));
  await files.write('awsinstprov_templates.json', { templates });
  return files;
};
