import { strict as assert } from 'node:assert';
import { simulate } from './simulation.ts';

/** Of a run in which each kind of fault strikes; `npm run hfsim -- --seed N` plays another one. */
const SEED = 7;

describe('the Host Factory simulator', () => {
  it(`the host table equals AWS under faults (seed ${SEED})`, async () => {
    const lines: string[] = [];
    const options = { minutes: 12, speed: 30, seed: SEED, faults: 0.05, hosts: 30 };
    const equal = await simulate(options, (line) => lines.push(line));
    assert.ok(equal, lines.join('\n'));
  });
});
