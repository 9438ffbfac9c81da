import { fromIbmLogKey, IBM_LOG_KEYS, isIbmLogKey } from './hfLogging.ts';
import type { JsonObject } from '../input/jsonFile.ts';
import { shortName, valueText } from '../input/issues.ts';
import type { SettingPath } from '../config.ts';
import type { ConfigSource } from '../load.ts';
import { isAllowed, parseText, type SettingRule } from '../settingRule.ts';
import { SETTINGS } from '../settingsTable.ts';
import { emptyMerge, mergeSource, nestedObject } from '../sources.ts';
import { didYouMean } from '../input/suggest.ts';
import type { Finding } from '../validate.ts';

/** A key of IBM's that is honoured as a setting of ours. */
interface MappedKey {
  readonly setting: SettingPath;
  /** What IBM allows. */
  readonly rule: SettingRule;
  /** Of IBM's units, how many are one of ours. */
  readonly divisor?: number;
}

const sameAs = (setting: SettingPath): MappedKey => ({ setting, rule: SETTINGS[setting] });

const integer = (unit: string, minimum: number, maximum: number): SettingRule => ({
  type: 'integer',
  minimum,
  maximum,
  allowed: `a whole number from ${minimum} to ${maximum} (${unit})`,
});

const MILLISECONDS = 1_000;

export const MAPPED_KEYS: Readonly<Record<string, MappedKey>> = {
  AWS_REGION: sameAs('provider.aws.region'),
  AWS_ENDPOINT_URL: sameAs('provider.aws.endpoint'),
  AWS_CREDENTIAL_FILE: sameAs('provider.aws.credentialFile'),
  AWS_CONNECTION_TIMEOUT_MS: {
    setting: 'provider.aws.connectTimeoutSeconds',
    rule: integer('milliseconds', 1, 2_147_483_647),
    divisor: MILLISECONDS,
  },
  AWS_INSTANCE_PENDING_TIMEOUT_SEC: {
    setting: 'request.bootTimeoutSeconds',
    rule: integer('seconds', 180, 10_000),
  },
  AWS_DESCRIBE_REQUEST_RETRY_ATTEMPTS: {
    setting: 'provider.aws.readRetries',
    rule: integer('retries', 0, 10),
  },
  AWS_DESCRIBE_REQUEST_INTERVAL: {
    setting: 'provider.aws.readRetrySeconds',
    rule: integer('milliseconds', 0, 10_000),
    divisor: MILLISECONDS,
  },
};

/** Two keys that make one setting. */
export const PROXY_KEYS = {
  host: {
    key: 'AWS_PROXY_HOST',
    rule: {
      type: 'string',
      pattern: /^([^\s:/@[\]]+|\[[0-9a-fA-F:.]+\])$/,
      allowed: 'a host name or address',
    },
  },
  port: { key: 'AWS_PROXY_PORT', rule: integer('port', 1, 65_535) },
} as const satisfies Record<string, { key: string; rule: SettingRule }>;

/** Keys that are accepted and change nothing, and why. */
export const IGNORED_KEYS: Readonly<Record<string, string>> = {
  AWS_KEY_FILE: "EC2 needs only the name of a key pair, the template's keyName; a private key is never read",
  AWS_REQUEST_RETRY_ATTEMPTS:
    'a launch is repeated with its client token until its deadline (request.deadlineSeconds), however often that is',
  AWS_CREDENTIAL_SCRIPT:
    "a key of the LSF edition; a profile with a credential_process does the same (the worker's provider.aws.profile)",
  AWS_CREDENTIAL_RENEW_MARGIN:
    'a key of the LSF edition; credentials that expire are renewed five minutes before',
  AWS_SPOT_TERMINATE_ON_RECLAIM:
    'a key of the LSF edition; Host Factory is told of reclaimed machines by getReturnRequests and returns them',
  INSTANCE_CREATION_TIMEOUT:
    'a key of the LSF edition; request.deadlineSeconds says how long a request may last',
  AWS_TAG_InstanceID: 'a key of the LSF edition; every machine has the tags ohf:request-id and ohf:launch',
};

const KNOWN_KEYS = [
  ...Object.keys(MAPPED_KEYS),
  ...Object.keys(IBM_LOG_KEYS),
  PROXY_KEYS.host.key,
  PROXY_KEYS.port.key,
  ...Object.keys(IGNORED_KEYS),
];

/**
 * What an IBM `...prov_config.json` says, as settings of ours. A value that IBM does not allow is refused; a key
 * without effect never is, but is named in `notes` with the reason.
 */
export function fromIbmConfig(file: JsonObject, path: string, notes: string[]): ConfigSource {
  const merged = emptyMerge();
  const findings: Finding[] = [];
  const set = (setting: SettingPath, value: unknown): void =>
    mergeSource(merged, nestedObject(setting, value), path);
  /** The value in the type of its kind, or undefined when it is not allowed. */
  const valid = (key: string, rule: SettingRule): string | number | undefined => {
    const raw = file[key];
    const value = typeof raw === 'string' ? parseText(rule, raw.trim()) : raw;
    if (isAllowed(rule, value)) return value as string | number;
    const message = `${key} is ${valueText(raw)}; allowed: ${rule.allowed}.`;
    findings.push({ key, message, allowed: rule.allowed, origin: path });
    return undefined;
  };
  const isSet = (key: string): boolean => isSetIn(file, key);

  for (const key of Object.keys(file).filter(isSet)) {
    const mapped = Object.hasOwn(MAPPED_KEYS, key) ? MAPPED_KEYS[key] : undefined;
    if (mapped) {
      const { setting, rule, divisor } = mapped;
      const value = valid(key, rule);
      if (value !== undefined) set(setting, divisor === undefined ? value : Number(value) / divisor);
    } else if (isIbmLogKey(key)) {
      mergeSource(merged, { logging: fromIbmLogKey(key, file[key], path, notes) }, path);
    } else if (Object.hasOwn(IGNORED_KEYS, key)) {
      notes.push(`${path}: ${key} has no effect: ${IGNORED_KEYS[key]}.`);
    } else if (!KNOWN_KEYS.includes(key)) {
      // Not its value, which may be a secret that does not belong here.
      notes.push(
        `${path}: ${shortName(key)} is not a known key and is ignored.${didYouMean(key, KNOWN_KEYS)}`,
      );
    }
  }
  const { host, port } = PROXY_KEYS;
  if (isSet(host.key)) {
    const [name, number] = [valid(host.key, host.rule), valid(port.key, port.rule)];
    if (name !== undefined && number !== undefined) set('provider.aws.proxy', `http://${name}:${number}`);
  } else if (isSet(port.key)) {
    notes.push(`${path}: ${port.key} has no effect: ${host.key} names no proxy.`);
  }
  return { origin: path, values: merged.values, findings };
}

/** Of a file's keys, those that only the worker uses. By region and endpoint the command line knows real AWS. */
export function workerKeysIn(file: JsonObject): readonly string[] {
  const ofWorker = Object.entries(MAPPED_KEYS)
    .filter(([, { setting }]) => setting.startsWith('provider.aws.'))
    .map(([key]) => key)
    .filter((key) => key !== 'AWS_REGION' && key !== 'AWS_ENDPOINT_URL');
  return [...ofWorker, PROXY_KEYS.host.key].filter((key) => isSetIn(file, key));
}

const isSetIn = (file: JsonObject, key: string): boolean =>
  ![undefined, null, ''].some((blank) => file[key] === blank);
