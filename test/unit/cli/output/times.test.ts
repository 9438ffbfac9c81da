import assert from 'node:assert/strict';
import { parseTime } from '../../../../cli/output/times.ts';

describe('a time on the command line', () => {
  const now = Date.UTC(2026, 0, 31, 12);
  for (const [text, time] of [
    ['90m', '2026-01-31T10:30:00Z'],
    ['12h', '2026-01-31T00:00:00Z'],
    ['7d', '2026-01-24T12:00:00Z'],
    ['2026-01-31', '2026-01-31T00:00:00Z'],
    ['2026-01-31T12:30', '2026-01-31T12:30:00Z'],
    ['2026-01-31T12:30:05+01:00', '2026-01-31T11:30:05Z'],
  ] as const) {
    it(`a time on the command line may be '${text}'`, () =>
      assert.equal(parseTime(text, now), Date.parse(time)));
  }
  for (const text of ['', 'yesterday', '5', '5y', '2026-13-40', '31.01.2026', '-1h']) {
    it(`a time on the command line may not be '${text}'`, () =>
      assert.equal(parseTime(text, now), undefined));
  }
});
