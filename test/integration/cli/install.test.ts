import assert from 'node:assert/strict';
import { lstat, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onDemand, scratch, type Scratch } from '../../fixtures/scratch.ts';
import { failureMessage, MAIN, ohf, oneDocument, run } from '../../fixtures/commandLine.ts';

const PLUGINS = 'conf/providerplugins/hostProviderPlugins.json';
const PROVIDERS = 'conf/providers/hostProviders.json';
const REQUESTORS = 'conf/requestors/hostRequestors.json';

describe('the registration with Host Factory', () => {
  let files: Scratch;
  let top: string;
  const install = (...more: string[]) => ohf(['install', '--hf-top', top, '--provider', 'myaws', ...more]);
  const uninstall = (...more: string[]) =>
    ohf(['uninstall', '--hf-top', top, '--provider', 'myaws', '--force', ...more]);
  const read = (name: string) => readFile(join(top, name), 'utf8');
  const write = async (name: string, text: string) => {
    await mkdir(dirname(join(top, name)), { recursive: true });
    await writeFile(join(top, name), text);
  };

  beforeEach(async () => {
    files = await scratch();
    top = join(files.directory, 'hostfactory');
    for (const folder of ['1.1', '1.2/providerplugins/aws/scripts', 'log', 'work/providers/awsinst']) {
      await mkdir(join(top, folder), { recursive: true });
    }
    await write('1.2/providerplugins/aws/scripts/requestMachines.sh', '#!/bin/sh\n# of IBM\n');
    await write(PLUGINS, SITE.plugins);
    await write(PROVIDERS, SITE.providers);
    await write(REQUESTORS, SITE.requestors);
  });
  afterEach(() => files.remove());

  it('ohf install registers working scripts, and ohf uninstall restores every byte', async () => {
    const before = await snapshot(top);
    const outcome = await install('--deployment', 'grid1');
    assert.equal(outcome.code, 0, outcome.stderr);

    const answer = await getAvailableTemplates(top, 'myaws');
    assert.equal(answer.code, 0, answer.stdout);
    assert.ok(Array.isArray(oneDocument(answer)['templates']));
    const requestors = entries(await read(REQUESTORS), 'requestors');
    const asking = requestors.filter(
      ({ providers }) => Array.isArray(providers) && providers.includes('myaws'),
    );
    assert.deepEqual(
      asking.map(({ name }) => name),
      ['symAinst', 'admin'],
    );

    assert.equal((await uninstall()).code, 0);
    assert.deepEqual(withoutBackups(await snapshot(top)), before);
  });

  it('ohf install creates the registration files that Host Factory lacks, and ohf uninstall removes them', async () => {
    for (const name of [PLUGINS, PROVIDERS, REQUESTORS])
      await rm(join(top, dirname(name)), { recursive: true });
    const before = await snapshot(top);
    assert.equal((await install()).code, 0);
    assert.equal((await getAvailableTemplates(top, 'myaws')).code, 0);
    assert.equal((await uninstall()).code, 0);
    assert.deepEqual(await snapshot(top), before);
  });

  it('ohf install names the scripts in the provider itself for Host Factory 1.1, which has no plugins', async () => {
    const before = await snapshot(top);
    assert.equal((await install('--hf-version', '1.1')).code, 0);
    assert.equal(await read(PLUGINS), SITE.plugins);
    const { plugin, scriptPath } = entries(await read(PROVIDERS), 'providers').at(-1) ?? {};
    assert.deepEqual(
      [plugin, scriptPath],
      [undefined, '${HF_TOP}/${HF_VERSION}/providerplugins/ohf-myaws/scripts/'],
    );
    assert.equal(
      (await run(join(top, '1.1/providerplugins/ohf-myaws/scripts/getReturnRequests.sh'), ['-x'])).code,
      1,
    );
    assert.equal((await uninstall('--hf-version', '1.1')).code, 0);
    assert.deepEqual(withoutBackups(await snapshot(top)), before);
  });

  it('two providers of Host Factory 1.1, which does not name the provider in a call, get separate scripts', async () => {
    const old = ['--hf-version', '1.1'];
    const other = ['install', '--hf-top', top, '--provider', 'other', ...old];
    await install(...old);
    assert.equal((await ohf(other)).code, 0);
    const refused = await ohf([...other, '--plugin', 'ohf-myaws']);
    assert.match(refused.stderr, /scripts of plugin 'ohf-myaws' belong to another provider/);
    for (const provider of ['myaws', 'other']) {
      const templates = [onDemand({ templateId: `of-${provider}` })];
      await write(`conf/providers/${provider}/${provider}prov_templates.json`, JSON.stringify({ templates }));
    }
    for (const provider of ['myaws', 'other']) {
      const script = join(top, `1.1/providerplugins/ohf-${provider}/scripts/getAvailableTemplates.sh`);
      const answer = await run(script, [], {
        env: { HF_CONFDIR: join(top, 'conf'), OHF_NODE: process.execPath },
      });
      const ids = entries(answer.stdout, 'templates').map(({ templateId }) => templateId);
      assert.deepEqual(ids, [`of-${provider}`]);
    }
  });

  it('a second ohf install or ohf uninstall has nothing to do', async () => {
    await install();
    const before = await snapshot(top);
    assert.match((await install()).stdout, /^nothing to do/);
    assert.deepEqual(await snapshot(top), before);
    await uninstall();
    assert.match((await uninstall()).stdout, /^nothing to do/);
  });

  it('ohf install --dry-run only shows its changes', async () => {
    const before = await snapshot(top);
    const { stdout } = await install('--dry-run');
    assert.match(
      stdout,
      /^--- .*hostRequestors\.json\n\+\+\+ .*hostRequestors\.json\n@@ -\d+,\d+ \+\d+,\d+ @@$/m,
    );
    assert.match(stdout, /^-  \{ "name": "symAinst".*"providers": \["awsinst"\]/m);
    assert.match(stdout, /^\+  \{ "name": "symAinst".*"providers": \["awsinst", "myaws"\]/m);
    assert.deepEqual(await snapshot(top), before);
  });

  it('ohf install and ohf uninstall change nothing if a file is damaged, and name the position', async () => {
    await write(REQUESTORS, '{\n  "version": 2,\n  "requestors": [\n    {"name": "admin",}\n  ]\n}\n');
    const before = await snapshot(top);
    for (const outcome of [await install(), await uninstall()]) {
      assert.equal(outcome.code, 1);
      assert.match(outcome.stderr, /hostRequestors\.json is not valid JSON: line 4, column 22: a key/);
    }
    assert.deepEqual(await snapshot(top), before);
  });

  it('ohf install and ohf uninstall keep what the site has written', async () => {
    const templates = JSON.stringify({ templates: [onDemand({ templateId: 'own' })] });
    await write('conf/providers/myaws/myawsprov_templates.json', templates);
    await install();
    assert.equal(await read('conf/providers/myaws/myawsprov_templates.json'), templates);

    await write('conf/providers/myaws/config.json', '{"request":{"deadlineSeconds":600}}');
    const edited = (await read(PROVIDERS)).replace('"enabled": 1', '"enabled": 0');
    assert.notEqual(edited, await read(PROVIDERS));
    await write(PROVIDERS, edited);
    assert.match((await install()).stdout, /^nothing to do/);

    await uninstall();
    assert.equal(await read('conf/providers/myaws/myawsprov_templates.json'), templates);
    assert.equal(await read('conf/providers/myaws/config.json'), '{"request":{"deadlineSeconds":600}}');
    assert.equal(await read(PROVIDERS), SITE.providers.replace('"enabled": 1', '"enabled": 0'));
    assert.equal(await read(REQUESTORS), SITE.requestors);
  });

  it('ohf uninstall rejects a provider that ohf install did not register', async () => {
    const before = await snapshot(top);
    const outcome = await ohf(['uninstall', '--hf-top', top, '--provider', 'awsinst', '--force']);
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /'awsinst' in .*hostProviders\.json does not use plugin 'ohf'/);
    assert.deepEqual(await snapshot(top), before);
  });

  it('ohf uninstall keeps the plugin while another provider uses it', async () => {
    const before = await snapshot(top);
    const second = ['--hf-top', top, '--provider', 'second'];
    await install();
    assert.equal((await ohf(['install', ...second])).code, 0);
    await uninstall();
    assert.equal((await getAvailableTemplates(top, 'second')).code, 0);
    await ohf(['uninstall', ...second, '--force']);
    assert.deepEqual(withoutBackups(await snapshot(top)), before);
  });

  it('ohf install needs no root, and only the caller may write its files', async () => {
    await install();
    const mode = async (name: string) => ((await stat(join(top, name))).mode & 0o777).toString(8);
    assert.equal(await mode('conf/providers/myaws'), '755');
    assert.equal(await mode('work/providers/myaws/data'), '755');
    assert.equal(await mode('conf/providers/myaws/myawsprov_templates.json'), '644');
    assert.equal(await mode('1.2/providerplugins/ohf/scripts/requestMachines.sh'), '755');
  });

  const refused: [name: string, args: string[], reason: RegExp][] = [
    ['a provider name of another plugin', ['--provider', 'awsinst'], /has another 'awsinst' already/],
    [
      'a plugin that is not ours',
      ['--plugin', 'aws'],
      /requestMachines\.sh was not written by 'ohf install'/,
    ],
    [
      'a provider name that Host Factory would reject',
      ['--provider', 'my aws'],
      /--provider is 'my aws'; allowed/,
    ],
    ['an unknown requestor', ['--requestor', 'symB'], /has no requestor 'symB'.*symAinst, admin, other/],
  ];
  for (const [name, args, reason] of refused) {
    it(`ohf install rejects ${name}`, async () => {
      const before = await snapshot(top);
      const named = args.includes('--provider') ? args : ['--provider', 'myaws', ...args];
      const outcome = await ohf(['install', '--hf-top', top, ...named]);
      assert.equal(outcome.code, 1);
      assert.match(outcome.stderr, reason);
      assert.deepEqual(await snapshot(top), before);
    });
  }

  it('ohf install and the calls of Host Factory fail on Windows', async () => {
    const preload = await files.write(
      'windows.cjs',
      "Object.defineProperty(process, 'platform', { value: 'win32' });",
    );
    const onWindows = (...args: string[]) => run(process.execPath, ['--require', preload, MAIN, ...args]);
    const installed = await onWindows('install', '--hf-top', top, '--provider', 'myaws');
    assert.equal(installed.code, 1);
    assert.match(installed.stderr, /Windows management hosts is not supported/);
    assert.match(failureMessage(await onWindows('getAvailableTemplates')), /Windows management hosts/);
  });

  it('ohf uninstall changes nothing while it is unknown whether machines remain', async () => {
    await install('--deployment', 'grid1', '--temporal', '127.0.0.1:1');
    const before = await snapshot(top);
    const env = { OHF_TEMPORAL_DEADLINE_SECONDS: '1' };
    const outcome = await ohf(['uninstall', '--hf-top', top, '--provider', 'myaws'], env);
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /unknown: Temporal at 127\.0\.0\.1:1 cannot be reached.*add --force/s);
    assert.deepEqual(await snapshot(top), before);
  });
});

/** Files as a site may have edited them: with keys that we do not know, one with Windows line ends. */
const SITE = {
  plugins: `{
\t"version": 2,
\t"providerplugins": [
\t\t{ "name": "aws", "enabled": 1, "scriptPath": "\${HF_TOP}/\${HF_VERSION}/providerplugins/aws/scripts/", "x": [1] }
\t]
}
`,
  providers: `{
  "comment": "ask the grid team",
  "providers": [
    {
      "name": "awsinst",
      "enabled": 1,
      "plugin": "aws",
      "confPath": "\${HF_CONFDIR}/providers/awsinst/"
    }
  ],
  "version": 2
}
`.replaceAll('\n', '\r\n'),
  requestors: `{"version": 2,
 "requestors": [
  { "name": "symAinst", "enabled": 1, "providers": ["awsinst"], "requestMode": "POLL" },
  { "name": "admin", "enabled": 1, "providers": [ ], "requestMode": "REST_MANUAL" },
  { "name": "other", "enabled": 0, "providers": ["awsinst"] }
 ]
}`,
};

/** Finds and runs the script as Host Factory does: provider, its plugin, the plugin's path, the variables. */
async function getAvailableTemplates(top: string, provider: string) {
  const env: Record<string, string> = {
    ...{ HF_TOP: top, HF_VERSION: '1.2', HF_CONFDIR: `${top}/conf`, HF_WORKDIR: `${top}/work` },
    ...{ HF_LOGDIR: `${top}/log`, HF_PROVIDER_NAME: provider, OHF_NODE: process.execPath },
  };
  const resolved = (path: unknown) =>
    String(path).replaceAll(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? '');
  const named = async (file: string, list: string, name: unknown) =>
    entries(await readFile(join(top, file), 'utf8'), list).find((entry) => entry['name'] === name);
  const instance = await named(PROVIDERS, 'providers', provider);
  const plugin = await named(PLUGINS, 'providerplugins', instance?.['plugin']);
  const script = join(resolved(plugin?.['scriptPath']), 'getAvailableTemplates.sh');
  return run(script, [], {
    env: {
      ...env,
      HF_PROVIDER_CONFDIR: resolved(instance?.['confPath']),
      HF_PROVIDER_WORKDIR: resolved(instance?.['workPath']),
      HF_PROVIDER_LOGDIR: resolved(instance?.['logPath']),
    },
  });
}

function entries(text: string, list: string): readonly Record<string, unknown>[] {
  const file = JSON.parse(text) as Record<string, readonly Record<string, unknown>[]>;
  return file[list] ?? [];
}

/** Every path below a folder with the bytes of the files, except for the logs of calls. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const paths = await readdir(folder, { recursive: true });
  const found: [string, string][] = [];
  for (const path of paths.toSorted()) {
    if (path.startsWith('log/')) continue;
    const isFile = (await lstat(join(folder, path))).isFile();
    found.push([path, isFile ? await readFile(join(folder, path), 'base64') : 'folder']);
  }
  return Object.fromEntries(found);
}

const withoutBackups = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).filter(([path]) => !path.endsWith('.bak')));
