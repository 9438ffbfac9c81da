import type { LogLevel } from '../config.ts';
import { valueText } from '../input/issues.ts';
import { isScalar, type JsonObject } from '../input/jsonFile.ts';
import { isAllowed, parseText, variableOf, type SettingRule } from '../settingRule.ts';
import { SETTINGS } from '../settingsTable.ts';
import type { Environment } from '../sources.ts';

/** Host Factory's words for its levels, which are syslog's. */
const LEVEL_BY_HF_NAME: Readonly<Record<string, LogLevel>> = {
  EMERG: 'error',
  ALERT: 'error',
  CRIT: 'error',
  ERR: 'error',
  ERROR: 'error',
  WARNING: 'warn',
  WARN: 'warn',
  NOTICE: 'info',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'trace',
};

/** `LOG_WARNING`, `warning`, ...: undefined for what is no level of Host Factory. */
const levelOf = (name: string): LogLevel | undefined =>
  LEVEL_BY_HF_NAME[name.toUpperCase().replace(/^LOG_/, '')];

/** What Host Factory propagates to its providers, by the setting that it is for. */
const PROPAGATED: Readonly<
  Record<string, { readonly variable: string; readonly read: (text: string) => unknown }>
> = {
  level: { variable: 'HF_LOGLEVEL', read: levelOf },
  maxFileMegabytes: { variable: 'HF_LOG_MAX_FILE_SIZE', read: Number },
  keepFiles: { variable: 'HF_LOG_MAX_ROTATE', read: Number },
};

/** A setting that one of Host Factory's variables makes. */
export interface Propagated {
  readonly variable: string;
  readonly values: JsonObject;
}

/**
 * Host Factory's settings of logs; our own variables win over them. Whatever they hold, they never make a call fail:
 * what is not usable goes to `notes`.
 */
export function readPropagatedLogging(env: Environment, notes: string[]): Propagated[] {
  return Object.entries(PROPAGATED).flatMap(([key, { variable, read }]) => {
    const path = `logging.${key}`;
    const text = env[variable]?.trim();
    if (!text || env[variableOf(path)]) return [];
    const value = read(text);
    const rule = SETTINGS[path];
    if (rule && isAllowed(rule, value)) return [{ variable, values: { logging: { [key]: value } } }];
    const allowed = key === 'level' ? 'no level of Host Factory' : `not ${rule?.allowed}`;
    notes.push(`${variable} is "${text}", which is ${allowed}, and is ignored.`);
    return [];
  });
}

const FLAG: SettingRule = { type: 'boolean', allowed: 'true or false' };

/** IBM's keys of logs, by our setting; `LogLevel` is the LSF edition's. */
export const IBM_LOG_KEYS = {
  ACCEPT_PROPAGATED_LOG_SETTING: {
    setting: 'acceptPropagated',
    read: (text: string): unknown => parseText(FLAG, text),
    accepts: (value: unknown) => isAllowed(FLAG, value),
    allowed: FLAG.allowed,
  },
  LogLevel: {
    setting: 'level',
    read: levelOf,
    accepts: (level: unknown) => level !== undefined,
    allowed: `one of ${Object.keys(LEVEL_BY_HF_NAME).join(', ')}`,
  },
} as const;

export const isIbmLogKey = (key: string): key is keyof typeof IBM_LOG_KEYS =>
  Object.hasOwn(IBM_LOG_KEYS, key);

/** The setting of our section `logging` that a key of IBM's provider configuration makes; what is unusable is noted. */
export function fromIbmLogKey(
  key: keyof typeof IBM_LOG_KEYS,
  value: unknown,
  path: string,
  notes: string[],
): JsonObject {
  const { setting, read, accepts, allowed } = IBM_LOG_KEYS[key];
  const parsed = isScalar(value) ? read(String(value)) : undefined;
  if (accepts(parsed)) return { [setting]: parsed };
  notes.push(`${path}: ${key} is ${valueText(value)} and is ignored; allowed: ${allowed}.`);
  return {};
}
