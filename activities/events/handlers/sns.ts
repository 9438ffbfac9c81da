import { createHash } from 'node:crypto';
import { PublishBatchCommand, type PublishBatchRequestEntry, type SNSClient } from '@aws-sdk/client-sns';
import type { EventType } from '../../../domain/events/event.ts';
import type { EventHandler, PublishedEvent } from './handler.ts';
import { eventKey, serializeEvent } from './publicEvent.ts';

export interface SnsSettings {
  readonly client: SNSClient;
  readonly topicArn: string;
  readonly types?: readonly EventType[];
}

/** https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html: messages of one call, and bytes of all of them. */
const MAX_BATCH_ENTRIES = 10;
const MAX_BATCH_BYTES = 262_144;
/** Upper bound for the attributes and framing of a message. */
const MAX_OVERHEAD_BYTES = 1_000;

/**
 * Publishes each event as a message of a topic, in order. Message attributes let a subscription filter by `type`. A FIFO
 * topic (`.fifo`) keeps the order per request and drops duplicates within 5 minutes.
 */
export function createSnsHandler({ client, topicArn, types }: SnsSettings): EventHandler {
  /** Keys already published from a list whose publication failed in part. */
  const publishedKeys = new Set<string>();
  const isFifo = topicArn.endsWith('.fifo');

  async function publish(batch: readonly PublishedEvent[]): Promise<void> {
    const entries = batch.map((published, index) => entryOf(published, String(index), isFifo));
    const { Successful = [], Failed = [] } = await client.send(
      new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }),
    );
    for (const { Id } of Successful) {
      const published = batch[Number(Id)];
      if (published) publishedKeys.add(eventKey(published));
    }
    const [failed] = Failed;
    if (failed)
      throw new Error(`SNS rejected ${Failed.length} events: ${failed.Code}: ${failed.Message ?? ''}`);
  }

  return {
    name: 'sns',
    startFrom: 'latest',
    ...(types ? { types } : {}),
    async handle(published) {
      const remaining = published.filter((entry) => !publishedKeys.has(eventKey(entry)));
      for (const batch of splitIntoBatches(remaining)) await publish(batch);
      publishedKeys.clear();
    },
    close: () => Promise.resolve(client.destroy()),
  };
}

function entryOf(published: PublishedEvent, Id: string, isFifo: boolean): PublishBatchRequestEntry {
  const { type, deployment, provider, stream } = published.event;
  return {
    Id,
    Message: serializeEvent(published),
    MessageAttributes: Object.fromEntries(
      Object.entries({ type, deployment, provider }).map(([name, StringValue]) => [
        name,
        { DataType: 'String', StringValue },
      ]),
    ),
    ...(isFifo
      ? {
          MessageGroupId: stream,
          MessageDeduplicationId: createHash('sha256').update(eventKey(published)).digest('hex'),
        }
      : {}),
  };
}

function splitIntoBatches(published: readonly PublishedEvent[]): PublishedEvent[][] {
  const batches: PublishedEvent[][] = [];
  let bytes = Infinity;
  for (const entry of published) {
    const size = Buffer.byteLength(serializeEvent(entry)) + MAX_OVERHEAD_BYTES;
    const last = batches.at(-1);
    if (last && last.length < MAX_BATCH_ENTRIES && bytes + size <= MAX_BATCH_BYTES) {
      last.push(entry);
      bytes += size;
    } else {
      batches.push([entry]);
      bytes = size;
    }
  }
  return batches;
}
