/** How the text of an environment variable becomes a value. */
type SettingKind = 'text' | 'number' | 'boolean';

interface Setting {
  readonly kind: SettingKind;
  /** Well-known variables beside our own `OHF_...`, which wins over them. */
  readonly env?: readonly string[];
}

/** Every single setting by its path in config.json. A test holds this list and the schema together. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  'temporal.address': { kind: 'text', env: ['TEMPORAL_ADDRESS'] },
  'temporal.namespace': { kind: 'text', env: ['TEMPORAL_NAMESPACE'] },
  'temporal.tls': { kind: 'boolean', env: ['TEMPORAL_TLS'] },
  'temporal.tls.serverNameOverride': { kind: 'text' },
  'temporal.tls.caFile': { kind: 'text' },
  'temporal.tls.certFile': { kind: 'text' },
  'temporal.tls.keyFile': { kind: 'text' },
  'temporal.apiKey': { kind: 'text', env: ['TEMPORAL_API_KEY'] },
  'temporal.deadlineSeconds': { kind: 'number' },
  'provider.type': { kind: 'text' },
  'provider.name': { kind: 'text', env: ['HF_PROVIDER_NAME'] },
  'provider.deployment': { kind: 'text', env: ['OHF_DEPLOYMENT'] },
  'provider.aws.region': { kind: 'text', env: ['AWS_REGION'] },
  'provider.aws.endpoint': { kind: 'text', env: ['OHF_AWS_ENDPOINT'] },
  'provider.aws.profile': { kind: 'text', env: ['AWS_PROFILE'] },
  'provider.aws.pollSeconds.min': { kind: 'number' },
  'provider.aws.pollSeconds.max': { kind: 'number' },
  'provider.aws.consistencySeconds': { kind: 'number' },
  'provider.aws.sweepSeconds': { kind: 'number' },
  'request.deadlineSeconds': { kind: 'number' },
  'logging.level': { kind: 'text' },
  'storage.type': { kind: 'text' },
  'storage.directory': { kind: 'text' },
  'storage.keepDays': { kind: 'number' },
  'events.audit': { kind: 'boolean' },
  'events.webhook.url': { kind: 'text' },
  'events.webhook.secretFile': { kind: 'text' },
  'events.webhook.types': { kind: 'text' },
  'events.webhook.timeoutSeconds': { kind: 'number' },
  'events.module': { kind: 'text' },
  'metrics.listen': { kind: 'text' },
  'metrics.cloudWatch.namespace': { kind: 'text' },
};

/** `provider.aws.pollSeconds.min` -> `OHF_PROVIDER_AWS_POLL_SECONDS_MIN`. */
export const variableOf = (path: string): string =>
  `OHF_${path.replaceAll('.', '_').replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;

/** A value that is no number or boolean stays text, so that the schema's message shows it as it is. */
export function fromText(kind: SettingKind, text: string): unknown {
  if (kind === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (kind === 'boolean' && /^(true|1)$/i.test(text)) return true;
  if (kind === 'boolean' && /^(false|0)$/i.test(text)) return false;
  return text;
}
