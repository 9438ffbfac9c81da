import assert from 'node:assert/strict';
import { renderTable, type TableStyle } from '../../../../cli/output/table.ts';

const PLAIN: TableStyle = { width: Infinity, colour: false };
const show = (look: TableStyle): string[] =>
  renderTable(
    ['ID', 'RESULT', 'COUNT', 'DETAIL'],
    [
      ['a', 'ok', 1, 'all is well here'],
      ['bb', 'failed', 20, ''],
    ],
    look,
  )
    .split('\n')
    .slice(0, -1);

describe('a table', () => {
  it('has columns as wide as they need to be, numbers to the right', () => {
    assert.deepEqual(show(PLAIN), [
      'ID  RESULT  COUNT  DETAIL',
      'a   ok          1  all is well here',
      'bb  failed     20',
    ]);
  });

  for (const width of [40, 34, 30, 20, 12, 3, 1]) {
    it(`fits into a terminal of ${width} columns`, () => {
      for (const line of show({ ...PLAIN, width }))
        assert.ok(line.length <= width, `${line.length}: ${line}`);
    });
  }

  it('wraps the last cell where there is room for it, and loses no word', () => {
    const text = renderTable(['CHECK', 'DETAIL'], [['a', 'one two three four five six seven']], {
      ...PLAIN,
      width: 30,
    });
    assert.equal(text, 'CHECK  DETAIL\na      one two three four five\n       six seven\n');
  });

  it('says by an ellipsis that something was cut', () => {
    assert.equal(show({ ...PLAIN, width: 30 })[1], 'a   ok          1  all is wel…');
  });

  it('is coloured without being another one', () => {
    const lines = show({ width: Infinity, colour: true });
    assert.ok(lines[2]?.includes('\u001b[31mfailed\u001b[39m'), lines[2]);
    assert.deepEqual(
      // oxlint-disable-next-line no-control-regex -- that is what colours are made of
      lines.map((line) => line.replaceAll(/\u001b\[\d+m/g, '').trimEnd()),
      show(PLAIN),
    );
  });
});
