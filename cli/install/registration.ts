import { isDeepStrictEqual } from 'node:util';
import { BusinessRuleError, ConfigurationError } from '../../domain/errors/errors.ts';
import {
  appendItem,
  appendMember,
  jsonFileText,
  plain,
  removeItem,
  type JsonArray,
  type JsonMap,
} from './jsonText.ts';
import { hasPlugins, type Layout, type Registrations } from './layout.ts';
import { nameOf, readList, textOf, withItem, withoutEntry, type ListFile } from './registrationFile.ts';

/** The texts of the registration files; undefined where there is no such file. */
export type RegistrationTexts = Registrations<string | undefined>;

/** Requestors that Host Factory itself comes with. */
const OWN_REQUESTORS: readonly string[] = ['symAinst', 'admin'];

/**
 * Adds plugin and provider, and the provider to the requestors; what is there already stays as it is.
 * @param requestors who may ask the provider for hosts; undefined: those that Host Factory comes with
 * @throws ConfigurationError when a file is damaged, BusinessRuleError when a name is taken
 */
export function register(
  texts: RegistrationTexts,
  layout: Layout,
  requestors: readonly string[] | undefined,
): RegistrationTexts {
  const { registrations } = layout;
  // Each is read before the first is changed: a damaged one stops all.
  const files = {
    plugins: readList(texts.plugins, registrations.plugins, 'providerplugins'),
    providers: readList(texts.providers, registrations.providers, 'providers'),
    requestors: readList(texts.requestors, registrations.requestors, 'requestors'),
  };
  if (!hasPlugins(layout) && hasOtherUser(files.providers, layout)) {
    throw new BusinessRuleError(
      `The scripts of plugin '${layout.plugin}' belong to another provider, and Host Factory 1.1 does not tell them which ` +
        'one it means. Choose another --plugin, or none.',
    );
  }
  return {
    plugins: hasPlugins(layout) ? withEntry(files.plugins, pluginEntry(layout)) : texts.plugins,
    providers: withEntry(files.providers, providerEntry(layout)),
    requestors: withRequestors(files.requestors, layout.provider, requestors),
  };
}

/**
 * The reverse; the plugin goes with the last provider that uses it.
 * @throws ConfigurationError when a file is damaged, BusinessRuleError when the provider of that name uses another plugin
 */
export function unregister(texts: RegistrationTexts, layout: Layout): RegistrationTexts {
  const { registrations, provider, plugin } = layout;
  const plugins = readList(texts.plugins, registrations.plugins, 'providerplugins');
  const providers = readList(texts.providers, registrations.providers, 'providers');
  const requestors = readList(texts.requestors, registrations.requestors, 'requestors');
  const registered = providers.entries.find((entry) => nameOf(entry) === provider);
  if (registered && !usesPlugin(registered, plugin)) {
    throw new BusinessRuleError(
      `'${provider}' in ${registrations.providers} does not use plugin '${plugin}': ` +
        `${JSON.stringify(known(registered))}. Nothing was changed. If it is yours, name its --plugin.`,
    );
  }
  const hasOurPlugin = plugins.entries.some((entry) =>
    isDeepStrictEqual(known(entry), known(pluginEntry(layout))),
  );
  return {
    plugins: hasOtherUser(providers, layout) || !hasOurPlugin ? texts.plugins : withoutEntry(plugins, plugin),
    providers: withoutEntry(providers, provider),
    requestors: withoutProvider(requestors, provider),
  };
}

/** Whether another provider instance uses the plugin's scripts. @throws ConfigurationError */
export const isPluginShared = (providersText: string | undefined, layout: Layout): boolean =>
  hasOtherUser(readList(providersText, layout.registrations.providers, 'providers'), layout);

const hasOtherUser = ({ entries }: ListFile, { plugin, provider }: Layout): boolean =>
  entries.some((entry) => nameOf(entry) !== provider && usesPlugin(entry, plugin));

/** In Host Factory's form of 1.2, or of 1.1. */
const usesPlugin = (entry: JsonMap, plugin: string): boolean =>
  textOf(entry, 'plugin') === plugin || textOf(entry, 'scriptPath') === scriptPath(plugin);

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

/** As Host Factory is delivered: demand of SymA applications, and an administrator's by hand. */
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

function withEntry(file: ListFile, entry: Entry): string {
  const present = file.entries.find((each) => nameOf(each) === entry.name);
  if (!present) return withItem(file, entry);
  const [has, wanted] = [known(present), known(entry)];
  if (file.text !== undefined && isDeepStrictEqual(has, wanted)) return file.text;
  throw new BusinessRuleError(
    `${file.path} has another '${entry.name}' already: ${JSON.stringify(has)} instead of ${JSON.stringify(wanted)}. ` +
      'Choose another name (--provider, --plugin), or take that entry out first.',
  );
}

/** What makes an entry ours; the rest, such as `enabled`, is the site's to change. */
function known(entry: JsonMap | Entry): object {
  const all = 'kind' in entry ? (plain(entry as JsonMap) as Entry) : entry;
  const keys = ['plugin', 'scriptPath', 'confPath', 'workPath'].filter((key) => key in all);
  return Object.fromEntries(keys.map((key) => [key, String(all[key]).replace(/\/$/, '')]));
}

function withRequestors(file: ListFile, provider: string, wanted: readonly string[] | undefined): string {
  if (file.text === undefined) {
    return jsonFileText({ version: 2, requestors: newRequestors(provider) });
  }
  const names = file.entries.map(nameOf);
  const unknown = (wanted ?? []).find((name) => !names.includes(name));
  const chosen = names.filter((name) => (wanted ?? OWN_REQUESTORS).includes(name ?? ''));
  if (unknown !== undefined || chosen.length === 0) {
    throw new BusinessRuleError(
      `${file.path} has no requestor '${unknown ?? OWN_REQUESTORS.join("' or '")}'. ` +
        `Name those that may ask for hosts with --requestor: ${names.join(', ') || 'there are none'}.`,
    );
  }
  let content = file.text;
  for (const name of chosen) content = editRequestor({ ...file, text: content }, name, provider, addProvider);
  return content;
}

function withoutProvider(file: ListFile, provider: string): string | undefined {
  let content = file.text;
  if (content === undefined) return undefined;
  for (const entry of file.entries) {
    content = editRequestor({ ...file, text: content }, nameOf(entry), provider, dropProvider);
  }
  return content;
}

type Edit = (content: string, requestor: JsonMap, provider: string) => string;

/** Places move with each edit, so the requestor is looked up anew. */
function editRequestor(
  { path, key, text: before }: ListFile,
  name: string | undefined,
  provider: string,
  edit: Edit,
) {
  const content = before ?? '';
  const entry = readList(content, path, key).entries.find((each) => nameOf(each) === name);
  return entry ? edit(content, entry, provider) : content;
}

const addProvider: Edit = (content, requestor, provider) => {
  const list = requestor.members.get('providers');
  if (list === undefined) return appendMember(content, requestor, 'providers', [provider]);
  if (list.kind !== 'array') {
    throw new ConfigurationError(`Requestor '${nameOf(requestor)}': "providers" is no list.`);
  }
  return plainTexts(list).includes(provider) ? content : appendItem(content, list, provider);
};

const dropProvider: Edit = (content, requestor, provider) => {
  const list = requestor.members.get('providers');
  if (list?.kind !== 'array') return content;
  const index = plainTexts(list).indexOf(provider);
  return index < 0 ? content : removeItem(content, list, index);
};

const plainTexts = (list: JsonArray): readonly unknown[] => list.items.map(plain);
