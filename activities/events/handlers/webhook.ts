import { createHmac } from 'node:crypto';
import type { EventType } from '../../../domain/events/event.ts';
import type { EventHandler } from './handler.ts';
import { toPublicEvent } from './publicEvent.ts';

export interface WebhookSettings {
  readonly url: string;
  /** Reads the HMAC key; called for each delivery, so that the key can be rotated. */
  readonly readSecret?: () => string;
  readonly types?: readonly EventType[];
  readonly timeoutSeconds: number;
}

/**
 * Posts events to a URL: `{v, events}`, in order. Any 2xx is an acknowledgement; everything else leads to redelivery.
 * Receivers deduplicate by event id and runId.
 */
export function createWebhookHandler({
  url,
  readSecret,
  types,
  timeoutSeconds,
}: WebhookSettings): EventHandler {
  return {
    name: 'webhook',
    startFrom: 'latest',
    ...(types ? { types } : {}),
    async handle(published) {
      const body = JSON.stringify({ v: 1, events: published.map(toPublicEvent) });
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const headers: Record<string, string> = {
        'content-type': 'application/json',
        'x-ohf-timestamp': timestamp,
      };
      if (readSecret) headers['x-ohf-signature'] = signature(readSecret(), timestamp, body);
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutSeconds * 1_000),
      });
      await response.body?.cancel();
      // Not the whole URL: its path or query may contain a token.
      if (!response.ok) throw new Error(`${new URL(url).host} responded with HTTP ${response.status}`);
    },
  };
}

/** HMAC-SHA256 of `<timestamp>.<body>`: with the signed timestamp, an old message cannot be replayed under a new one. */
export function signature(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}
