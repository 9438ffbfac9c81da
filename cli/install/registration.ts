import { isDeepStrictEqual } from 'node:util';
import { BusinessRuleError, ConfigurationError } from '../../domain/errors/errors.ts';
import {
  appendItem,
  appendMember,
  formatJsonFile,
  toValue,
  removeItem,
  type JsonArrayNode,
  type JsonObjectNode,
} from './jsonText.ts';
import { hasPlugins, type Layout, type Registrations } from './layout.ts';
import {
  entryName,
  parseRegistrationFile,
  stringMember,
  appendEntry,
  removeEntry,
  type RegistrationFile,
} from './registrationFile.ts';

/** The texts of the registration files; undefined for a missing file. */
export type RegistrationTexts = Registrations<string | undefined>;

/** The requestors of a new Host Factory installation. */
const DEFAULT_REQUESTORS: readonly string[] = ['symAinst', 'admin'];

/**
 * Adds plugin and provider, and the provider to the requestors. Existing entries stay.
 * @param requestors those that may request hosts from the provider; undefined: those of a new installation
 * @throws ConfigurationError when a file is damaged, BusinessRuleError when a name is taken
 */
export function register(
  texts: RegistrationTexts,
  layout: Layout,
  requestors: readonly string[] | undefined,
): RegistrationTexts {
  const { registrations } = layout;
  // All are parsed before the first changes, so that a damaged file prevents every change.
  const files = {
    plugins: parseRegistrationFile(texts.plugins, registrations.plugins, 'providerplugins'),
    providers: parseRegistrationFile(texts.providers, registrations.providers, 'providers'),
    requestors: parseRegistrationFile(texts.requestors, registrations.requestors, 'requestors'),
  };
  if (!hasPlugins(layout) && isUsedByOtherProvider(files.providers, layout)) {
    throw new BusinessRuleError(
      `The scripts of plugin '${layout.plugin}' belong to another provider, and Host Factory 1.1 does not pass ` +
        "the provider's name to them. Choose another --plugin, or none.",
    );
  }
  return {
    plugins: hasPlugins(layout) ? addEntry(files.plugins, pluginEntry(layout)) : texts.plugins,
    providers: addEntry(files.providers, providerEntry(layout)),
    requestors: addToRequestors(files.requestors, layout.provider, requestors),
  };
}

/**
 * Removes what `register` adds, the plugin with the last provider that uses it.
 * @throws ConfigurationError when a file is damaged, BusinessRuleError when the provider of that name uses another plugin
 */
export function unregister(texts: RegistrationTexts, layout: Layout): RegistrationTexts {
  const { registrations, provider, plugin } = layout;
  const plugins = parseRegistrationFile(texts.plugins, registrations.plugins, 'providerplugins');
  const providers = parseRegistrationFile(texts.providers, registrations.providers, 'providers');
  const requestors = parseRegistrationFile(texts.requestors, registrations.requestors, 'requestors');
  const registered = providers.entries.find((entry) => entryName(entry) === provider);
  if (registered && !usesPlugin(registered, plugin)) {
    throw new BusinessRuleError(
      `'${provider}' in ${registrations.providers} does not use plugin '${plugin}': ` +
        `${JSON.stringify(identifyingFields(registered))}. Nothing was changed. If it is yours, name its --plugin.`,
    );
  }
  const hasOurPlugin = plugins.entries.some((entry) =>
    isDeepStrictEqual(identifyingFields(entry), identifyingFields(pluginEntry(layout))),
  );
  return {
    plugins:
      isUsedByOtherProvider(providers, layout) || !hasOurPlugin
        ? texts.plugins
        : removeEntry(plugins, plugin),
    providers: removeEntry(providers, provider),
    requestors: removeFromRequestors(requestors, provider),
  };
}

/** Whether another provider instance uses the plugin's scripts. @throws ConfigurationError */
export const isPluginShared = (providersText: string | undefined, layout: Layout): boolean =>
  isUsedByOtherProvider(
    parseRegistrationFile(providersText, layout.registrations.providers, 'providers'),
    layout,
  );

const isUsedByOtherProvider = ({ entries }: RegistrationFile, { plugin, provider }: Layout): boolean =>
  entries.some((entry) => entryName(entry) !== provider && usesPlugin(entry, plugin));

/** In the form of Host Factory 1.2, or of 1.1. */
const usesPlugin = (entry: JsonObjectNode, plugin: string): boolean =>
  stringMember(entry, 'plugin') === plugin || stringMember(entry, 'scriptPath') === scriptPath(plugin);

const pluginEntry = ({ plugin }: Layout): Entry => ({
  name: plugin,
  enabled: 1,
  scriptPath: scriptPath(plugin),
});

const providerEntry = (layout: Layout): Entry => ({
  name: layout.provider,
  enabled: 1,
  ...(hasPlugins(layout) ? { plugin: layout.plugin } : { scriptPath: scriptPath(layout.plugin) }),
  confPath: `\${HF_CONFDIR}/providers/${layout.provider}/`,
  workPath: `\${HF_WORKDIR}/providers/${layout.provider}/`,
  logPath: '${HF_LOGDIR}/',
});

const scriptPath = (plugin: string): string => `\${HF_TOP}/\${HF_VERSION}/providerplugins/${plugin}/scripts/`;

/** Those of a new installation: the demand of SymA applications, and an administrator's manual requests. */
const newRequestors = (provider: string): readonly Entry[] => [
  {
    name: 'symAinst',
    enabled: 1,
    plugin: 'symA',
    confPath: '${HF_CONFDIR}/requestors/symAinst/',
    workPath: '${HF_WORKDIR}/requestors/symAinst/',
    logPath: '${HF_LOGDIR}/',
    providers: [provider],
    requestMode: 'POLL',
    resourceRequestParameters: {
      hostSelectionPolicy: 'rank',
      typicalHostRetentionTimeMinutes: 60,
      fulfillmentType: 'partial',
    },
  },
  { name: 'admin', enabled: 1, providers: [provider], requestMode: 'REST_MANUAL' },
];

type Entry = Readonly<Record<string, unknown>> & { readonly name: string };

function addEntry(file: RegistrationFile, entry: Entry): string {
  const present = file.entries.find((each) => entryName(each) === entry.name);
  if (!present) return appendEntry(file, entry);
  const [existing, expected] = [identifyingFields(present), identifyingFields(entry)];
  if (file.text !== undefined && isDeepStrictEqual(existing, expected)) return file.text;
  throw new BusinessRuleError(
    `${file.path} has another '${entry.name}' already: ${JSON.stringify(existing)} instead of ${JSON.stringify(expected)}. ` +
      'Choose another name (--provider, --plugin), or remove that entry first.',
  );
}

/** The fields that identify an entry; the site may change the others, such as `enabled`. */
function identifyingFields(entry: JsonObjectNode | Entry): object {
  const fields = 'kind' in entry ? (toValue(entry as JsonObjectNode) as Entry) : entry;
  const keys = ['plugin', 'scriptPath', 'confPath', 'workPath'].filter((key) => key in fields);
  return Object.fromEntries(keys.map((key) => [key, String(fields[key]).replace(/\/$/, '')]));
}

function addToRequestors(
  file: RegistrationFile,
  provider: string,
  requested: readonly string[] | undefined,
): string {
  if (file.text === undefined) {
    return formatJsonFile({ version: 2, requestors: newRequestors(provider) });
  }
  const names = file.entries.map(entryName);
  const unknown = (requested ?? []).find((name) => !names.includes(name));
  const selected = names.filter((name) => (requested ?? DEFAULT_REQUESTORS).includes(name ?? ''));
  if (unknown !== undefined || selected.length === 0) {
    throw new BusinessRuleError(
      `${file.path} has no requestor '${unknown ?? DEFAULT_REQUESTORS.join("' or '")}'. ` +
        `Name the requestors that may request hosts with --requestor: ${names.join(', ') || 'there are none'}.`,
    );
  }
  let content = file.text;
  for (const name of selected)
    content = editRequestor({ ...file, text: content }, name, provider, addProvider);
  return content;
}

function removeFromRequestors(file: RegistrationFile, provider: string): string | undefined {
  let content = file.text;
  if (content === undefined) return undefined;
  for (const entry of file.entries) {
    content = editRequestor({ ...file, text: content }, entryName(entry), provider, removeProvider);
  }
  return content;
}

type Edit = (content: string, requestor: JsonObjectNode, provider: string) => string;

/** An edit moves the offsets after it, so every edit parses the text again. */
function editRequestor(
  { path, key, text: before }: RegistrationFile,
  name: string | undefined,
  provider: string,
  edit: Edit,
) {
  const content = before ?? '';
  const entry = parseRegistrationFile(content, path, key).entries.find((each) => entryName(each) === name);
  return entry ? edit(content, entry, provider) : content;
}

const addProvider: Edit = (content, requestor, provider) => {
  const list = requestor.members.get('providers');
  if (list === undefined) return appendMember(content, requestor, 'providers', [provider]);
  if (list.kind !== 'array') {
    throw new ConfigurationError(`Requestor '${entryName(requestor)}': "providers" is not a list.`);
  }
  return arrayValues(list).includes(provider) ? content : appendItem(content, list, provider);
};

const removeProvider: Edit = (content, requestor, provider) => {
  const list = requestor.members.get('providers');
  if (list?.kind !== 'array') return content;
  const index = arrayValues(list).indexOf(provider);
  return index < 0 ? content : removeItem(content, list, index);
};

const arrayValues = (list: JsonArrayNode): readonly unknown[] => list.items.map(toValue);
