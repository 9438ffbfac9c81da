import { strict as assert } from 'node:assert';
import { createShortageMemory } from '../../../activities/aws/launch/unavailableOfferings.ts';

const MINUTE = 60_000;

describe('the memory of shortages', () => {
  let now = 0;
  const open = (memory: ReturnType<typeof createShortageMemory>): readonly string[] =>
    memory.worthATry(['a', 'b'], (pool) => pool);

  it('leaves a short pool out for three minutes, and longer when it is short again', () => {
    const memory = createShortageMemory(() => now);
    memory.note('a', 'InsufficientInstanceCapacity');
    assert.deepEqual(open(memory), ['b']);
    now += 3 * MINUTE;
    assert.deepEqual(open(memory), ['a', 'b']);
    memory.note('a', 'InsufficientInstanceCapacity');
    now += 5 * MINUTE;
    assert.deepEqual(open(memory), ['b']);
    now += MINUTE;
    assert.deepEqual(open(memory), ['a', 'b']);
  });

  it('never waits longer than 15 minutes for capacity, and a day where a zone does not offer a type', () => {
    const memory = createShortageMemory(() => now);
    for (let times = 0; times < 10; times += 1) memory.note('a', 'InsufficientInstanceCapacity');
    now += 15 * MINUTE;
    assert.deepEqual(open(memory), ['a', 'b']);
    memory.note('b', 'Unsupported');
    now += 23 * 60 * MINUTE;
    assert.deepEqual(open(memory), ['a']);
  });

  it('tries all when all are short', () => {
    const memory = createShortageMemory(() => now);
    memory.note('a', 'InsufficientInstanceCapacity');
    memory.note('b', 'SpotMaxPriceTooLow');
    assert.deepEqual(open(memory), ['a', 'b']);
  });

  it('does not hold an error against a pool that is none of capacity', () => {
    const memory = createShortageMemory(() => now);
    memory.note('a', 'InvalidAMIID.NotFound');
    assert.deepEqual(open(memory), ['a', 'b']);
  });
});
