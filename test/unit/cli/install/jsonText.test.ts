import assert from 'node:assert/strict';
import {
  appendItem,
  appendMember,
  parseJsonText,
  toValue,
  removeItem,
  type JsonArrayNode,
  type JsonObjectNode,
} from '../../../../cli/install/jsonText.ts';

const objectOf = (text: string): JsonObjectNode => {
  const root = parseJsonText(text);
  assert.ok(root.kind === 'object');
  return root;
};
const listOf = (text: string): JsonArrayNode => {
  const list = objectOf(text).members.get('list');
  assert.ok(list?.kind === 'array');
  return list;
};

describe('an edit of a JSON file', () => {
  const layouts: [name: string, text: string][] = [
    ['one line', '{"list":[1, 2],"x":"]"}'],
    ['one item a line', '{\n  "list": [\n    1,\n    2\n  ]\n}\n'],
    ['tabs and Windows line ends', '{\r\n\t"list": [\r\n\t\t{"a": [1]},\r\n\t\t{}\r\n\t]\r\n}'],
    ['items that begin on the line of the bracket', '{ "list": [ {"a": 1},\n            {"a": 2} ] }'],
    ['a byte order mark and escapes', '\uFEFF{"a\\"[":"\\u005d","list":["x"]}'],
    ['an empty list', '{"list": [ ]}'],
  ];
  for (const [name, text] of layouts) {
    for (const item of ['new', { name: 'new', deep: { list: [] } }]) {
      it(`${typeof item === 'string' ? 'a text' : 'an object'} is appended and removed again: ${name}`, () => {
        const items = toValue(listOf(text)) as unknown[];
        const added = appendItem(text, listOf(text), item);
        assert.deepEqual(toValue(listOf(added)), [...items, item]);
        const removed = removeItem(added, listOf(added), items.length);
        // An empty list may change its inner space; nothing else does.
        if (items.length > 0 || typeof item === 'string') assert.equal(removed, text);
        else assert.deepEqual(toValue(objectOf(removed)), toValue(objectOf(text)));
      });
    }
  }

  it('the first item of several and the only item can be removed', () => {
    const several = '{"list": [1, 2, 3]}';
    assert.equal(removeItem(several, listOf(several), 0), '{"list": [2, 3]}');
    const only = '{"list": [\n  1\n]}';
    assert.equal(removeItem(only, listOf(only), 0), '{"list": []}');
  });

  it('a member is appended to an empty and to a filled object', () => {
    for (const text of ['{}', '{"a": 1}', '{\n\t"a": {\n\t\t"b": []\n\t}\n}']) {
      const added = appendMember(text, objectOf(text), 'new', ['x']);
      assert.deepEqual(toValue(objectOf(added)), { ...(toValue(objectOf(text)) as object), new: ['x'] });
    }
  });

  const damaged: [text: string, message: RegExp][] = [
    ['', /^line 1, column 1: a value is expected, the end of the file found$/],
    ['{"a": 1,\n  "b" 2}', /^line 2, column 7: ":" is expected, "2" found$/],
    ['{"a": [1, 2}', /^line 1, column 12: "," or "\]" is expected/],
    ['{"a": 01}', /^line 1, column 8: "," or "}" is expected/],
    ['{"a": "x\ny"}', /^line 1, column 7: a value is expected/],
    ['{"a": 1, "a": 2}', /^line 1, column 13: the key "a" occurs twice/],
    ['{} {}', /^line 1, column 4: the end of the file is expected/],
  ];
  for (const [text, message] of damaged) {
    it(`an error about ${JSON.stringify(text)} names the position`, () => {
      assert.throws(() => parseJsonText(text), { message });
    });
  }
});
