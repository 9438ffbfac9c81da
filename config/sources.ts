import { readPropagatedLogging } from './hostFactory/hfLogging.ts';
import type { JsonObject } from './input/jsonFile.ts';
import { isObject } from '../domain/isObject.ts';
import { parseText, variableOf } from './settingRule.ts';
import { SETTINGS } from './settingsTable.ts';
import { didYouMean } from './input/suggest.ts';
import { childKeys, valueAt, type Finding } from './validate.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings merged so far, and where each came from, for messages. */
export interface Merged {
  readonly values: Record<string, unknown>;
  readonly origins: Map<string, string>;
}

export const emptyMerge = (): Merged => ({ values: {}, origins: new Map() });

/** Lays a source over what is there: it wins key by key, not section by section. */
export function mergeSource(merged: Merged, source: JsonObject, origin: string): void {
  overlay(merged.values, source, '');

  function overlay(target: Record<string, unknown>, from: JsonObject, prefix: string): void {
    for (const [key, value] of Object.entries(from)) {
      const path = prefix + key;
      merged.origins.set(path, origin);
      const existing = Object.hasOwn(target, key) ? target[key] : undefined;
      setOwnProperty(
        target,
        key,
        isObject(value) ? merge(isObject(existing) ? { ...existing } : {}, value, `${path}.`) : value,
      );
    }
  }
  function merge(target: Record<string, unknown>, from: JsonObject, prefix: string): unknown {
    overlay(target, from, prefix);
    return target;
  }
}

/** Assigning to `__proto__` would lay values over the rest that nothing checks. */
function setOwnProperty(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Lays what the environment sets over the rest; names that look like a mistyped setting go to `notes` */
export function mergeEnvironment(merged: Merged, env: Environment, notes: string[]): void {
  for (const [path, rule] of Object.entries(SETTINGS)) {
    const name = [variableOf(path), ...(rule.env ?? [])].find((candidate) => (env[candidate] ?? '') !== '');
    if (name === undefined) continue;
    const value = parseText(rule, env[name] ?? '');
    // "TLS: yes" from outside must not drop the certificates that a file names.
    if (path === 'temporal.tls' && value === true && hasTlsFiles(merged)) continue;
    mergeSource(merged, nestedObject(path, value), name);
  }
  if (valueAt(merged.values, 'logging.acceptPropagated') !== false) {
    for (const { variable, values } of readPropagatedLogging(env, notes))
      mergeSource(merged, values, variable);
  }
  const known = Object.keys(SETTINGS).map(variableOf);
  const sections = childKeys('').map((section) => `${variableOf(section)}_`);
  for (const name of Object.keys(env)) {
    const looksLikeSetting = sections.some((section) => name.startsWith(section));
    if (looksLikeSetting && !isKnownVariable(name, known)) {
      notes.push(`${name} is not a setting and is ignored.${didYouMean(name, known)}`);
    }
  }
}

const hasTlsFiles = ({ values }: Merged): boolean => isObject(valueAt(values, 'temporal.tls'));

/** The path to the Temporal CLI belongs to the embedded set-up, not to the settings. */
const isKnownVariable = (name: string, known: readonly string[]): boolean =>
  known.includes(name) || name === 'OHF_TEMPORAL_CLI';

/** Secrets that stand in a file. */
export function secretsIn(file: JsonObject, origin: string): readonly Finding[] {
  return Object.entries(SETTINGS).flatMap(([key, { isSecret, env = [] }]) => {
    if (isSecret !== true || valueAt(file, key) === undefined) return [];
    const variable = env[0] ?? variableOf(key);
    const message = `${key} may not stand in a file. Set the environment variable ${variable} instead.`;
    return [{ key, message, origin }];
  });
}

/** `a.b` and 1 -> `{a: {b: 1}}` */
export function nestedObject(path: string, value: unknown): JsonObject {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as JsonObject;
}
