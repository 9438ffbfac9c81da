import type { JsonObject } from './input/jsonFile.ts';
import { isObject } from '../domain/isObject.ts';
import { shortName, valueText } from './input/issues.ts';
import { isAllowed, isPrintable } from './settingRule.ts';
import { DEFAULTS, SETTINGS } from './settingsTable.ts';
import { didYouMean } from './input/suggest.ts';

/** One thing that is wrong with the settings. */
export interface Finding {
  readonly key: string;
  /** A sentence that names the key. */
  readonly message: string;
  readonly allowed?: string;
  /** The file or the variable that says so; missing where nothing does. */
  readonly origin?: string;
}

/** Everything that is wrong with settings merged over the defaults. */
export function invalidSettings(merged: JsonObject, originOf: (path: string) => string): readonly Finding[] {
  const wrong = [
    ...invalidIn(merged, ''),
    ...missingIn(merged),
    ...pollIntervalReversed(merged),
    ...unusableDomain(merged),
  ];
  return wrong.map((finding) => ({
    ...finding,
    origin: originOf(finding.key),
  }));
}

function invalidIn(section: JsonObject, prefix: string): Finding[] {
  return Object.entries(section).flatMap(([key, value]) => {
    const path = prefix + key;
    const rule = Object.hasOwn(SETTINGS, path) ? SETTINGS[path] : undefined;
    if (rule && isAllowed(rule, value)) return [];
    const children = childKeys(path);
    if (children.length > 0 && isObject(value)) return invalidIn(value, `${path}.`);
    if (rule === undefined && children.length === 0) return [unknownSetting(path)];
    const object = children.length > 0 ? `an object with ${children.join(', ')}` : undefined;
    const allowed = [rule?.allowed, object].filter((each) => each !== undefined).join(' or ');
    return [notAllowed(path, isPrintable(rule) ? valueText(value) : 'not usable', allowed)];
  });
}

/** Names of the settings and sections directly in a section. */
export function childKeys(section: string): readonly string[] {
  const prefix = section === '' ? '' : `${section}.`;
  const paths = Object.keys(SETTINGS).filter((path) => path.startsWith(prefix));
  return [...new Set(paths.map((path) => path.slice(prefix.length).split('.')[0] ?? ''))];
}

function unknownSetting(path: string): Finding {
  const hint = didYouMean(path, Object.keys(SETTINGS));
  return { key: path, message: `'${shortName(path)}' is not a setting.${hint}` };
}

const notAllowed = (key: string, actual: string, allowed: string): Finding => ({
  key,
  message: `${key} is ${actual}; allowed: ${allowed}.`,
  allowed,
});

/** A section that a file replaced by something else lacks its defaults; an optional one lacks what it requires. */
function missingIn(merged: JsonObject): Finding[] {
  return Object.entries(SETTINGS).flatMap(([path, { isRequired, allowed }]) => {
    const section = valueAt(merged, path.slice(0, path.lastIndexOf('.')));
    const mustBeSet = valueAt({ ...DEFAULTS }, path) !== undefined || (isRequired && section !== undefined);
    return mustBeSet && isAbsent(merged, path) ? [notAllowed(path, 'missing', allowed)] : [];
  });
}

/** False for a path through something that is no section: invalidIn reports that. */
function isAbsent(values: JsonObject, path: string): boolean {
  let at: unknown = values;
  for (const key of path.split('.')) {
    if (!isObject(at)) return false;
    if (!Object.hasOwn(at, key)) return true;
    at = at[key];
  }
  return false;
}

function pollIntervalReversed(merged: JsonObject): Finding[] {
  const key = 'provider.aws.pollSeconds';
  const value = valueAt(merged, key);
  if (!isObject(value) || !(Number(value['min']) > Number(value['max']))) return [];
  return [notAllowed(key, valueText(value), 'min not greater than max')];
}

function unusableDomain(merged: JsonObject): Finding[] {
  const key = 'provider.aws.hostDomain';
  const [domain, strategy] = [valueAt(merged, key), valueAt(merged, 'provider.aws.hostName')];
  if (domain === undefined || (strategy !== 'short' && strategy !== 'ip')) return [];
  return [notAllowed(key, valueText(domain), `none with hostName "${strategy}"`)];
}

export const valueAt = (values: JsonObject, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), values);

export const findingText = ({ origin, message }: Finding): string =>
  origin === undefined ? message : `${origin}: ${message}`;
