import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Environment } from '../../config/index.ts';
import { ConfigurationError, ValidationError } from '../../domain/errors/errors.ts';
import { textFlag, type Flags } from '../args/flags.ts';

/** The folders and files of one provider instance in one installation of Host Factory. All paths are absolute. */
export interface Layout {
  readonly provider: string;
  readonly plugin: string;
  /** e.g. `1.2`. Host Factory 1.1 has no plugins: its providers name the scripts (see `hasPlugins`). */
  readonly hfVersion: string;
  readonly confDir: string;
  readonly workDir: string;
  readonly logDir: string;
  readonly pluginDir: string;
  readonly scriptsDir: string;
  readonly providerConf: string;
  readonly providerWork: string;
  readonly registrations: Registrations<string>;
}

/** Host Factory's three registration files. */
export interface Registrations<T> {
  readonly plugins: T;
  readonly providers: T;
  readonly requestors: T;
}

/** Host Factory's own rule for names. */
const NAME = /^[0-9A-Za-z_-]{1,64}$/;

/**
 * Finds the folders: those of the options, else of Host Factory's variables if they belong to this HF_TOP, else those of
 * a new installation.
 * @throws ConfigurationError when there is no Host Factory
 */
export function findLayout(flags: Flags, env: Environment): Layout {
  const hfTop = resolve(textFlag(flags, 'hfTop') ?? (env['HF_TOP'] || missingHfTop()));
  if (!existsSync(hfTop)) throw new ConfigurationError(`--hf-top: there is no folder ${hfTop}.`);
  const isSameHfTop = env['HF_TOP'] !== undefined && resolve(env['HF_TOP']) === hfTop;
  const flagOrVariable = (flag: string, variable: string): string | undefined =>
    textFlag(flags, flag) ?? ((isSameHfTop && env[variable]) || undefined);
  const folder = (flag: string, variable: string, name: string): string =>
    resolve(flagOrVariable(flag, variable) ?? join(hfTop, name));
  const confDir = folder('hfConfdir', 'HF_CONFDIR', 'conf');
  if (!existsSync(confDir)) {
    throw new ConfigurationError(
      `Host Factory's configuration is not in ${confDir}. Name its folder with --hf-confdir, or another --hf-top.`,
    );
  }
  const workDir = folder('hfWorkdir', 'HF_WORKDIR', 'work');
  const hfVersion = flagOrVariable('hfVersion', 'HF_VERSION') ?? newestVersion(hfTop);
  const provider = nameFlag(flags, 'provider') ?? missingProvider();
  const plugin = nameFlag(flags, 'plugin') ?? (hasPlugins({ hfVersion }) ? 'ohf' : `ohf-${provider}`);
  const pluginDir = join(hfTop, hfVersion, 'providerplugins', plugin);
  return {
    provider,
    plugin,
    hfVersion,
    confDir,
    workDir,
    pluginDir,
    logDir: folder('hfLogdir', 'HF_LOGDIR', 'log'),
    scriptsDir: join(pluginDir, 'scripts'),
    providerConf: join(confDir, 'providers', provider),
    providerWork: join(workDir, 'providers', provider),
    registrations: {
      plugins: join(confDir, 'providerplugins', 'hostProviderPlugins.json'),
      providers: join(confDir, 'providers', 'hostProviders.json'),
      requestors: join(confDir, 'requestors', 'hostRequestors.json'),
    },
  };
}

/** Host Factory 1.1 may not pass the provider's name to the scripts, so each provider has scripts of its own there. */
export const hasPlugins = ({ hfVersion }: Pick<Layout, 'hfVersion'>): boolean => hfVersion !== '1.1';

function newestVersion(hfTop: string): string {
  const versions = readdirSync(hfTop).filter((name) => /^\d+(\.\d+)+$/.test(name));
  const newest = versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  if (newest !== undefined) return newest;
  throw new ConfigurationError(
    `${hfTop} has no folder of a Host Factory version, e.g. 1.2. Set the version with --hf-version.`,
  );
}

function nameFlag(flags: Flags, flag: 'provider' | 'plugin'): string | undefined {
  const name = textFlag(flags, flag);
  if (name === undefined || NAME.test(name)) return name;
  throw new ValidationError(`--${flag} is '${name}'; allowed: 1 to 64 of 0-9 A-Z a-z _ -.`);
}

function missingHfTop(): never {
  throw new ValidationError("--hf-top is missing: Host Factory's folder, HF_TOP, e.g. $EGO_TOP/hostfactory.");
}

function missingProvider(): never {
  throw new ValidationError(
    "--provider is missing: Host Factory's name of the provider instance, e.g. awsinst.",
  );
}
