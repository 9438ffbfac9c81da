import assert from 'node:assert/strict';
import { parseArgv } from '../../../../cli/args/argv.ts';

describe('arguments of an operation', () => {
  it('the arguments of an operation arrive as typed', () => {
    assert.deepEqual(parseArgv(['0456', '1e3', '-1', '--', '-f']), {
      kind: 'args',
      args: ['0456', '1e3', '-1', '-f'],
    });
  });
  it('the input of an operation may be given only once', () => {
    assert.deepEqual(parseArgv(['-f', 'a b']), { kind: 'file', path: 'a b' });
    assert.deepEqual(parseArgv(['--data={"a":"="}']), { kind: 'data', json: '{"a":"="}' });
    assert.throws(() => parseArgv(['-f', 'a', '-d', '{}']), /given twice/);
    assert.throws(() => parseArgv(['-f', 'a', 'word']), /given twice/);
  });
});
