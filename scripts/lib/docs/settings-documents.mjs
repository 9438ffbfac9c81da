import { markdownTable } from './markdown-table.mjs';

/** The tables of docs/configuration.md. */
export const settingsTables = ({ SETTINGS }) => ({
  settings: markdownTable(
    ['setting', 'value', 'default', 'meaning'],
    Object.entries(SETTINGS).map(([path, setting]) => [
      `\`${path}\``,
      valueOf(setting),
      defaultOf(setting),
      setting.meaning + variablesOf(setting),
    ]),
  ),
});

/** What becomes of each key of IBM's provider configuration. */
export const ibmTables = ({ MAPPED_KEYS, PROXY_KEYS, IGNORED_KEYS }, { IBM_LOG_KEYS }) => ({
  ibm: markdownTable(
    ['key', 'value', 'here'],
    [
      ...Object.entries(MAPPED_KEYS).map(([key, { setting, kind }]) => [
        `\`${key}\``,
        valueOf({ kind }),
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

const valueOf = ({ kind }) => kind.allowed.replace(/(, e\.g\.|:) .*/, '');

function defaultOf({ default: usual, otherwise, required }) {
  if (usual !== undefined) return `\`${usual}\``;
  return otherwise ?? (required ? 'mandatory' : 'none');
}

const variablesOf = ({ env = [] }) =>
  env.length === 0 ? '' : `; also ${env.map((name) => `\`${name}\``).join(', ')}`;

/** A JSON Schema of config.json for editors. What stands in no file, or only ohf can tell, is not in it. */
export function configSchema({ SETTINGS }) {
  const top = section();
  for (const [path, setting] of Object.entries(SETTINGS)) {
    if (setting.secret) continue;
    const keys = path.split('.');
    const last = keys.pop();
    let at = top;
    for (const key of keys) at = sectionIn(at, key);
    const { kind, meaning, default: usual, required } = setting;
    const description = `${meaning.replaceAll('`', '')}; ${kind.allowed}`;
    at.properties[last] = { ...kind.json, description, ...(usual === undefined ? {} : { default: usual }) };
    if (required) at.required = [...(at.required ?? []), last];
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'config.json of open-host-factory',
    ...top,
    properties: { $schema: { type: 'string' }, ...top.properties },
  };
}

const section = () => ({ type: 'object', additionalProperties: false, properties: {} });

/** The section of that name; beside the plain value where it may be either. */
function sectionIn(at, key) {
  const there = at.properties[key];
  if (there?.properties) return there;
  if (there?.anyOf) return there.anyOf[1];
  const made = section();
  if (there === undefined) at.properties[key] = made;
  else {
    const { description, ...plain } = there;
    at.properties[key] = { description, anyOf: [plain, made] };
  }
  return made;
}
