import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from '../protocol/errors.ts';
import { advance } from '../groups/loop.ts';
import type { Change, QueueMessage } from '../state/model.ts';
import { commitLogged } from '../state/simulation.ts';
import type { Simulation } from '../state/simulation.ts';

/** The only queue; receives EventBridge's events. */
export const queueName = 'interruptions';

/** Prefix of SQS actions in AWS's JSON protocol. */
const targetPrefix = 'AmazonSQS.';
/** Polling interval (ms) of a call that waits for messages. */
const pollMs = 25;

type Input = Readonly<Record<string, unknown>>;
type Result = { body: object; change?: Change };

export const isQueueCall = ({ headers }: IncomingMessage): boolean =>
  String(headers['x-amz-target'] ?? '').startsWith(targetPrefix);

/** Serves one SQS call. Only gates that stop a call before its effect apply. */
export async function serveQueueCall(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  json: string,
): Promise<void> {
  const action = String(request.headers['x-amz-target']).slice(targetPrefix.length);
  const input = (json === '' ? {} : JSON.parse(json)) as Input;
  const gate = simulation.gates.take({ Action: action });
  const params = Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, JSON.stringify(value)]),
  );
  const log = (outcome: string, change: Change = {}): void =>
    commitLogged(simulation, change, {
      action,
      outcome,
      replay: false,
      params,
      ...(gate && { gate: gate.mode }),
    });
  if (gate) simulation.gates.markArrived(gate);
  if (gate?.mode === 'dropBefore') {
    log('dropped');
    request.socket.destroy();
    return;
  }
  try {
    if (gate?.mode === 'errorBefore') {
      const { code = 'InternalError', status = 500 } = gate;
      throw new AwsError(code, `Injected error: ${code}`, status);
    }
    if (simulation.denied.has(action))
      throw new AwsError('AccessDenied', `You are not authorized to perform: ${action}.`, 403);
    const handler = handlers[action];
    if (!handler) throw new AwsError('InvalidAction', `The action ${action} is not simulated.`);
    if (!String(input['QueueUrl']).endsWith(`/${queueName}`))
      throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    const { body, change } = await handler(simulation, input, request);
    // A client that disconnected gets no messages.
    if (request.socket.destroyed) return log('dropped');
    log('ok', change);
    respond(response, 200, body);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    log(error.code);
    respond(response, error.status, { __type: `com.amazonaws.sqs#${error.code}`, message: error.message });
  }
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify(body));
}

const handlers: Readonly<
  Record<string, (simulation: Simulation, input: Input, request: IncomingMessage) => Result | Promise<Result>>
> = {
  ReceiveMessage: receiveMessage,
  SendMessage: sendMessage,
  DeleteMessage: (_simulation, { ReceiptHandle }) => ({
    body: {},
    change: { deletedMessages: [messageIdOf(ReceiptHandle)] },
  }),
  DeleteMessageBatch: (_simulation, { Entries }) => {
    const entries = (Entries ?? []) as readonly { Id: string; ReceiptHandle: string }[];
    return {
      body: { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] },
      change: { deletedMessages: entries.map(({ ReceiptHandle }) => messageIdOf(ReceiptHandle)) },
    };
  },
  GetQueueAttributes: ({ world, clock }) => {
    const waiting = [...world.messages.values()].filter(({ visibleAt }) => visibleAt <= clock());
    return { body: { Attributes: { ApproximateNumberOfMessages: String(waiting.length) } } };
  },
};

/** Returns the visible messages or waits for some; they are invisible for a while and return unless deleted. */
async function receiveMessage(
  simulation: Simulation,
  input: Input,
  request: IncomingMessage,
): Promise<Result> {
  const {
    MaxNumberOfMessages: max = 1,
    WaitTimeSeconds: waitSeconds = 0,
    VisibilityTimeout: visibilityTimeout = 30,
  } = input;
  const until = Date.now() + Number(waitSeconds) * 1_000;
  for (;;) {
    advance(simulation);
    const now = simulation.clock();
    const found = [...simulation.world.messages.values()]
      .filter(({ visibleAt }) => visibleAt <= now)
      .slice(0, Number(max));
    if (found.length > 0 || Date.now() >= until || request.socket.destroyed) {
      const received = found.map((each) => ({
        ...each,
        visibleAt: now + Number(visibilityTimeout) * 1_000,
        receiveCount: each.receiveCount + 1,
      }));
      return {
        body: received.length > 0 ? { Messages: received.map(toSqsMessage) } : {},
        change: { messages: received },
      };
    }
    await delay(pollMs);
  }
}

const toSqsMessage = ({ id, body, receiveCount }: QueueMessage) => ({
  MessageId: id,
  ReceiptHandle: `${id}#${receiveCount}`,
  MD5OfBody: md5(body),
  Body: body,
});

function sendMessage({ clock }: Simulation, { MessageBody, DelaySeconds = 0 }: Input): Result {
  const body = String(MessageBody);
  const id = randomUUID();
  const message = { id, body, visibleAt: clock() + Number(DelaySeconds) * 1_000, receiveCount: 0 };
  return { body: { MessageId: id, MD5OfMessageBody: md5(body) }, change: { messages: [message] } };
}

const messageIdOf = (receiptHandle: unknown): string => String(receiptHandle).split('#')[0] ?? '';
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
