import * as z from 'zod';
import { markdownTable } from './markdown-table.mjs';

/**
 * Every setting of the schema, in its order.
 * @returns {{ path: string, rule: object, description: string, defaultText?: string, default?: unknown }[]}
 */
export function settingsOf(schema, path = '', about = { isRequired: true }) {
  const { def } = schema;
  const meta = { ...about, ...z.globalRegistry.get(schema) };
  switch (def.type) {
    case 'optional':
    case 'prefault':
      return settingsOf(def.innerType, path, { ...meta, isRequired: false });
    case 'default':
      return settingsOf(def.innerType, path, { ...meta, isRequired: false, default: def.defaultValue });
    case 'union':
      return def.options.flatMap((option) =>
        settingsOf(option, path, { ...z.globalRegistry.get(option), ...meta }),
      );
    case 'object':
      return Object.entries(def.shape).flatMap(([key, inner]) =>
        settingsOf(inner, path === '' ? key : `${path}.${key}`),
      );
    default:
      return [settingOf(schema, path, meta)];
  }
}

function settingOf(
  schema,
  path,
  { description, defaultText, unit: _, default: byDefault, isRequired, ...meta },
) {
  const { type, minimum, maximum, pattern, enum: values } = z.toJSONSchema(schema);
  return {
    path,
    rule: {
      type,
      ...(minimum === undefined ? {} : { minimum, maximum }),
      ...(pattern ? { pattern: new RegExp(pattern) } : {}),
      ...(values ? { enum: values } : {}),
      ...meta,
      ...(isRequired ? { isRequired } : {}),
    },
    description,
    defaultText,
    default: byDefault,
  };
}

/** config/settingsTable.ts: what the schema says, for the checks at run time, which load no zod. */
export function settingsModule(schema) {
  const rules = settingsOf(schema).map(({ path, rule }) => `  '${path}': ${literal(rule)},\n`);
  return `// Written by \`npm run docs\` from schema.ts, which is where a setting is changed.
import type { Config, SettingPath } from './config.ts';
import type { SettingRule } from './settingRule.ts';

export const SETTINGS: Readonly<Record<SettingPath, SettingRule>> & Readonly<Record<string, SettingRule>> = {
${rules.join('')}};

/** The embedded setup on one machine. */
export const DEFAULTS: Config = ${JSON.stringify(schema.parse({}), null, 2)};
`;
}

const literal = (rule) =>
  `{ ${Object.entries(rule)
    .map(([key, value]) => `${key}: ${value instanceof RegExp ? String(value) : JSON.stringify(value)}`)
    .join(', ')} }`;

/** The tables of docs/configuration.md. */
export const settingsTables = (schema) => ({
  settings: markdownTable(
    ['setting', 'value', 'default', 'meaning'],
    settingsOf(schema).map(({ path, rule, description, ...defaults }) => [
      `\`${path}\``,
      shortValue(rule),
      defaultOf(rule, defaults),
      description + variablesOf(rule),
    ]),
  ),
});

/** How each key of IBM's provider configuration is handled. */
export const ibmTables = ({ MAPPED_KEYS, PROXY_KEYS, IGNORED_KEYS }, { IBM_LOG_KEYS }) => ({
  ibm: markdownTable(
    ['key', 'value', 'here'],
    [
      ...Object.entries(MAPPED_KEYS).map(([key, { setting, rule }]) => [
        `\`${key}\``,
        shortValue(rule),
        `\`${setting}\``,
      ]),
      [`\`${PROXY_KEYS.host.key}\`, \`${PROXY_KEYS.port.key}\``, 'a host; a port', '`provider.aws.proxy`'],
      ...Object.entries(IBM_LOG_KEYS).map(([key, { setting, allowed }]) => [
        `\`${key}\``,
        allowed,
        `\`logging.${setting}\``,
      ]),
      ...Object.entries(IGNORED_KEYS).map(([key, reason]) => [`\`${key}\``, '', `no effect: ${reason}`]),
    ],
  ),
});

const shortValue = ({ allowed }) => allowed.replace(/(, e\.g\.|:) .*/, '');

function defaultOf({ isRequired }, { default: byDefault, defaultText }) {
  if (byDefault !== undefined) return `\`${byDefault}\``;
  return defaultText ?? (isRequired ? 'mandatory' : 'none');
}

const variablesOf = ({ env = [] }) =>
  env.length === 0 ? '' : `; also ${env.map((name) => `\`${name}\``).join(', ')}`;

/** A JSON Schema of config.json for editors. What may be in no file, or only ohf can check, is not in it. */
export function configSchema(schema) {
  const { $schema, properties, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return {
    $schema,
    title: 'config.json of open-host-factory',
    ...rest,
    properties: { $schema: { type: 'string' }, ...mapValues(properties, forEditors) },
  };
}

function forEditors({
  description,
  allowed,
  unit: _,
  defaultText: __,
  env: ___,
  isMasked: ____,
  format: _____,
  ...node
}) {
  const { properties, anyOf, default: byDefault } = node;
  const visible = Object.entries(properties ?? {}).filter(([, { isSecret }]) => !isSecret);
  const text = [description?.replaceAll('`', ''), allowed].filter(Boolean).join('; ');
  return {
    ...node,
    ...(text === '' ? {} : { description: text }),
    ...(properties ? { properties: mapValues(Object.fromEntries(visible), forEditors) } : {}),
    ...(anyOf ? { anyOf: anyOf.map(forEditors) } : {}),
    // The default of a section is that of its settings.
    ...(typeof byDefault === 'object' ? { default: undefined } : {}),
  };
}

const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
