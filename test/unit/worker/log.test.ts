import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../fixtures/eventually.ts';
import { MAIN } from '../../fixtures/commandLine.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';

const WAITS = /waiting for Temporal at 127\.0\.0\.1:1"/;

/** The worker runs as a process and waits for a Temporal that never starts; it logs that every two seconds. */
describe('the log of a worker', () => {
  let files: Scratch;
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    files = await scratch();
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await files.remove();
  });

  function worker(env: Record<string, string>) {
    let output = '';
    const started = spawn(process.execPath, [MAIN, 'worker'], {
      env: { OHF_AWS_ENDPOINT: 'http://127.0.0.1:1', TEMPORAL_ADDRESS: '127.0.0.1:1', ...env },
      cwd: files.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [started.stdout, started.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child = started;
    return { process: started, output: () => output };
  }
  const logFile = (folder: string) => join(folder, `awsinst-worker.${hostname()}.log`);
  const written = (folder: string) => readFile(logFile(folder), 'utf8');
  const isAlive = () => child?.exitCode === null && child.signalCode === null;

  it('the worker logs to its file after its standard output is closed', async () => {
    const folder = join(files.directory, 'made', 'by it');
    const { process: started } = worker({ OHF_LOGGING_DIRECTORY: folder });
    await eventually('it waits', async () => WAITS.test(await written(folder)));
    started.stdout?.destroy();
    await eventually('the closed output is reported', async () =>
      /standard output does not accept log lines/.test(await written(folder)),
    );
    assert.ok(isAlive());
  });

  it('the worker logs to standard output when its file cannot be written, and reports that once', async () => {
    await symlink('/dev/full', logFile(files.directory));
    const { output } = worker({ OHF_LOGGING_DIRECTORY: files.directory });
    await eventually('it waits', () => output().split('waiting for Temporal').length > 2);
    assert.equal(output().split('does not accept log lines').length, 2, output());
    assert.match(output(), /"code":"ENOSPC"|ENOSPC/);
  });

  it('the worker logs to syslog instead of standard output', async () => {
    const got: string[] = [];
    const receiver = createSocket('udp4', (datagram) => got.push(datagram.toString()));
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { output } = worker({
      OHF_LOGGING_SYSLOG_ADDRESS: `udp://127.0.0.1:${receiver.address().port}`,
      OHF_LOGGING_STDOUT: 'false',
    });
    await eventually('it came', () => got.some((text) => WAITS.test(text) && text.startsWith('<28>1 ')));
    receiver.close();
    assert.equal(output(), '');
  });

  it('the worker logs no secret, even one that a wrong setting contains', async () => {
    const secrets = {
      TEMPORAL_API_KEY: 'planted-temporal-key',
      AWS_SECRET_ACCESS_KEY: 'planted-aws-secret-key',
    };
    const refused = worker({ ...secrets, OHF_TEMPORAL_TLS: secrets.AWS_SECRET_ACCESS_KEY });
    await eventually('it ends', () => refused.process.exitCode === 1);
    assert.match(refused.output(), /temporal\.tls is \\"\*{4}\\"/);
    const { output } = worker({
      OHF_LOGGING_LEVEL: 'trace',
      OHF_EVENTS_WEBHOOK_URL: 'http://user:planted-password@127.0.0.1:1/',
      OHF_EVENTS_WEBHOOK_SECRET_FILE: await files.write('secret', 'planted-webhook-secret\n'),
      TEMPORAL_ADDRESS: 'planted-webhook-secret:1',
    });
    await eventually('it waits', () => output().includes('waiting for Temporal at ****:1'));
    assert.doesNotMatch(output() + refused.output(), /planted/);
  });
});
