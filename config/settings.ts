import { EVENT_TYPES } from '../domain/events/event.ts';
import { DOMAIN_PATTERN, DOMAIN_DESCRIPTION, HOST_NAME_STRATEGIES } from '../domain/machine/hostName.ts';
import { LOG_LEVELS, PROVIDER_TYPES, STORAGE_TYPES, SYSLOG_FACILITIES, type Config } from './config.ts';
import {
  absolutePath,
  address,
  boolean,
  listOf,
  number,
  oneOf,
  queueUrl,
  text,
  url,
  integer,
  type ValueType,
} from './kinds.ts';

type Value = string | number | boolean;

export interface Setting {
  readonly kind: ValueType;
  /** What holds when nothing sets it: the embedded set-up on one machine. */
  readonly default?: Value;
  /** Without a default: what holds then, in words. */
  readonly otherwise?: string;
  /** Has to be set where its section is. */
  readonly required?: true;
  /** Only from the environment; never in a file, a log or a message. */
  readonly secret?: true;
  /** May stand in a file, but in no message and no answer. */
  readonly masked?: true;
  /** Well-known variables beside our own `OHF_...`, which wins over them. */
  readonly env?: readonly string[];
  /** For the documents: one line of Markdown. */
  readonly meaning: string;
}

/** `temporal.address`, ...: the path of every single value that a Config may hold. */
export type SettingPath = PathsOf<Config, ''>;
type PathsOf<T, Path extends string> = T extends Value
  ? Path
  : { [K in keyof T & string]-?: PathsOf<NonNullable<T[K]>, Path extends '' ? K : `${Path}.${K}`> }[keyof T &
      string];

/** PEM files have no other mark than that they are read. */
const pemPath = text('the path of a PEM file');

/**
 * Every setting by its path in config.json: the one place for its kind, its default and its meaning. The check of
 * what is set, docs/configuration.md and config.schema.json are made from it (`npm run docs`).
 */
const SETTINGS_TABLE: Readonly<Record<SettingPath, Setting>> = {
  'temporal.address': {
    kind: address('127.0.0.1:7233'),
    default: '127.0.0.1:7233',
    env: ['TEMPORAL_ADDRESS'],
    meaning: "Temporal's frontend",
  },
  'temporal.namespace': {
    kind: text('the name of a Temporal namespace', /^\S{1,255}$/),
    default: 'default',
    env: ['TEMPORAL_NAMESPACE'],
    meaning: 'the namespace of all requests',
  },
  'temporal.tls': {
    kind: { ...boolean, allowed: 'true, false' },
    otherwise: 'off; on with an API key',
    env: ['TEMPORAL_TLS'],
    meaning: 'TLS with the public certificate authorities, or with the files below',
  },
  'temporal.tls.serverNameOverride': {
    kind: text('a host name'),
    otherwise: "the address's",
    meaning: "the name in the server's certificate",
  },
  'temporal.tls.caFile': {
    kind: pemPath,
    otherwise: 'public authorities',
    meaning: 'who signed the certificate of the server',
  },
  'temporal.tls.certFile': { kind: pemPath, meaning: 'our certificate; needs `keyFile`' },
  'temporal.tls.keyFile': { kind: pemPath, meaning: 'its key' },
  'temporal.apiKey': {
    kind: text('a Temporal API key'),
    secret: true,
    env: ['TEMPORAL_API_KEY'],
    meaning: 'environment only, never in a file',
  },
  'temporal.deadlineSeconds': {
    kind: integer('seconds', 1, 120),
    default: 8,
    meaning: 'what one operation of the command line may spend with Temporal in all',
  },
  'temporal.allowDevServer': {
    kind: boolean,
    otherwise: '`false`',
    meaning: "real AWS with Temporal's development server, which is for trying things out",
  },
  'provider.type': { kind: oneOf(PROVIDER_TYPES), default: 'aws', meaning: 'which cloud' },
  'provider.name': {
    kind: text('1 to 64 of 0-9 A-Z a-z _ -', /^[\w-]{1,64}$/),
    default: 'awsinst',
    env: ['HF_PROVIDER_NAME'],
    meaning: "Host Factory's name of the provider instance: one plugin may serve several",
  },
  'provider.deployment': {
    kind: text('1 to 24 of a-z 0-9 -', /^[a-z0-9-]{1,24}$/),
    default: 'embedded',
    env: ['OHF_DEPLOYMENT'],
    meaning: 'names one Symphony cluster; in every tag and token. Mandatory with real AWS',
  },
  'provider.ibmConfigFile': {
    kind: absolutePath,
    otherwise: "the command line: Host Factory's; the worker: none",
    meaning: "IBM's `<name>prov_config.json` on this host",
  },
  'provider.aws.region': {
    kind: text('an AWS region, e.g. "eu-west-1"', /^[a-z]{2,}(-[a-z0-9]+)+$/),
    default: 'us-east-1',
    env: ['AWS_REGION'],
    meaning: 'mandatory for the worker with real AWS',
  },
  'provider.aws.endpoint': {
    kind: url('http://127.0.0.1:4566'),
    otherwise: "AWS's own",
    env: ['OHF_AWS_ENDPOINT'],
    meaning: 'a VPC endpoint or a simulated AWS',
  },
  'provider.aws.credentialFile': {
    kind: absolutePath,
    otherwise: "the AWS SDK's",
    meaning: "an AWS credential file of this provider instance alone, on the worker's host",
  },
  'provider.aws.profile': {
    kind: text('the name of a profile of the AWS credential files'),
    env: ['AWS_PROFILE'],
    meaning: 'the profile in `credentialFile`, else in the AWS files of the user of the worker',
  },
  'provider.aws.role.arn': {
    kind: text('the ARN of an IAM role', /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/),
    required: true,
    meaning: 'the role that the worker assumes, with the credentials that the other settings say',
  },
  'provider.aws.role.externalId': {
    kind: text('2 to 1224 of 0-9 A-Z a-z + = , . @ : \\ / _ -', /^[\w+=,.@:\\/-]{2,1224}$/),
    masked: true,
    meaning: 'the external id that the role asks for',
  },
  'provider.aws.proxy': {
    kind: text('the URL of an HTTP proxy, e.g. "http://proxy:3128"', /^https?:\/\/[^\s/@]+:\d{1,5}\/?$/),
    meaning: 'all calls to AWS go through it',
  },
  'provider.aws.connectTimeoutSeconds': {
    kind: number('seconds', 0.001, 2_147_483.647),
    default: 3,
    meaning: 'until a connection to AWS must be there',
  },
  'provider.aws.readRetries': {
    kind: integer('retries', 0, 10),
    default: 2,
    meaning: 'of a read of AWS that fails; after them it waits for the next regular read',
  },
  'provider.aws.readRetrySeconds': {
    kind: number('seconds', 0, 10),
    default: 0,
    meaning: 'before the first of these retries at least, before the second twice as long, ...',
  },
  'provider.aws.pollSeconds.min': {
    kind: number('seconds', 0.1, 300),
    default: 1,
    meaning: 'between two reads of machines that are waited for, at least',
  },
  'provider.aws.pollSeconds.max': {
    kind: number('seconds', 0.1, 300),
    default: 15,
    meaning: 'and at most; in between by how long machines take to boot',
  },
  'provider.aws.consistencySeconds': {
    kind: integer('seconds', 0, 240),
    default: 60,
    meaning: 'within which AWS may still hide what was just made',
  },
  'provider.aws.sweepSeconds': {
    kind: number('seconds', 0.25, 3_600),
    default: 60,
    meaning: 'between two reads of all machines, by which those that are taken away are found',
  },
  'provider.aws.requestShare': {
    kind: number('of 1', 0.05, 100),
    default: 0.7,
    meaning:
      "of EC2's published request rates, for the worker; more than 1 where AWS raised them for the account",
  },
  'provider.aws.interruptionQueue': {
    kind: queueUrl,
    meaning:
      'an SQS queue with what EventBridge tells of instances, for the worker: interruptions are known in seconds',
  },
  'provider.aws.rebalance': {
    kind: oneOf(['note', 'report']),
    default: 'note',
    meaning:
      "whether AWS's recommendation to replace a spot machine only goes into the log, or to Host Factory too",
  },
  'provider.aws.hostName': {
    kind: oneOf(HOST_NAME_STRATEGIES),
    default: 'private-dns',
    meaning:
      'how machines are named to Host Factory, see host-factory.md; read by the scripts, holds for new requests',
  },
  'provider.aws.hostDomain': {
    kind: text(DOMAIN_DESCRIPTION, DOMAIN_PATTERN),
    otherwise: "AWS's own",
    meaning: "the domain of the machines' own names; not with `short` and `ip`",
  },
  'request.deadlineSeconds': {
    kind: integer('seconds', 30, 86_400),
    default: 900,
    meaning: 'after its acceptance, from which a request launches nothing more and settles',
  },
  'request.bootTimeoutSeconds': {
    kind: integer('seconds', 30, 86_400),
    otherwise: "the request's deadline alone",
    meaning: 'after its launch was answered, from which a machine that is not up is given back',
  },
  'unacknowledged.maxMissedLists': {
    kind: integer('lists', 2, 10_000),
    default: 60,
    meaning:
      'a machine that Host Factory never read is given back when so many of its lists lack it in a row',
  },
  'unacknowledged.minAgeSeconds': {
    kind: integer('seconds', 1, 86_400),
    default: 1_200,
    meaning: 'from its launch, before which no machine is missed',
  },
  'unacknowledged.breakerPercent': {
    kind: integer('percent', 1, 100),
    default: 20,
    meaning:
      'of all machines; if more than this (and more than 10) were to be given back or adopted at once, an alarm is raised instead',
  },
  'logging.level': {
    kind: oneOf(LOG_LEVELS),
    default: 'info',
    meaning: 'what is logged; also `HF_LOGLEVEL`, in words of syslog',
  },
  'logging.directory': {
    kind: absolutePath,
    otherwise: "Host Factory's; of the worker none",
    meaning: 'where the log files lie',
  },
  'logging.maxFileMegabytes': {
    kind: number('MB', 0.01, 10_000),
    default: 10,
    meaning: 'of a log file, after which the next one is begun; also `HF_LOG_MAX_FILE_SIZE`',
  },
  'logging.keepFiles': {
    kind: integer('files', 0, 1_000),
    default: 5,
    meaning: 'full log files that are kept; also `HF_LOG_MAX_ROTATE`',
  },
  'logging.acceptPropagated': {
    kind: boolean,
    default: true,
    meaning: "whether these three of Host Factory's variables count; IBM's `ACCEPT_PROPAGATED_LOG_SETTING`",
  },
  'logging.stdout': {
    kind: boolean,
    default: true,
    meaning: 'whether the worker logs to its standard output',
  },
  'logging.syslog.address': {
    kind: text('udp://host:port, e.g. "udp://127.0.0.1:514"', /^udp:\/\/[^\s:/]+:\d{1,5}$/),
    required: true,
    meaning: 'the worker also logs to this syslog (RFC 5424, UDP)',
  },
  'logging.syslog.facility': {
    kind: oneOf(SYSLOG_FACILITIES),
    otherwise: 'daemon',
    meaning: 'as which it logs there',
  },
  'logging.otlp.url': {
    kind: url('http://127.0.0.1:4318/v1/logs'),
    required: true,
    meaning: "the worker also logs to this collector, in OpenTelemetry's protocol over HTTP",
  },
  'logging.otlp.headersFile': {
    kind: absolutePath,
    otherwise: 'no more headers',
    meaning: 'a file of headers for it, `Name: value` in each line',
  },
  'storage.type': {
    kind: oneOf(STORAGE_TYPES),
    default: 'json',
    meaning: 'what the read model is kept in: journals of JSON lines, or SQLite',
  },
  'storage.directory': {
    kind: absolutePath,
    otherwise: '`$XDG_STATE_HOME/open-host-factory`',
    meaning: "on the worker's host, one for each provider instance",
  },
  'storage.keepDays': {
    kind: integer('days', 1, 3_650),
    default: 30,
    meaning: 'for which events, and requests and machines that have ended, are kept',
  },
  'events.audit': {
    kind: boolean,
    default: true,
    meaning: 'an append-only log of who did what and why, in the storage directory',
  },
  'events.webhook.url': {
    kind: url('https://hooks.example.com/ohf'),
    required: true,
    meaning: 'is told of what happens to requests and machines',
  },
  'events.webhook.secretFile': {
    kind: absolutePath,
    otherwise: 'not signed',
    meaning: 'a file whose first line is the key of the signature',
  },
  'events.webhook.types': {
    kind: listOf('types of events', EVENT_TYPES),
    otherwise: 'all',
    meaning: 'which events it is told of',
  },
  'events.webhook.timeoutSeconds': {
    kind: integer('seconds', 1, 60),
    otherwise: '10',
    meaning: 'for its answer',
  },
  'events.sns.topicArn': {
    kind: text(
      'the ARN of a topic of Amazon SNS, e.g. "arn:aws:sns:eu-west-1:123456789012:ohf"',
      /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/,
    ),
    required: true,
    meaning: 'gets a message for each event; the credentials are those of the provider',
  },
  'events.sns.endpoint': {
    kind: url('https://vpce-0a1b2c3d.sns.eu-west-1.vpce.amazonaws.com'),
    otherwise: "AWS's own",
    meaning: 'where SNS is reached, e.g. a VPC endpoint',
  },
  'events.sns.types': {
    kind: listOf('types of events', EVENT_TYPES),
    otherwise: 'all',
    meaning: 'which events it gets',
  },
  'events.module': {
    kind: absolutePath,
    meaning: "a module of the site's own whose default export makes a handler of events",
  },
  'metrics.listen': {
    kind: address('127.0.0.1:9464'),
    otherwise: 'off',
    meaning: 'where the worker serves its health and its metrics',
  },
  'metrics.cloudWatch.namespace': {
    kind: text('up to 255 of 0-9 A-Z a-z . - _ / # : and not AWS/', /^(?!AWS\/|:)[\w./#:-]{1,255}$/),
    otherwise: 'off',
    meaning: 'in CloudWatch, of the metrics that the worker writes into its log',
  },
};

export const SETTINGS: Readonly<Record<string, Setting>> = SETTINGS_TABLE;

/** All defaults as a configuration. */
export const DEFAULTS = defaults();

function defaults(): Config {
  const config = {};
  for (const [path, setting] of Object.entries(SETTINGS)) {
    const keys = path.split('.');
    const section = keys.slice(0, -1);
    if (setting.default !== undefined) sectionOf(config, section)[keys.at(-1) ?? ''] = setting.default;
    else if (!isOptionalSection(section.join('.'))) sectionOf(config, section);
  }
  // A test holds the table's defaults and its kinds together; the types see to it that no path is missing.
  return config as Config;
}

/** A section that is a setting too, or has something that must be set, is there only when it is set. */
function isOptionalSection(section: string): boolean {
  return Object.entries(SETTINGS).some(
    ([path, { required }]) => path === section || (required === true && path.startsWith(`${section}.`)),
  );
}

function sectionOf(config: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return keys.reduce((at, key) => (at[key] ??= {}) as Record<string, unknown>, config);
}

/** `provider.aws.pollSeconds.min` -> `OHF_PROVIDER_AWS_POLL_SECONDS_MIN`. */
export const variableOf = (path: string): string =>
  `OHF_${path.replaceAll('.', '_').replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;

/** A value that is no number or boolean stays text, so that the message shows it as it is. */
export function parseText({ type }: ValueType, value: string): unknown {
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (type === 'boolean' && /^(true|1)$/i.test(value)) return true;
  if (type === 'boolean' && /^(false|0)$/i.test(value)) return false;
  return value;
}
