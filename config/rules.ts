import { DEFAULTS, LOG_LEVELS, PROVIDER_TYPES, STORAGE_TYPES, type Config } from './config.ts';
import { isObject, type JsonObject } from './jsonFile.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What a text may be; schema.ts has the words for it. */
export const PATTERNS = {
  text: /^\S(.*\S)?$/,
  address: /^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:.]+\]:\d{1,5}$/,
  namespace: /^\S{1,255}$/,
  name: /^[\w-]{1,64}$/,
  deployment: /^[a-z0-9-]{1,24}$/,
  region: /^[a-z]{2,}(-[a-z0-9]+)+$/,
  absolutePath: /^\/.*\S$/,
  /** As `address`, with a port that exists. */
  listen:
    /^([^\s:/]+|\[[0-9a-fA-F:.]+\]):([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/,
  /** CloudWatch keeps `AWS/` for itself. */
  cloudWatchNamespace: /^(?!AWS\/|:)[\w./#:-]{1,255}$/,
  endpoint: /^https?:\/\/[^\s/]+(\/\S*)?$/,
} as const;

/** How many seconds something may take, or how many days something is kept. */
export const RANGES = {
  temporalSeconds: { min: 1, max: 120 },
  pollSeconds: { min: 0.1, max: 300 },
  consistencySeconds: { min: 0, max: 240 },
  sweepSeconds: { min: 0.25, max: 3_600 },
  requestSeconds: { min: 30, max: 86_400 },
  webhookSeconds: { min: 1, max: 60 },
  keepDays: { min: 1, max: 3_650 },
} as const satisfies Record<string, Range>;

type Check = (value: unknown) => boolean;

const is =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const within =
  ({ min, max }: Range): Check =>
  (value) =>
    typeof value === 'number' && value >= min && value <= max;
const wholeWithin =
  (range: Range): Check =>
  (value) =>
    Number.isInteger(value) && within(range)(value);

/** What all settings but those of TLS and the webhook may be. */
const USUAL: Readonly<Record<string, Check>> = {
  'temporal.address': is(PATTERNS.address),
  'temporal.namespace': is(PATTERNS.namespace),
  'temporal.tls': (value) => typeof value === 'boolean',
  'temporal.apiKey': is(PATTERNS.text),
  'temporal.deadlineSeconds': wholeWithin(RANGES.temporalSeconds),
  'provider.type': (value) => PROVIDER_TYPES.some((type) => type === value),
  'provider.name': is(PATTERNS.name),
  'provider.deployment': is(PATTERNS.deployment),
  'provider.aws.region': is(PATTERNS.region),
  'provider.aws.endpoint': is(PATTERNS.endpoint),
  'provider.aws.profile': is(PATTERNS.text),
  'provider.aws.pollSeconds.min': within(RANGES.pollSeconds),
  'provider.aws.pollSeconds.max': within(RANGES.pollSeconds),
  'provider.aws.consistencySeconds': wholeWithin(RANGES.consistencySeconds),
  'provider.aws.sweepSeconds': within(RANGES.sweepSeconds),
  'request.deadlineSeconds': wholeWithin(RANGES.requestSeconds),
  'metrics.listen': is(PATTERNS.listen),
  'metrics.cloudWatch.namespace': is(PATTERNS.cloudWatchNamespace),
  'logging.level': (value) => LOG_LEVELS.some((level) => level === value),
  'storage.type': (value) => STORAGE_TYPES.some((type) => type === value),
  'storage.directory': is(PATTERNS.absolutePath),
  'storage.keepDays': wholeWithin(RANGES.keepDays),
  'events.audit': (value) => typeof value === 'boolean',
  'events.module': is(PATTERNS.absolutePath),
};

/**
 * Whether these settings, laid over the defaults, are right beyond doubt. Then zod, which takes each call of Host
 * Factory a tenth of an empty process, need not be asked; else it decides, and finds the words.
 */
export function isUsualConfig(merged: object): merged is Config {
  return isUsualSection(merged, DEFAULTS, '') && isInOrder((merged as Config).provider.aws.pollSeconds);
}

const isInOrder = ({ min, max }: Range): boolean => min <= max;

/** A section has all that its defaults have, and nothing that is no setting. */
function isUsualSection(section: object, defaults: object, prefix: string): boolean {
  const below: JsonObject = { ...defaults };
  if (!Object.keys(below).every((key) => Object.hasOwn(section, key))) return false;
  return Object.entries(section).every(([key, value]: [string, unknown]) => {
    const path = prefix + key;
    if (Object.hasOwn(USUAL, path)) return USUAL[path]?.(value) ?? false;
    const inner = Object.hasOwn(below, key) ? below[key] : undefined;
    return isObject(inner) && isObject(value) && isUsualSection(value, inner, `${path}.`);
  });
}
