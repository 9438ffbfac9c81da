import { CHECKS } from './checks/all.ts';
import { openLanes, type Lanes } from './installationPool.ts';
import { jobOf, LANES } from './run.ts';
import { startInstalled } from './installed.ts';

describe("Host Factory's contract", function () {
  // A test may have to wait for others, on the same installation, that come before it.
  this.timeout(300_000);
  const jobs = CHECKS.map((check) => jobOf(check));
  let lanes: Lanes;
  before(() => (lanes = openLanes(LANES, jobs, () => startInstalled())));
  after(() => lanes.end());

  for (const { name } of jobs) {
    it(name, async () => {
      const { fault } = await lanes.outcome(name);
      if (fault) throw fault;
    });
  }
});
