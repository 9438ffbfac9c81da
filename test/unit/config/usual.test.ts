import assert from 'node:assert/strict';
import { DEFAULTS } from '../../../config/config.ts';
import { isUsualConfig } from '../../../config/rules.ts';
import { configSchema } from '../../../config/schema.ts';
import { SETTINGS } from '../../../config/settings.ts';

/** The defaults with one setting changed. */
function withSetting(path: string, value: unknown): Record<string, unknown> {
  const config: Record<string, unknown> = structuredClone(DEFAULTS);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let section = config;
  for (const key of keys) {
    const below = section[key];
    section = section[key] = typeof below === 'object' && below !== null ? { ...below } : {};
  }
  section[last] = value;
  return config;
}

const VALUES = [
  ...[
    '',
    ' ',
    ' x',
    'x y',
    'a:1',
    'host:7233',
    '[::1]:7233',
    'a:b:1',
    'us-east-1',
    'http://h:1/p',
    'https://',
  ],
  ...['info', 'loud', 'x'.repeat(24), 'x'.repeat(65), 'x'.repeat(256), 'A_b', 'tab\t'],
  ...[-1, 0, 0.05, 0.1, 0.5, 1, 2, 30, 29.5, 120, 121, 300, 301, 86_400, 86_401, Number.NaN, Infinity],
  ...[
    true,
    false,
    null,
    undefined,
    [],
    {},
    { min: 1 },
    { min: 2, max: 1 },
    { min: 1, max: 2 },
    { caFile: '/x' },
  ],
];

describe('settings that are taken without zod', () => {
  it('are taken by the schema for the same', () => {
    let taken = 0;
    for (const path of [
      ...Object.keys(SETTINGS),
      'temporal',
      'provider.aws',
      'request',
      'other',
      'provider.x',
    ]) {
      for (const value of VALUES) {
        const config = withSetting(path, value);
        if (!isUsualConfig(config)) continue;
        taken += 1;
        const parsed = configSchema.safeParse(config);
        assert.ok(parsed.success, `${path}: ${JSON.stringify(value)}`);
        assert.deepEqual(parsed.data, config);
      }
    }
    assert.ok(taken > 40, `${taken}`);
  });

  it('have all that must be set', () => {
    assert.ok(isUsualConfig(structuredClone(DEFAULTS)));
    assert.ok(!isUsualConfig({}));
    assert.ok(!isUsualConfig({ ...DEFAULTS, temporal: { address: 'a:1' } }));
  });
});
