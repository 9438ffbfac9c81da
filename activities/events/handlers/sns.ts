import { createHash } from 'node:crypto';
import { PublishBatchCommand, type PublishBatchRequestEntry, type SNSClient } from '@aws-sdk/client-sns';
import type { EventType } from '../../../domain/events/event.ts';
import type { EventHandler, Published } from './handler.ts';
import { messageOf } from './message.ts';

export interface SnsSettings {
  readonly client: SNSClient;
  readonly topicArn: string;
  readonly types?: readonly EventType[];
}

/** https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html: messages of one call, and bytes of all of them. */
const MOST = 10;
const MOST_BYTES = 262_144;
/** What the attributes of a message, and the names of all its parts, add to it at most. */
const OVERHEAD = 1_000;

/**
 * Publishes each event as a message of a topic, in order. Attributes let a subscription choose by `type`. A topic
 * whose name ends with `.fifo` keeps the order of each request, and drops what comes twice within 5 minutes.
 */
export function sns({ client, topicArn, types }: SnsSettings): EventHandler {
  /** Of a list that failed in part, what was published. */
  const done = new Set<string>();
  const isFifo = topicArn.endsWith('.fifo');

  async function publish(batch: readonly Published[]): Promise<void> {
    const entries = batch.map((published, index) => entryOf(published, String(index), isFifo));
    const { Successful = [], Failed = [] } = await client.send(
      new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }),
    );
    for (const { Id } of Successful) {
      const published = batch[Number(Id)];
      if (published) done.add(keyOf(published));
    }
    const [failed] = Failed;
    if (failed)
      throw new Error(`SNS refused ${Failed.length} events: ${failed.Code}: ${failed.Message ?? ''}`);
  }

  return {
    name: 'sns',
    begins: 'now',
    ...(types ? { types } : {}),
    async handle(published) {
      const left = published.filter((entry) => !done.has(keyOf(entry)));
      for (const batch of batchesOf(left)) await publish(batch);
      done.clear();
    },
    close: () => Promise.resolve(client.destroy()),
  };
}

const keyOf = ({ runId, event }: Published): string => `${runId} ${event.id}`;

function entryOf(published: Published, Id: string, isFifo: boolean): PublishBatchRequestEntry {
  const { type, deployment, provider, stream } = published.event;
  return {
    Id,
    Message: messageOf(published),
    MessageAttributes: Object.fromEntries(
      Object.entries({ type, deployment, provider }).map(([name, StringValue]) => [
        name,
        { DataType: 'String', StringValue },
      ]),
    ),
    ...(isFifo
      ? {
          MessageGroupId: stream,
          MessageDeduplicationId: createHash('sha256').update(keyOf(published)).digest('hex'),
        }
      : {}),
  };
}

function batchesOf(published: readonly Published[]): Published[][] {
  const batches: Published[][] = [];
  let bytes = Infinity;
  for (const entry of published) {
    const size = Buffer.byteLength(messageOf(entry)) + OVERHEAD;
    const last = batches.at(-1);
    if (last && last.length < MOST && bytes + size <= MOST_BYTES) {
      last.push(entry);
      bytes += size;
    } else {
      batches.push([entry]);
      bytes = size;
    }
  }
  return batches;
}
