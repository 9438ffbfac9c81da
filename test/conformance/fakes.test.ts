import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHECKS } from './checks/all.ts';
import { FAKES } from './fakes/all.ts';
import { installFake } from './fakes/fake.ts';
import { startInstalled } from './installed.ts';
import { openLanes, type Job, type Lanes } from './installationPool.ts';
import { jobOf, LANES } from './run.ts';

describe("the checks of Host Factory's contract", function () {
  this.timeout(300_000);
  let lanes: Lanes;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ohf-fakes-'));
    lanes = openLanes(LANES, jobs, () => startInstalled());
  });
  after(async () => {
    await lanes.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const jobs: Job[] = [];
  for (const [index, { breaks, it: wrong, because }] of FAKES.entries()) {
    const name = `${breaks} finds a plugin out that ${wrong}`;
    const check = CHECKS.find(({ number }) => number === breaks);
    assert.ok(check);
    jobs.push(jobOf(check, name, ({ plugin, awsUrl }) => installFake(index, plugin, folder, awsUrl)));
    it(name, async () => {
      const { fault } = await lanes.outcome(name);
      assert.match(fault?.message ?? 'it was not found out', because);
    });
  }

  it('each have a fake that they find out', () => {
    const broken = new Set(FAKES.map(({ breaks }) => breaks));
    const never = CHECKS.filter(({ number }) => !broken.has(number));
    assert.deepEqual(
      never.map(({ number }) => number),
      [],
    );
  });
});
