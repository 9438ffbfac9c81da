import assert from 'node:assert/strict';
import { createRedactor, formatLine } from '../../../logging/line.ts';

const line = (fields: object, hide = createRedactor([])): Record<string, unknown> =>
  JSON.parse(formatLine({ at: 0, level: 'info', message: 'said', fields }, hide)) as Record<string, unknown>;

describe('a log line', () => {
  it('no field overrides the time, level or message of a log line', () => {
    assert.deepEqual(line({ message: '', level: 'loud', time: 1, of: 2 }), {
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      message: 'said',
      of: 2,
    });
  });

  it('a log line accepts values that JSON does not, and cuts long texts and lists', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    assert.match(String(line(circle)['unprintable']), /circular/);
    const error = new Error('outer', { cause: new Error('inner') });
    assert.deepEqual(line({ error })['error'], { name: 'Error', message: 'outer', causes: ['inner'] });
    assert.equal(line({ big: 5n })['big'], '5');
    assert.equal(String(line({ long: 'x'.repeat(9_999) })['long']).length, 2_001);
    assert.equal((line({ list: Array.from({ length: 9_999 }, () => 1) })['list'] as unknown[]).length, 100);
  });

  it('a log line masks secrets by value and by field name, and nothing else', () => {
    const hide = createRedactor(['a "quoted" \\ secret', 'short']);
    const fields = {
      said: 'a "quoted" \\ secret',
      apiKey: 'k',
      clientToken: 't',
      url: 'http://u:p@h/x',
      word: 'short',
    };
    assert.deepEqual(Object.entries(line(fields, hide)).slice(3), [
      ['said', '****'],
      ['apiKey', '****'],
      ['clientToken', 't'],
      ['url', 'http://****@h/x'],
      ['word', 'short'],
    ]);
  });
});
