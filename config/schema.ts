import * as z from 'zod';
import { EVENT_TYPES } from '../domain/events/event.ts';
import { DOMAIN_DESCRIPTION, DOMAIN_PATTERN, HOST_NAME_STRATEGIES } from '../domain/machine/hostName.ts';
import {
  absolutePath,
  address,
  flag,
  httpUrl,
  integer,
  listOf,
  number,
  oneOf,
  pemPath,
  text,
  url,
} from './settingTypes.ts';

/**
 * Every setting of config.json: its type, its default and its meaning. This is where a setting is added. `Config`
 * is inferred from it (config.ts); `npm run docs` writes settingsTable.ts, config.schema.json and the table of
 * docs/configuration.md from it. Only those and tests load this module: loading zod takes 6 to 8 ms, which is too
 * much for a call of Host Factory, so the checks at run time read settingsTable.ts.
 */
const temporal = z.strictObject({
  address: address('127.0.0.1:7233')
    .default('127.0.0.1:7233')
    .meta({ description: 'the frontend of the Temporal server', env: ['TEMPORAL_ADDRESS'] }),
  namespace: text('the name of a Temporal namespace', /^\S{1,255}$/)
    .default('default')
    .meta({ description: 'the namespace of all workflows', env: ['TEMPORAL_NAMESPACE'] }),
  tls: z
    .union([
      flag.meta({ allowed: 'true, false' }),
      z.strictObject({
        serverNameOverride: text('a host name').exactOptional().meta({
          description: "the name in the server's certificate",
          defaultText: 'the host of `address`',
        }),
        caFile: pemPath.exactOptional().meta({
          description: "the certificate authority of the server's certificate",
          defaultText: 'public authorities',
        }),
        certFile: pemPath.exactOptional().meta({ description: 'the client certificate; needs `keyFile`' }),
        keyFile: pemPath
          .exactOptional()
          .meta({ description: 'the key of the client certificate; closed to other users' }),
      }),
    ])
    .exactOptional()
    .meta({
      description: 'TLS with the public certificate authorities, or with the files below',
      defaultText: 'off; on with an API key',
      env: ['TEMPORAL_TLS'],
    }),
  apiKey: text('a Temporal API key')
    .exactOptional()
    .meta({ description: 'environment only, never in a file', isSecret: true, env: ['TEMPORAL_API_KEY'] }),
  deadlineSeconds: integer('seconds', 1, 120).default(8).meta({
    description: 'total time that one operation of the command line may spend on calls to Temporal',
  }),
  allowDevServer: flag.exactOptional().meta({
    description: "allows Temporal's development server with real AWS, for trials",
    defaultText: '`false`',
  }),
});

const aws = z.strictObject({
  region: text('an AWS region, e.g. "eu-west-1"', /^[a-z]{2,}(-[a-z0-9]+)+$/)
    .default('us-east-1')
    .meta({ description: 'mandatory for the worker with real AWS', env: ['AWS_REGION'] }),
  endpoint: httpUrl('http://127.0.0.1:4566')
    .exactOptional()
    .meta({
      description: 'a VPC endpoint of EC2, or a simulated AWS',
      defaultText: "AWS's own",
      env: ['OHF_AWS_ENDPOINT'],
    }),
  credentialFile: absolutePath.exactOptional().meta({
    description:
      "an AWS credential file for this provider instance alone, on the worker's host; closed to other users",
    defaultText: 'the default of the AWS SDK',
  }),
  profile: text('the name of a profile of the AWS credential files')
    .exactOptional()
    .meta({
      description: "the profile in `credentialFile`, or else in the AWS files of the worker's user",
      env: ['AWS_PROFILE'],
    }),
  role: z
    .strictObject({
      arn: text('the ARN of an IAM role', /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/).meta({
        description: 'the role that the worker assumes with the credentials of the other settings',
      }),
      externalId: text('2 to 1224 of 0-9 A-Z a-z + = , . @ : \\ / _ -', /^[\w+=,.@:\\/-]{2,1224}$/)
        .exactOptional()
        .meta({ description: 'the external id that the role requires', isMasked: true }),
    })
    .exactOptional(),
  proxy: text('the URL of an HTTP proxy, e.g. "http://proxy:3128"', /^https?:\/\/[^\s/@]+:\d{1,5}\/?$/)
    .exactOptional()
    .meta({ description: 'the proxy for all calls to AWS' }),
  connectTimeoutSeconds: number('seconds', 0.001, 2_147_483.647)
    .default(3)
    .meta({ description: 'time limit for opening a connection to AWS' }),
  readRetries: integer('retries', 0, 10)
    .default(2)
    .meta({ description: 'immediate retries of a failed read of AWS; after them, the next regular read' }),
  readRetrySeconds: number('seconds', 0, 10)
    .default(0)
    .meta({ description: 'shortest delay before the first of these retries; it doubles with each retry' }),
  pollSeconds: z
    .strictObject({
      min: number('seconds', 0.1, 300)
        .default(1)
        .meta({ description: 'shortest interval between two reads of machines that a request waits for' }),
      max: number('seconds', 0.1, 300).default(15).meta({
        description: 'longest interval; the worker picks one by how long the machines take to boot',
      }),
    })
    .prefault({}),
  consistencySeconds: integer('seconds', 0, 240)
    .default(60)
    .meta({ description: 'how long AWS may not show what was just created (eventual consistency)' }),
  sweepSeconds: number('seconds', 0.25, 3_600)
    .default(60)
    .meta({ description: 'interval between two sweeps, which find lost machines and orphans' }),
  requestShare: number('of 1', 0.05, 100).default(0.7).meta({
    description:
      "the worker's share of EC2's published request rates; more than 1 where AWS raised them for the account",
  }),
  interruptionQueue: url(
    'the URL of an SQS queue, e.g. "https://sqs.eu-west-1.amazonaws.com/123456789012/ohf"',
    // SQS puts account and name at the end.
    /^https?:\/\/[^\s/]+\/\d{12}\/[\w.-]+$/,
  )
    .exactOptional()
    .meta({
      description:
        "an SQS queue that receives EventBridge's events about instances; the worker then sees interruptions in seconds",
    }),
  rebalance: oneOf(['note', 'report']).default('note').meta({
    description:
      "what happens with AWS's rebalance recommendation for a spot machine: only log it, or also report it to Host Factory",
  }),
  hostName: oneOf(HOST_NAME_STRATEGIES).default('private-dns').meta({
    description:
      'how machines are named to Host Factory, see host-factory.md; read by the scripts, applies to new requests',
  }),
  hostDomain: text(DOMAIN_DESCRIPTION, DOMAIN_PATTERN).exactOptional().meta({
    description: "the domain of the machines' own names; not with `short` and `ip`",
    defaultText: "AWS's own",
  }),
});

const provider = z.strictObject({
  type: oneOf(['aws']).default('aws').meta({ description: 'the cloud' }),
  name: text('1 to 64 of 0-9 A-Z a-z _ -', /^[\w-]{1,64}$/)
    .default('awsinst')
    .meta({
      description: "Host Factory's name of the provider instance: one plugin may serve several",
      env: ['HF_PROVIDER_NAME'],
    }),
  deployment: text('1 to 24 of a-z 0-9 -', /^[a-z0-9-]{1,24}$/)
    .default('embedded')
    .meta({
      description: 'names one Symphony cluster; part of every tag and token. Mandatory with real AWS',
      env: ['OHF_DEPLOYMENT'],
    }),
  ibmConfigFile: absolutePath.exactOptional().meta({
    description: "IBM's `<name>prov_config.json` on this host",
    defaultText: "the command line: Host Factory's; the worker: none",
  }),
  aws: aws.prefault({}),
});

const request = z.strictObject({
  deadlineSeconds: integer('seconds', 30, 86_400).default(900).meta({
    description: 'time from its acceptance after which a request launches nothing more and settles',
  }),
  bootTimeoutSeconds: integer('seconds', 30, 86_400).exactOptional().meta({
    description: 'time from its launch after which a machine that is not ready is released',
    defaultText: "the request's deadline alone",
  }),
});

const unacknowledged = z.strictObject({
  maxMissedLists: integer('lists', 2, 10_000).default(60).meta({
    description:
      'an unacknowledged machine is released when so many consecutive host lists of Host Factory lack it',
  }),
  minAgeSeconds: integer('seconds', 1, 86_400)
    .default(1_200)
    .meta({ description: 'age since its launch below which no machine counts as missing from a host list' }),
  breakerPercent: integer('percent', 1, 100).default(20).meta({
    description:
      'share of all machines; if more than this (and more than 10) are to be released or adopted at once, the monitor only raises an alarm',
  }),
});

const logging = z.strictObject({
  level: oneOf(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .meta({ description: "the lowest level that is logged; also `HF_LOGLEVEL`, in syslog's words" }),
  directory: absolutePath.exactOptional().meta({
    description: 'the folder of the log files',
    defaultText: "the command line: Host Factory's; the worker: none",
  }),
  maxFileMegabytes: number('MB', 0.01, 10_000)
    .default(10)
    .meta({ description: 'size at which a log file is rotated; also `HF_LOG_MAX_FILE_SIZE`' }),
  keepFiles: integer('files', 0, 1_000)
    .default(5)
    .meta({ description: 'rotated log files that are kept; also `HF_LOG_MAX_ROTATE`' }),
  acceptPropagated: flag.default(true).meta({
    description: "whether these three `HF_...` variables count; IBM's `ACCEPT_PROPAGATED_LOG_SETTING`",
  }),
  stdout: flag.default(true).meta({ description: 'whether the worker logs to its standard output' }),
  syslog: z
    .strictObject({
      address: text('udp://host:port, e.g. "udp://127.0.0.1:514"', /^udp:\/\/[^\s:/]+:\d{1,5}$/).meta({
        description: 'the worker also logs to this syslog (RFC 5424, UDP)',
      }),
      facility: oneOf([
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
      ])
        .exactOptional()
        .meta({ description: 'the facility of its syslog messages', defaultText: 'daemon' }),
    })
    .exactOptional(),
  otlp: z
    .strictObject({
      url: httpUrl('http://127.0.0.1:4318/v1/logs').meta({
        description: "the worker also logs to this collector, in OpenTelemetry's protocol over HTTP (JSON)",
      }),
      headersFile: absolutePath.exactOptional().meta({
        description:
          'a file of HTTP headers for the collector, `Name: value` in each line; closed to other users',
        defaultText: 'no more headers',
      }),
    })
    .exactOptional(),
});

const storage = z.strictObject({
  type: oneOf(['json', 'sqlite'])
    .default('json')
    .meta({ description: 'how the read model is stored: journals of JSON lines, or SQLite' }),
  directory: absolutePath.exactOptional().meta({
    description: "a directory on the worker's host, one for each provider instance",
    defaultText: '`$XDG_STATE_HOME/open-host-factory`',
  }),
  keepDays: integer('days', 1, 3_650)
    .default(30)
    .meta({ description: 'how long events, and finished requests and machines, are kept' }),
});

const eventTypes = listOf('types of events', EVENT_TYPES).exactOptional();

const events = z.strictObject({
  audit: flag.default(true).meta({
    description: 'an append-only log of who did what and why, in the storage directory',
  }),
  webhook: z
    .strictObject({
      url: httpUrl('https://hooks.example.com/ohf').meta({
        description: 'receives the events of requests and machines',
      }),
      secretFile: absolutePath.exactOptional().meta({
        description: 'a file whose first line is the key of the signature; closed to other users',
        defaultText: 'not signed',
      }),
      types: eventTypes.meta({ description: 'the events that it receives', defaultText: 'all' }),
      timeoutSeconds: integer('seconds', 1, 60)
        .exactOptional()
        .meta({ description: 'time limit for its answer', defaultText: '10' }),
    })
    .exactOptional(),
  sns: z
    .strictObject({
      topicArn: text(
        'the ARN of a topic of Amazon SNS, e.g. "arn:aws:sns:eu-west-1:123456789012:ohf"',
        /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/,
      ).meta({ description: "receives a message for each event; uses the provider's credentials" }),
      endpoint: httpUrl('https://vpce-0a1b2c3d.sns.eu-west-1.vpce.amazonaws.com')
        .exactOptional()
        .meta({ description: 'the endpoint of SNS, e.g. a VPC endpoint', defaultText: "AWS's own" }),
      types: eventTypes.meta({ description: 'the events that it receives', defaultText: 'all' }),
    })
    .exactOptional(),
  module: absolutePath.exactOptional().meta({
    description: "the site's own module, whose default export creates an event handler",
  }),
});

const metrics = z.strictObject({
  listen: address('127.0.0.1:9464').exactOptional().meta({
    description: 'where the worker serves its health and its metrics',
    defaultText: 'off',
  }),
  cloudWatch: z
    .strictObject({
      namespace: text('up to 255 of 0-9 A-Z a-z . - _ / # : and not AWS/', /^(?!AWS\/|:)[\w./#:-]{1,255}$/)
        .exactOptional()
        .meta({
          description: 'the CloudWatch namespace of the metrics that the worker writes into its log',
          defaultText: 'off',
        }),
    })
    .prefault({}),
});

export const settingsSchema = z.strictObject({
  temporal: temporal.prefault({}),
  provider: provider.prefault({}),
  request: request.prefault({}),
  unacknowledged: unacknowledged.prefault({}),
  logging: logging.prefault({}),
  storage: storage.prefault({}),
  events: events.prefault({}),
  metrics: metrics.prefault({}),
});
