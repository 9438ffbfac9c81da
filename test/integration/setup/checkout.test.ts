import assert from 'node:assert/strict';
import { cpSync, existsSync, rmSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { node, root, Sandbox, scripts } from './support.ts';

describe('setting up a checkout', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    cpSync(scripts, sandbox.path('scripts'), { recursive: true });
  });
  afterEach(() => sandbox.remove());

  const build = (env: NodeJS.ProcessEnv = {}) =>
    node(['scripts/build.mjs'], { XDG_CACHE_HOME: sandbox.path('cache'), ...env }, sandbox.folder);

  function packageJson(engine: string, lock: object = { packages: {} }): void {
    sandbox.file('package.json', JSON.stringify({ type: 'module', engines: { node: engine } }));
    sandbox.file('package-lock.json', JSON.stringify({ name: 'tiny', lockfileVersion: 3, ...lock }));
  }

  it('the setup names the required Node version when this one is too old', async () => {
    packageJson('>=99.1');
    const { code, output } = await build();
    assert.equal(code, 1);
    assert.match(output, /^Node\.js 99\.1 or newer is needed, but .* is /);
  });

  it('the setup states what to do when the package registry cannot be reached', async () => {
    const registry = 'http://127.0.0.1:9/';
    const dependencies = { tiny: '1.0.0' };
    const resolved = `${registry}tiny/-/tiny-1.0.0.tgz`;
    packageJson('>=20', {
      packages: { '': { dependencies }, 'node_modules/tiny': { version: '1.0.0', resolved } },
    });
    sandbox.file('package.json', JSON.stringify({ engines: { node: '>=20' }, dependencies }));
    const { code, output } = await build({
      HOME: sandbox.folder,
      npm_config_registry: registry,
      npm_config_fetch_retries: '0',
    });
    assert.equal(code, 1);
    assert.match(output, /The package registry could not be reached: connect to the network/);
  });

  it('the build compiles changed sources and removes outputs without a source', async () => {
    packageJson('>=20');
    symlinkSync(path.join(root, 'node_modules'), sandbox.path('node_modules'));
    const compilerOptions = { outDir: 'dist', rootDir: '.', module: 'nodenext', types: [] };
    sandbox.file('tsconfig.json', JSON.stringify({ compilerOptions, include: ['domain'] }));
    sandbox.file('domain/one.ts', 'export const one = 1;');
    sandbox.file('domain/two.ts', 'export const two = 2;');
    const [one, two] = [sandbox.path('dist/domain/one.js'), sandbox.path('dist/domain/two.js')];

    assert.equal((await build()).output, 'Compiling');
    const { mtimeMs } = statSync(one);
    assert.equal((await build()).output, '');
    assert.equal(statSync(one).mtimeMs, mtimeMs);

    rmSync(sandbox.path('domain/two.ts'));
    assert.equal((await build()).output, 'Compiling');
    assert.ok(!existsSync(two));

    rmSync(one);
    assert.equal((await build()).output, 'Compiling');
    assert.ok(existsSync(one));

    sandbox.file('domain/one.ts', 'export const one: string = 1;');
    const { code, output } = await build();
    assert.equal(code, 1);
    assert.match(output, /domain\/one\.ts.*TS2322/);
  });
});
