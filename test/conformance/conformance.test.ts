import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createBench } from './bench.ts';
import { CHECKS } from './checks/all.ts';
import { FAKES } from './fakes/all.ts';
import { installFake } from './fakes/fake.ts';
import { startInstalled, type Installed } from './installed.ts';

describe("Host Factory's contract", function () {
  this.timeout(120_000);
  let installed: Installed;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ohf-fakes-'));
    installed = await startInstalled();
  });
  after(async () => {
    await installed.end();
    await rm(folder, { recursive: true });
  });
  afterEach(() => installed.world.restore());

  for (const { number, title, run } of CHECKS) {
    it(`${number}: ${title}`, () => run(createBench(installed.plugin, installed.world)));
  }

  for (const [index, { breaks, it: wrong, because }] of FAKES.entries()) {
    it(`${breaks} finds a plugin out that ${wrong}`, async () => {
      const { plugin, world, awsUrl } = installed;
      const fake = await installFake(index, plugin, folder, awsUrl);
      const check = CHECKS.find(({ number }) => number === breaks);
      assert.ok(check);
      await assert.rejects(check.run(createBench(fake, world)), because);
    });
  }

  it('has, for each check, a fake that it finds out', () => {
    const broken = new Set(FAKES.map(({ breaks }) => breaks));
    const never = CHECKS.filter(({ number }) => !broken.has(number));
    assert.deepEqual(
      never.map(({ number }) => number),
      [],
    );
  });
});
