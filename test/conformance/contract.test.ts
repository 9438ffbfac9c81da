import { strict as assert } from 'node:assert';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFolder } from '../fixtures/removeFolder.ts';
import { CHECKS } from './checks/all.ts';
import { FAKES } from './fakes/all.ts';
import { installFake } from './fakes/fake.ts';
import { startInstalled } from './installed.ts';
import { openPool, type Job, type InstallationPool } from './installationPool.ts';
import { jobOf, INSTALLATIONS } from './run.ts';

// The checks of our plugin and those of the fakes share two installations, for each costs a start and a replay.
describe("Host Factory's contract", function () {
  // A test may have to wait for others, on the same installation, that come before it.
  this.timeout(300_000);
  let lanes: InstallationPool;
  let folder: string;
  const jobs: Job[] = CHECKS.map((check) => jobOf(check));
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ohf-fakes-'));
    lanes = openPool(INSTALLATIONS, jobs, () => startInstalled());
  });
  after(async () => {
    await lanes.end();
    await removeFolder(folder);
  });

  for (const { name } of [...jobs]) {
    it(name, async () => {
      const { fault } = await lanes.outcome(name);
      if (fault) throw fault;
    });
  }

  for (const [index, fake] of FAKES.entries()) {
    const { breaks, it: wrong, because } = fake;
    const name = `check ${breaks} finds the fault of a plugin that ${wrong}`;
    const check = CHECKS.find(({ number }) => number === breaks);
    assert.ok(check);
    jobs.push(jobOf(check, name, ({ plugin, awsUrl }) => installFake(fake, index, plugin, folder, awsUrl)));
    it(name, async () => {
      const { fault } = await lanes.outcome(name);
      assert.match(fault?.message ?? 'no fault was found', because);
    });
  }

  it('each check has a fake whose fault it finds', () => {
    const broken = new Set(FAKES.map(({ breaks }) => breaks));
    const never = CHECKS.filter(({ number }) => !broken.has(number));
    assert.deepEqual(
      never.map(({ number }) => number),
      [],
    );
  });
});
