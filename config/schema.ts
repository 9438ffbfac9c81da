import * as z from 'zod/mini';
import { LOG_LEVELS, type Config } from './config.ts';

/** Each leaf's message is what it allows; issues.ts makes the sentence around it. */
function text(allowed: string, pattern: RegExp = /^\S(.*\S)?$/) {
  return z.string(allowed).check(z.regex(pattern, allowed));
}

function whole(min: number, max: number, unit: string) {
  const allowed = `a whole number from ${min} to ${max} (${unit})`;
  return z.number(allowed).check(z.int(allowed), z.gte(min, allowed), z.lte(max, allowed));
}

/** Fractions allow a simulated cloud, which boots in a second, to be watched as closely as it deserves. */
function seconds(min: number, max: number) {
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

const pollSeconds = z
  .strictObject({ min: seconds(0.1, 300), max: seconds(0.1, 300) }, 'an object with min and max')
  .check(z.refine(({ min, max }) => min <= max, 'min not greater than max'));

const section = 'an object';

export const configSchema: z.ZodMiniType<Config> = z.strictObject(
  {
    temporal: z.strictObject(
      {
        address: text('host:port, e.g. "127.0.0.1:7233"', /^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:.]+\]:\d{1,5}$/),
        namespace: text('the name of a Temporal namespace', /^\S{1,255}$/),
        tls: z.exactOptional(tls),
        apiKey: z.exactOptional(text('a Temporal API key')),
        deadlineSeconds: whole(1, 120, 'seconds'),
      },
      section,
    ),
    provider: z.strictObject(
      {
        name: text('1 to 64 of 0-9 A-Z a-z _ -', /^[\w-]{1,64}$/),
        deployment: text('1 to 24 of a-z 0-9 -', /^[a-z0-9-]{1,24}$/),
        aws: z.strictObject(
          {
            region: text('an AWS region, e.g. "eu-west-1"', /^[a-z]{2,}(-[a-z0-9]+)+$/),
            endpoint: z.exactOptional(
              text('an http or https URL, e.g. "http://127.0.0.1:4566"', /^https?:\/\/[^\s/]+(\/\S*)?$/),
            ),
            profile: z.exactOptional(text('the name of a profile of the AWS credential files')),
            pollSeconds,
            consistencySeconds: whole(0, 240, 'seconds'),
          },
          section,
        ),
      },
      section,
    ),
    request: z.strictObject({ deadlineSeconds: whole(30, 86_400, 'seconds') }, section),
    logging: z.strictObject({ level: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')) }, section),
  },
  section,
);
