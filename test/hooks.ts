import type { Context } from 'mocha';
import { endServers, nameCurrentTest, replayRuns } from './fixtures/temporal/workflowRig.ts';

export const mochaHooks = {
  beforeEach(this: Context): void {
    nameCurrentTest(this.currentTest?.fullTitle() ?? '');
  },
  async afterAll(this: Context): Promise<void> {
    this.timeout(120_000);
    try {
      await replayRuns();
    } finally {
      await endServers();
    }
  },
};
