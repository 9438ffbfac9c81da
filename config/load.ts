import { PARTITIONS } from '../domain/permissions/partitions.ts';
import { ConfigurationError } from '../domain/errors/errors.ts';
import type { Config } from './config.ts';
import type { JsonObject } from './input/jsonFile.ts';
import { DEFAULTS } from './settingsTable.ts';
import { emptyMerge, mergeEnvironment, mergeSource, secretsIn, type Environment } from './sources.ts';
import { findingText, valueAt, invalidSettings, type Finding } from './validate.ts';

/** A source below the environment; the later one in a list wins. */
export interface ConfigSource {
  readonly origin: string;
  readonly values: JsonObject;
  /** What is wrong with it in words of its own. */
  readonly findings?: readonly Finding[];
}

/** Who reads the settings: each needs what the other may leave out. */
export type ConfigReader = 'worker' | 'cli';

/** What is set, right or wrong. */
export interface GatheredConfig {
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
  role: ConfigReader,
): GatheredConfig {
  const merged = emptyMerge();
  mergeSource(merged, { ...DEFAULTS }, DEFAULT_ORIGIN);
  const findings: Finding[] = [];
  for (const { origin, values, findings: ownFindings = [] } of sources) {
    findings.push(...ownFindings, ...secretsIn(values, origin));
    // By this an editor finds our JSON Schema.
    const { $schema: _, ...settings } = values;
    mergeSource(merged, settings, origin);
  }
  mergeEnvironment(merged, env, notes);
  const { values } = merged;
  const origin = (path: string): string => originOf(merged.origins, path);
  findings.push(...invalidSettings(values, origin));
  const isSet = (path: string): boolean => origin(path) !== DEFAULT_ORIGIN;
  // What is real AWS can only be told from settings that are right.
  if (findings.length === 0) findings.push(...missingMandatory(values, isSet, role));
  return { values, originOf: origin, findings, notes };
}

/** @throws ConfigurationError that names the file or variable, the key, the value and what is allowed, for each */
export function configOf({ values, findings }: GatheredConfig): Config {
  if (findings.length > 0) throw new ConfigurationError(findings.map(findingText).join(' '));
  return values as unknown as Config;
}

/** A key that is missing or unknown stands where its section stands. */
function originOf(origins: ReadonlyMap<string, string>, path: string): string {
  let section = path;
  while (section !== '' && !origins.has(section)) section = section.replace(/(^|\.)[^.]*$/, '');
  return origins.get(section) ?? 'configuration';
}

/**
 * With real AWS two clusters may share an account, so nothing there may rest on a default: a cloned or
 * empty configuration would take another cluster's machines for its own.
 */
function missingMandatory(
  values: JsonObject,
  isSet: (path: string) => boolean,
  role: ConfigReader,
): readonly Finding[] {
  const endpoint = valueAt(values, 'provider.aws.endpoint');
  if (!isRealAws(typeof endpoint === 'string' ? endpoint : undefined)) return [];
  // The command line calls no AWS, so on the Host Factory host the region may be left out.
  const mandatory = role === 'worker' ? [DEPLOYMENT, REGION] : [DEPLOYMENT];
  return mandatory.filter(({ key }) => !isSet(key));
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
  endpoint === undefined ||
  AWS_SUFFIXES.some((suffix) => `.${new URL(endpoint).hostname}`.endsWith(`.${suffix}`));

const AWS_SUFFIXES: readonly string[] = ['api.aws', ...PARTITIONS.map(({ dnsSuffix }) => dnsSuffix)];
