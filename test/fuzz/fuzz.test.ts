import assert from 'node:assert/strict';
import { AREAS } from './areas/all.ts';
import type { Area } from './property.ts';

/** A small part of `npm run test:fuzz`, the same each time. */
const SEED = 20_261_124;
const CASES = 40;

describe('generated input', () => {
  let areas: readonly Area[];
  before(async () => {
    areas = await Promise.all(AREAS.map((open) => open()));
  });
  after(() => Promise.all(areas.map((area) => area.close())));

  it('generated input is accepted or refused, and never causes an internal error', async () => {
    const broken: string[] = [];
    for (const { name, share, check } of areas.flatMap(({ properties }) => properties)) {
      const verdict = await check({ seed: SEED, numRuns: Math.ceil(CASES * share) });
      if (verdict.broken !== undefined) broken.push(`${name}: ${verdict.broken}`);
    }
    assert.deepEqual(broken, []);
  });
});
