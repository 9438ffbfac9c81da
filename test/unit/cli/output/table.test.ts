import assert from 'node:assert/strict';
import { renderTable, type TableStyle } from '../../../../cli/output/table.ts';

const PLAIN: TableStyle = { width: Infinity, colour: false };
const show = (style: TableStyle): string[] =>
  renderTable(
    ['ID', 'RESULT', 'COUNT', 'DETAIL'],
    [
      ['a', 'ok', 1, 'all is well here'],
      ['bb', 'failed', 20, ''],
    ],
    style,
  )
    .split('\n')
    .slice(0, -1);

describe('a table', () => {
  it('a table has columns as wide as their longest cell, and right-aligned numbers', () => {
    assert.deepEqual(show(PLAIN), [
      'ID  RESULT  COUNT  DETAIL',
      'a   ok          1  all is well here',
      'bb  failed     20',
    ]);
  });

  for (const width of [40, 34, 30, 20, 12, 3, 1]) {
    it(`a table fits into a terminal of ${width} columns`, () => {
      for (const line of show({ ...PLAIN, width }))
        assert.ok(line.length <= width, `${line.length}: ${line}`);
    });
  }

  it('a table wraps its last cell if there is room for it, and loses no word', () => {
    const text = renderTable(['CHECK', 'DETAIL'], [['a', 'one two three four five six seven']], {
      ...PLAIN,
      width: 30,
    });
    assert.equal(text, 'CHECK  DETAIL\na      one two three four five\n       six seven\n');
  });

  it('a table marks a cut cell with an ellipsis', () => {
    assert.equal(show({ ...PLAIN, width: 30 })[1], 'a   ok          1  all is wel…');
  });

  it('a coloured table has the same text as a plain one', () => {
    const lines = show({ width: Infinity, colour: true });
    assert.ok(lines[2]?.includes('\u001b[31mfailed\u001b[39m'), lines[2]);
    assert.deepEqual(
      // oxlint-disable-next-line no-control-regex -- colours are escape sequences
      lines.map((line) => line.replaceAll(/\u001b\[\d+m/g, '').trimEnd()),
      show(PLAIN),
    );
  });
});
