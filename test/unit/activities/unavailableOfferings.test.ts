import { strict as assert } from 'node:assert';
import { createUnavailableOfferings } from '../../../activities/aws/launch/unavailableOfferings.ts';

const MINUTE = 60_000;

describe('unavailable offerings', () => {
  let now = 0;
  const open = (memory: ReturnType<typeof createUnavailableOfferings>): readonly string[] =>
    memory.filterAvailable(['a', 'b'], (offering) => offering);

  it('a short offering is left out for three minutes, and longer when it is short again', () => {
    const memory = createUnavailableOfferings(() => now);
    memory.record('a', 'InsufficientInstanceCapacity');
    assert.deepEqual(open(memory), ['b']);
    now += 3 * MINUTE;
    assert.deepEqual(open(memory), ['a', 'b']);
    memory.record('a', 'InsufficientInstanceCapacity');
    now += 5 * MINUTE;
    assert.deepEqual(open(memory), ['b']);
    now += MINUTE;
    assert.deepEqual(open(memory), ['a', 'b']);
  });

  it('an offering is left out for at most 15 minutes, or for a day where the zone does not offer the type', () => {
    const memory = createUnavailableOfferings(() => now);
    for (let times = 0; times < 10; times += 1) memory.record('a', 'InsufficientInstanceCapacity');
    now += 15 * MINUTE;
    assert.deepEqual(open(memory), ['a', 'b']);
    memory.record('b', 'Unsupported');
    now += 23 * 60 * MINUTE;
    assert.deepEqual(open(memory), ['a']);
  });

  it('all offerings are tried when all are short', () => {
    const memory = createUnavailableOfferings(() => now);
    memory.record('a', 'InsufficientInstanceCapacity');
    memory.record('b', 'SpotMaxPriceTooLow');
    assert.deepEqual(open(memory), ['a', 'b']);
  });

  it('an error that is not about capacity leaves an offering available', () => {
    const memory = createUnavailableOfferings(() => now);
    memory.record('a', 'InvalidAMIID.NotFound');
    assert.deepEqual(open(memory), ['a', 'b']);
  });
});
