import * as fc from 'fast-check';

/** Texts that have broken programs before, and any others. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\n',
    '\r\n',
    '\0',
    '\ud800',
    '__proto__',
    'constructor',
    'toString',
    '../../../../etc/passwd',
    '$(touch /tmp/owned)',
    '`id`',
    "'; drop table hosts; --",
    '<a>&amp;]]></a>',
    '%s%n',
    '-0',
    '1e999',
    '９',
    'i-0123456789abcdef0',
  ),
);

/** A number of each kind that JSON can say. */
export const number: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -1, 1, 10_000, 10_001, 1e308, Number.MAX_SAFE_INTEGER + 1),
);

const leaf = fc.oneof(text, number, fc.boolean(), fc.constant(null));

/** Any JSON value, with keys that collide with what objects inherit. */
export const json: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  { weight: 2, arbitrary: fc.array(leaf, { maxLength: 4 }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(text, leaf, { maxKeys: 4, noNullPrototype: true }) },
);

interface Deep {
  readonly levels: number;
  readonly isList: boolean;
}

/** Far more levels than any program's own stack has. */
export const deep: fc.Arbitrary<Deep> = fc.record({
  levels: fc.integer({ min: 1, max: 60_000 }),
  isList: fc.boolean(),
});

export const nested = ({ levels, isList }: Deep): string =>
  isList ? '['.repeat(levels) + ']'.repeat(levels) : '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

/** The text of an object's JSON with one member's value replaced, also by what JSON.stringify cannot write. */
export const textWith = (object: object, key: string, valueJson: string): string =>
  JSON.stringify({ ...object, [key]: null }).replace(
    `${JSON.stringify(key)}:null`,
    () => `${JSON.stringify(key)}:${valueJson}`,
  );

/** An object of which one to three members are missing, wrong or new. */
export const damaged = (whole: fc.Arbitrary<object>): fc.Arbitrary<Record<string, unknown>> =>
  whole.chain((object) => {
    const keys = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('newKey', ...Object.keys(object)) },
      { weight: 1, arbitrary: text },
    );
    const change = fc.tuple(keys, fc.oneof(json, fc.constant(undefined)));
    return fc
      .array(change, { minLength: 1, maxLength: 3 })
      .map((changes) => Object.fromEntries([...Object.entries(object), ...changes]));
  });
