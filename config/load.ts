import { ConfigurationError } from '../domain/shared/errors.ts';
import { DEFAULTS, type Config } from './config.ts';
import type { JsonObject } from './jsonFile.ts';
import { isUsualConfig } from './rules.ts';
import { SETTINGS } from './settings.ts';
import { emptyMerge, layEnvironmentOver, layOver, refuseSecrets, type Environment } from './sources.ts';

/** A source below the environment; the later one in a list wins. */
export interface ConfigSource {
  readonly origin: string;
  readonly values: JsonObject;
}

/**
 * environment > files > defaults.
 * @throws ConfigurationError that names the file or variable, the key, the value and what is allowed
 */
export async function mergeConfig(
  sources: readonly ConfigSource[],
  env: Environment,
  notes: string[],
  role: 'worker' | 'cli',
): Promise<Config> {
  const merged = emptyMerge();
  layOver(merged, DEFAULTS, 'defaults');
  for (const { origin, values } of sources) {
    refuseSecrets(values, origin);
    layOver(merged, values, origin);
  }
  layEnvironmentOver(merged, env, notes);
  const origin = (path: string): string => originOf(merged.origins, path);
  const config = isUsualConfig(merged.values) ? merged.values : await checked(merged.values, origin);
  requireNames(config, (path) => origin(path) !== 'defaults', role);
  return config;
}

async function checked(values: object, origin: (path: string) => string): Promise<Config> {
  const { configSchema } = await import('./schema.ts');
  const parsed = configSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const { describeIssues } = await import('./issues.ts');
  const wording = { origin, knownPaths: Object.keys(SETTINGS), secretPaths: ['temporal.apiKey'] };
  throw new ConfigurationError(describeIssues(parsed.error.issues, values, wording));
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
function requireNames({ provider }: Config, isSet: (path: string) => boolean, role: 'worker' | 'cli'): void {
  if (!isRealAws(provider.aws.endpoint)) return;
  if (!isSet('provider.deployment')) {
    throw new ConfigurationError(
      'provider.deployment is not set. With real AWS it is mandatory: the name of this Symphony cluster, ' +
        '1 to 24 of a-z 0-9 -, in config.json or OHF_DEPLOYMENT. ' +
        '(For a simulated AWS set provider.aws.endpoint or OHF_AWS_ENDPOINT.)',
    );
  }
  // The command line calls no AWS, so on the Host Factory host the region may be left out.
  if (role === 'worker' && !isSet('provider.aws.region')) {
    throw new ConfigurationError(
      'provider.aws.region is not set. With real AWS it is mandatory: e.g. "eu-west-1", in config.json or AWS_REGION.',
    );
  }
}

/** A VPC endpoint is as real as none. */
const isRealAws = (endpoint: string | undefined): boolean =>
  endpoint === undefined || /(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$/.test(new URL(endpoint).hostname);
