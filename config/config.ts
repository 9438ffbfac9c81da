import type { HostNameStrategy } from '../domain/machine/hostName.ts';

/**
 * The settings of one provider instance, after all sources are merged and checked. Worker and command line
 * read the same settings, each from its own place; see index.ts. What each means stands in settings.ts.
 */
export interface Config {
  readonly temporal: TemporalConfig;
  readonly provider: ProviderConfig;
  readonly request: {
    /** Seconds after its acceptance from which a request launches nothing any more and settles. */
    readonly deadlineSeconds: number;
    /** Seconds within which a machine must be up; without it the request's deadline alone counts. */
    readonly bootTimeoutSeconds?: number;
  };
  readonly unacknowledged: UnacknowledgedConfig;
  readonly logging: LoggingConfig;
  readonly metrics: MetricsConfig;
  readonly storage: StorageConfig;
  readonly events: EventsConfig;
}

/** How the worker is watched. Nothing of it is on by default. */
export interface MetricsConfig {
  /** `host:port` where the worker serves its health and its metrics. */
  readonly listen?: string;
  /** Namespace in CloudWatch of the metrics that the worker writes into its log. */
  readonly cloudWatch: { readonly namespace?: string };
}

export interface TemporalConfig {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** true: TLS with the public certificate authorities. */
  readonly tls?: boolean | TlsFiles;
  /** From the environment only; never in a file, a log or a message. */
  readonly apiKey?: string;
  /** Seconds that one operation of the command line may spend with Temporal in all. */
  readonly deadlineSeconds: number;
  /** A worker with real AWS refuses Temporal's development server unless this is true. */
  readonly allowDevServer?: boolean;
}

/** Paths of PEM files; `caFile` replaces the public certificate authorities. */
export interface TlsFiles {
  readonly serverNameOverride?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface ProviderConfig {
  /** Which cloud; each has a folder of its own in activities/. */
  readonly type: ProviderType;
  /** Host Factory's name of the provider instance: one plugin may serve several. */
  readonly name: string;
  /** Names one Symphony cluster; is in every tag and token, so two clusters in one account never mix. */
  readonly deployment: string;
  /** IBM's `<name>prov_config.json` on this host; the command line knows where Host Factory keeps it. */
  readonly ibmConfigFile?: string;
  readonly aws: AwsConfig;
}

export interface AwsConfig {
  readonly region: string;
  /** Where EC2 is reached instead of the region's public endpoint: a VPC endpoint or the simulated AWS. */
  readonly endpoint?: string;
  /** An AWS credential file of this provider instance alone, on the worker's host. */
  readonly credentialFile?: string;
  /** Profile in it; without it, of the AWS credential files of the worker's user. */
  readonly profile?: string;
  /** Assumed with the credentials that the rest says. */
  readonly role?: { readonly arn: string; readonly externalId?: string };
  /** URL of an HTTP proxy through which all calls to AWS go. */
  readonly proxy?: string;
  readonly connectTimeoutSeconds: number;
  /** How often a read is tried again at once; the next tick reads anyway. */
  readonly readRetries: number;
  /** Before the first of these retries, at least; before the second twice as long, and so on. */
  readonly readRetrySeconds: number;
  /** Seconds between two reads of the machines that are waited for, by how long they take. */
  readonly pollSeconds: { readonly min: number; readonly max: number };
  /** Seconds within which AWS may still hide what was just made. */
  readonly consistencySeconds: number;
  /** Part of AWS's published request rates that the worker may use. */
  readonly requestShare: number;
  /** How machines are named to Host Factory; travels with each request. A template may say it for its own. */
  readonly hostName: HostNameStrategy;
  /** Domain of the machines' operating systems, where it is not AWS's own. */
  readonly hostDomain?: string;
  /** URL of the SQS queue into which EventBridge puts what it tells of instances. */
  readonly interruptionQueue?: string;
  /** Whether AWS's recommendation to replace a spot machine counts as its being taken away. */
  readonly rebalance: 'note' | 'report';
  /** Seconds between two reads of all machines, for those that are taken away. */
  readonly sweepSeconds: number;
}

export interface LoggingConfig {
  readonly level: LogLevel;
  /** Absolute path of the folder of log files, where Host Factory names none. */
  readonly directory?: string;
  /** Megabytes that a log file may have before the next one is begun. */
  readonly maxFileMegabytes: number;
  /** Full log files that are kept beside the one that is written. */
  readonly keepFiles: number;
  /** Whether Host Factory's own variables say the level, the size and the number. */
  readonly acceptPropagated: boolean;
  /** Whether the worker logs to its standard output. */
  readonly stdout: boolean;
  readonly syslog?: SyslogConfig;
  readonly otlp?: OtlpConfig;
}

/** RFC 5424, to `udp://host:port`. */
export interface SyslogConfig {
  readonly address: string;
  readonly facility?: SyslogFacility;
}

/** OpenTelemetry's protocol over HTTP, in JSON. */
export interface OtlpConfig {
  readonly url: string;
  /** Path of a file with a header in each line, `Name: value`. */
  readonly headersFile?: string;
}

export interface StorageConfig {
  /** What the read model is kept in: journals of JSON lines, or SQLite. */
  readonly type: StorageType;
  /** Absolute path on the worker's host; each provider instance has a folder of its own in it. */
  readonly directory?: string;
  /** Days for which events, and requests and machines that have ended, are kept. */
  readonly keepDays: number;
}

export type StorageType = 'json' | 'sqlite';
export const STORAGE_TYPES: readonly StorageType[] = ['json', 'sqlite'];

/** Who is told of what happens to requests and machines, beside the read model. */
export interface EventsConfig {
  /** An append-only log of who did what and why, in the storage directory. */
  readonly audit: boolean;
  readonly webhook?: {
    readonly url: string;
    /** Path of a file whose first line is the key of the signature. */
    readonly secretFile?: string;
    /** Types of events, separated by commas; by default all. */
    readonly types?: string;
    readonly timeoutSeconds?: number;
  };
  /** A topic of Amazon SNS, with the credentials of the provider. */
  readonly sns?: {
    readonly topicArn: string;
    readonly endpoint?: string;
    /** As of the webhook. */
    readonly types?: string;
  };
  /** Absolute path of a module of the site's own whose default export makes a handler. */
  readonly module?: string;
}

/** When machines are given back that Host Factory never learned of, and what is too much at once. */
export interface UnacknowledgedConfig {
  /** Consecutive lists of Host Factory's hosts that lack a machine. */
  readonly maxMissedLists: number;
  /** Seconds from its launch before which a machine is not missed. */
  readonly minAgeSeconds: number;
  /** Percent of all machines that are given back, or taken over from lost owners, at once. */
  readonly breakerPercent: number;
}

export type ProviderType = 'aws';
export const PROVIDER_TYPES: readonly ProviderType[] = ['aws'];

export type SyslogFacility = (typeof SYSLOG_FACILITIES)[number];
export const SYSLOG_FACILITIES = [
  'user',
  'daemon',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];
