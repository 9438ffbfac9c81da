import * as z from 'zod/mini';
import { EVENT_TYPES } from '../domain/events/event.ts';
import { LOG_LEVELS, PROVIDER_TYPES, STORAGE_TYPES, type Config } from './config.ts';
import { PATTERNS, RANGES, type Range } from './rules.ts';

/** Each leaf's message is what it allows; issues.ts makes the sentence around it. */
function text(allowed: string, pattern: RegExp = PATTERNS.text) {
  return z.string(allowed).check(z.regex(pattern, allowed));
}

function whole({ min, max }: Range) {
  const allowed = `a whole number from ${min} to ${max} (seconds)`;
  return z.number(allowed).check(z.int(allowed), z.gte(min, allowed), z.lte(max, allowed));
}

/** Fractions allow a simulated cloud, which boots in a second, to be watched as closely as it deserves. */
function seconds({ min, max }: Range) {
  const allowed = `a number from ${min} to ${max} (seconds)`;
  return z.number(allowed).check(z.gte(min, allowed), z.lte(max, allowed));
}

const path = text('the path of a PEM file');
const tlsFiles = z.strictObject({
  serverNameOverride: z.exactOptional(text('a host name')),
  caFile: z.exactOptional(path),
  certFile: z.exactOptional(path),
  keyFile: z.exactOptional(path),
});

const tls = z.union(
  [z.boolean(), tlsFiles],
  'true, false or an object with serverNameOverride, caFile, certFile, keyFile',
);

const absolutePath = text('an absolute path', PATTERNS.absolutePath);

const { min: fewest, max: most } = RANGES.keepDays;
const allowedDays = `a whole number from ${fewest} to ${most} (days)`;
const days = z
  .number(allowedDays)
  .check(z.int(allowedDays), z.gte(fewest, allowedDays), z.lte(most, allowedDays));

const allowedTypes = `types of events separated by commas: ${EVENT_TYPES.join(', ')}`;
const eventTypes = z.string(allowedTypes).check(
  z.refine((value) => value.split(',').every((type) => EVENT_TYPES.some((known) => known === type.trim())), {
    error: allowedTypes,
  }),
);

const pollSeconds = z
  .strictObject(
    { min: seconds(RANGES.pollSeconds), max: seconds(RANGES.pollSeconds) },
    'an object with min and max',
  )
  .check(z.refine(({ min, max }) => min <= max, 'min not greater than max'));

const section = 'an object';

export const configSchema: z.ZodMiniType<Config> = z.strictObject(
  {
    temporal: z.strictObject(
      {
        address: text('host:port, e.g. "127.0.0.1:7233"', PATTERNS.address),
        namespace: text('the name of a Temporal namespace', PATTERNS.namespace),
        tls: z.exactOptional(tls),
        apiKey: z.exactOptional(text('a Temporal API key')),
        deadlineSeconds: whole(RANGES.temporalSeconds),
      },
      section,
    ),
    provider: z.strictObject(
      {
        type: z.enum(PROVIDER_TYPES, PROVIDER_TYPES.join(', ')),
        name: text('1 to 64 of 0-9 A-Z a-z _ -', PATTERNS.name),
        deployment: text('1 to 24 of a-z 0-9 -', PATTERNS.deployment),
        aws: z.strictObject(
          {
            region: text('an AWS region, e.g. "eu-west-1"', PATTERNS.region),
            endpoint: z.exactOptional(
              text('an http or https URL, e.g. "http://127.0.0.1:4566"', PATTERNS.endpoint),
            ),
            profile: z.exactOptional(text('the name of a profile of the AWS credential files')),
            pollSeconds,
            consistencySeconds: whole(RANGES.consistencySeconds),
            sweepSeconds: seconds(RANGES.sweepSeconds),
          },
          section,
        ),
      },
      section,
    ),
    request: z.strictObject({ deadlineSeconds: whole(RANGES.requestSeconds) }, section),
    logging: z.strictObject({ level: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')) }, section),
    storage: z.strictObject(
      {
        type: z.enum(STORAGE_TYPES, STORAGE_TYPES.join(', ')),
        directory: z.exactOptional(absolutePath),
        keepDays: days,
      },
      section,
    ),
    events: z.strictObject(
      {
        audit: z.boolean('true or false'),
        webhook: z.exactOptional(
          z.strictObject(
            {
              url: text('an http or https URL, e.g. "https://hooks.example.com/ohf"', PATTERNS.endpoint),
              secretFile: z.exactOptional(absolutePath),
              types: z.exactOptional(eventTypes),
              timeoutSeconds: z.exactOptional(whole(RANGES.webhookSeconds)),
            },
            'an object with url, secretFile, types, timeoutSeconds',
          ),
        ),
        module: z.exactOptional(absolutePath),
      },
      section,
    ),
    metrics: z.strictObject(
      {
        listen: z.exactOptional(text('host:port, e.g. "127.0.0.1:9464"', PATTERNS.listen)),
        cloudWatch: z.strictObject(
          {
            namespace: z.exactOptional(
              text('up to 255 of 0-9 A-Z a-z . - _ / # : and not AWS/', PATTERNS.cloudWatchNamespace),
            ),
          },
          section,
        ),
      },
      section,
    ),
  },
  section,
);
