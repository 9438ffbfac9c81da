import { ConfigurationError } from '../domain/errors/errors.ts';
import type { Config } from './config.ts';
import type { JsonObject } from './input/jsonFile.ts';
import { DEFAULTS } from './settings.ts';
import { emptyMerge, layEnvironmentOver, layOver, secretsIn, type Environment } from './sources.ts';
import { sentenceOf, valueAt, wrongSettings, type Finding } from './validate.ts';

/** A source below the environment; the later one in a list wins. */
export interface ConfigSource {
  readonly origin: string;
  readonly values: JsonObject;
  /** What is wrong with it in words of its own. */
  readonly findings?: readonly Finding[];
}

/** Who reads the settings: each needs what the other may leave out. */
export type Role = 'worker' | 'cli';

/** What is set, right or wrong. */
export interface Gathered {
  readonly values: JsonObject;
  /** The file or variable that a value comes from; `defaults` when nothing sets it. */
  readonly originOf: (path: string) => string;
  readonly findings: readonly Finding[];
  /** What is set and is ignored, in sentences. */
  readonly notes: readonly string[];
}

export const DEFAULT_ORIGIN = 'defaults';

/** environment > files > defaults. */
export function gatherConfig(
  sources: readonly ConfigSource[],
  env: Environment,
  notes: string[],
  role: Role,
): Gathered {
  const merged = emptyMerge();
  layOver(merged, { ...DEFAULTS }, DEFAULT_ORIGIN);
  const findings: Finding[] = [];
  for (const { origin, values, findings: wrong = [] } of sources) {
    findings.push(...wrong, ...secretsIn(values, origin));
    // By this an editor finds our JSON Schema.
    const { $schema: _, ...settings } = values;
    layOver(merged, settings, origin);
  }
  layEnvironmentOver(merged, env, notes);
  const { values } = merged;
  const origin = (path: string): string => originOf(merged.origins, path);
  findings.push(...wrongSettings(values, origin));
  const isSet = (path: string): boolean => origin(path) !== DEFAULT_ORIGIN;
  // What is real AWS can only be told from settings that are right.
  if (findings.length === 0) findings.push(...missingNames(values, isSet, role));
  return { values, originOf: origin, findings, notes };
}

/** @throws ConfigurationError that names the file or variable, the key, the value and what is allowed, for each */
export function configOf({ values, findings }: Gathered): Config {
  if (findings.length > 0) throw new ConfigurationError(findings.map(sentenceOf).join(' '));
  return values as unknown as Config;
}

/** A key that is missing or unknown stands where its section stands. */
function originOf(origins: ReadonlyMap<string, string>, path: string): string {
  let at = path;
  while (at !== '' && !origins.has(at)) at = at.replace(/(^|\.)[^.]*$/, '');
  return origins.get(at) ?? 'configuration';
}

/**
 * With real AWS two clusters may share an account, so nothing there may rest on a default: a cloned or
 * empty configuration would take another cluster's machines for its own.
 */
function missingNames(values: JsonObject, isSet: (path: string) => boolean, role: Role): readonly Finding[] {
  const endpoint = valueAt(values, 'provider.aws.endpoint');
  if (!isRealAws(typeof endpoint === 'string' ? endpoint : undefined)) return [];
  // The command line calls no AWS, so on the Host Factory host the region may be left out.
  const names = role === 'worker' ? [DEPLOYMENT, REGION] : [DEPLOYMENT];
  return names.filter(({ key }) => !isSet(key));
}

const DEPLOYMENT: Finding = {
  key: 'provider.deployment',
  message:
    'provider.deployment is not set. With real AWS it is mandatory: the name of this Symphony cluster, ' +
    '1 to 24 of a-z 0-9 -, in config.json or OHF_DEPLOYMENT. ' +
    '(For a simulated AWS set provider.aws.endpoint or OHF_AWS_ENDPOINT.)',
};

const REGION: Finding = {
  key: 'provider.aws.region',
  message:
    'provider.aws.region is not set. With real AWS it is mandatory: e.g. "eu-west-1", in config.json or AWS_REGION.',
};

/** A VPC endpoint is as real as none. */
export const isRealAws = (endpoint: string | undefined): boolean =>
  endpoint === undefined || /(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$/.test(new URL(endpoint).hostname);
