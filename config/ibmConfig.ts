import { fromIbmLogKey, isIbmLogKey } from './hfLogging.ts';
import type { JsonObject } from './jsonFile.ts';
import { valueText } from './issues.ts';

/** Keys of IBM's provider configuration that have a meaning for us and will be honoured in time. */
const LATER: readonly string[] = [
  'AWS_CREDENTIAL_FILE',
  'AWS_KEY_FILE',
  'AWS_PROXY_HOST',
  'AWS_PROXY_PORT',
  'AWS_CONNECTION_TIMEOUT_MS',
  'AWS_REQUEST_RETRY_ATTEMPTS',
  'AWS_INSTANCE_PENDING_TIMEOUT_SEC',
  'AWS_DESCRIBE_REQUEST_RETRY_ATTEMPTS',
  'AWS_DESCRIBE_REQUEST_INTERVAL',
  'AWS_CREDENTIAL_SCRIPT',
  'AWS_CREDENTIAL_RENEW_MARGIN',
  'AWS_SPOT_TERMINATE_ON_RECLAIM',
  'INSTANCE_CREATION_TIMEOUT',
  'AWS_TAG_InstanceID',
];

/**
 * Takes over what an IBM `...prov_config.json` says. IBM's files are never refused for a key: those that
 * are not honoured are named in `notes`.
 */
export function fromIbmConfig(file: JsonObject, path: string, notes: string[]): JsonObject {
  const aws: Record<string, unknown> = {};
  const logging: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(file)) {
    if (value === '' || value === null) continue;
    if (key === 'AWS_REGION') aws['region'] = value;
    else if (key === 'AWS_ENDPOINT_URL') aws['endpoint'] = value;
    else if (isIbmLogKey(key)) Object.assign(logging, fromIbmLogKey(key, value, path, notes));
    else if (LATER.includes(key)) notes.push(`${path}: ${key} is ignored for now.`);
    else notes.push(`${path}: ${key} is no known key and is ignored (its value: ${valueText(value)}).`);
  }
  return { provider: { aws }, logging };
}
