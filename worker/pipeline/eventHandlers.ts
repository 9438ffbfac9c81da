import { join } from 'node:path';
import { createAuditLogHandler } from '../../activities/events/handlers/auditLog.ts';
import type { EventHandler } from '../../activities/events/handlers/handler.ts';
import { createWebhookHandler } from '../../activities/events/handlers/webhook.ts';
import type { Config } from '../../config/index.ts';
import { readSecretLine } from '../../config/input/secretFile.ts';
import { EVENT_TYPES, type EventType } from '../../domain/events/event.ts';
import { awsClientSettings } from '../startup/awsSettings.ts';

const WEBHOOK_TIMEOUT_SECONDS = 10;
const AUDIT_FILE = { maxBytes: 50 << 20, keep: 10 } as const;

/** The configured handlers, without the read model and the custom handler. */
export async function configuredHandlers(
  config: Config,
  directory: string,
): Promise<readonly EventHandler[]> {
  const { audit, webhook: hook, sns } = config.events;
  const handlers: EventHandler[] = [];
  if (audit) handlers.push(createAuditLogHandler({ path: join(directory, 'audit.log'), ...AUDIT_FILE }));
  if (hook) {
    const { url, secretFile, types, timeoutSeconds = WEBHOOK_TIMEOUT_SECONDS } = hook;
    // Read for each delivery: only this handler fails while the file is not usable.
    const signed =
      secretFile === undefined ? {} : { readSecret: () => readSecretLine('webhook secret file', secretFile) };
    handlers.push(createWebhookHandler({ url, timeoutSeconds, ...signed, ...typesOf(types) }));
  }
  if (sns) handlers.push(await snsHandler(config, sns));
  return handlers;
}

async function snsHandler(
  { provider }: Config,
  { topicArn, endpoint, types }: NonNullable<Config['events']['sns']>,
): Promise<EventHandler> {
  // The SNS client is loaded only where it is used.
  const { createSnsClient } = await import('../../activities/aws/client/snsClient.ts');
  const { createSnsHandler } = await import('../../activities/events/handlers/sns.ts');
  const client = createSnsClient(awsClientSettings(provider), topicArn, endpoint);
  return createSnsHandler({ client, topicArn, ...typesOf(types) });
}

/** @param list event types separated by commas, as in the settings */
function typesOf(list: string | undefined): { readonly types?: readonly EventType[] } {
  if (list === undefined) return {};
  const selected = list.split(',').map((type) => type.trim());
  return { types: EVENT_TYPES.filter((type) => selected.includes(type)) };
}
