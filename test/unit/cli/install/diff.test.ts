import assert from 'node:assert/strict';
import { unifiedDiff } from '../../../../cli/install/diff.ts';

describe('a unified diff', () => {
  it('a diff shows each change with three lines of context', () => {
    const before = '1\n2\n3\n4\n5\n6\n7\n8\n9\n';
    const after = before.replace('5', 'five');
    const hunk = '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n';
    assert.equal(unifiedDiff('/conf/a.json', before, after), `--- /conf/a.json\n+++ /conf/a.json\n${hunk}`);
  });

  it('a diff names /dev/null for a file that is created or deleted', () => {
    assert.equal(unifiedDiff('/a', '', '{}\n'), '--- /dev/null\n+++ /a\n@@ -0,0 +1,1 @@\n+{}\n');
    assert.equal(unifiedDiff('/a', '{}\n', ''), '--- /a\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-{}\n');
  });

  it('a diff shows that the last line loses its line break', () => {
    assert.match(unifiedDiff('/a', '{}\n', '{}'), /^-\{\}\n\+\{\}\n\\ No newline at end of file$/m);
  });

  it('the diff of equal texts is empty', () => {
    assert.equal(unifiedDiff('/a', '{}\n', '{}\n'), '');
  });
});
