import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import type { Interruption, InterruptionSource } from '../../provider.ts';
import type { AwsClients } from '../client/clients.ts';
import { parseInstanceEvent, type InstanceEvent } from './instanceEvents.ts';
import { toProviderError } from '../client/errors.ts';
import { observeRequests, type CallObserver } from '../client/awsCallMetrics.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

export interface InterruptionQueueSettings {
  readonly url: string;
  /** Whether a rebalance recommendation is only logged ('note') or counts as an interruption ('report'). */
  readonly rebalance: 'note' | 'report';
  /** Called with a message that is not a valid event; it is deleted. */
  readonly onMalformed: (body: string, reason: string) => void;
  /** Called with a rebalance recommendation that is only logged. */
  readonly onRebalanceRecommendation: (machineId: string) => void;
}

/** SQS's maximum long-poll wait. */
const WAIT_SECONDS = 20;
/** Messages that are not deleted by then are delivered again, to any worker. */
const VISIBILITY_TIMEOUT_SECONDS = 30;
/** Limits per call (SQS) and per batch: a storm of interruptions must not become a storm of signals. */
const MAX_MESSAGES_PER_CALL = 10;
const MAX_MESSAGES_PER_BATCH = 500;

/** The SQS queue that receives EventBridge's events about instances. */
export function createInterruptionQueue(
  { reading }: AwsClients,
  settings: InterruptionQueueSettings,
  observer: CallObserver,
): InterruptionSource {
  // The same credentials and proxy as for EC2.
  const { region, credentials, requestHandler } = reading.config;
  const client = new SQSClient({
    region,
    credentials,
    requestHandler,
    // SQS's endpoint is in the queue URL; the configured endpoint is EC2's.
    endpoint: new URL(settings.url).origin,
    maxAttempts: 1,
  });
  observeRequests(client, observer);
  const QueueUrl = settings.url;

  async function receive(WaitTimeSeconds: number, abortSignal: AbortSignal): Promise<readonly Message[]> {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: MAX_MESSAGES_PER_CALL,
        WaitTimeSeconds,
        VisibilityTimeout: VISIBILITY_TIMEOUT_SECONDS,
      }),
      { abortSignal },
    );
    return Messages;
  }

  async function deleteMessages(messages: readonly Message[]): Promise<void> {
    for (let from = 0; from < messages.length; from += MAX_MESSAGES_PER_CALL) {
      const Entries = messages
        .slice(from, from + MAX_MESSAGES_PER_CALL)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }

  function parseMessage({ Body = '' }: Message): InstanceEvent | undefined {
    try {
      return parseInstanceEvent(Body, Date.now());
    } catch (error) {
      settings.onMalformed(Body, messageOf(error));
      return undefined;
    }
  }

  return {
    async receive(signal) {
      try {
        const messages = [...(await receive(WAIT_SECONDS, signal))];
        for (
          let received = messages.length;
          received === MAX_MESSAGES_PER_CALL && messages.length < MAX_MESSAGES_PER_BATCH;
        ) {
          // What was received matters more than what may follow.
          const more = await receive(0, signal).catch(() => []);
          messages.push(...more);
          received = more.length;
        }
        const events = messages.flatMap((message) => parseMessage(message) ?? []);
        const recommendations = events.filter(({ kind }) => kind === 'rebalance');
        const isLogOnly = settings.rebalance === 'note';
        if (isLogOnly)
          for (const { machineId } of recommendations) settings.onRebalanceRecommendation(machineId);
        const interruptions: Interruption[] = isLogOnly
          ? events.filter(({ kind }) => kind !== 'rebalance')
          : events;
        return { interruptions, remove: () => deleteMessages(messages) };
      } catch (error) {
        throw toProviderError(error);
      }
    },
    async check(abortSignal) {
      try {
        const { Attributes } = await client.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
          { abortSignal },
        );
        return `${Attributes?.['ApproximateNumberOfMessages'] ?? '0'} messages waiting`;
      } catch (error) {
        throw toProviderError(error);
      }
    },
    close: () => client.destroy(),
  };
}
