import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Client, Connection, defaultPayloadConverter } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../../domain/shared/searchAttributes.ts';
import { freePort } from '../../fixtures/freePort.ts';

const TYPES: Readonly<Record<string, string>> = { KEYWORD: 'Keyword', INT: 'Int' };

export interface DevServer {
  readonly address: string;
  readonly client: Client;
  stop(): Promise<void>;
}

/** Starts Temporal's dev server on a free port, in memory, with our search attributes. */
export async function startDevServer(): Promise<DevServer> {
  const binary = process.env['OHF_TEMPORAL_CLI'];
  if (!binary) {
    throw new Error(
      'OHF_TEMPORAL_CLI is not set. These tests need the Temporal CLI: set it to the path of its binary.',
    );
  }
  const port = await freePort();
  const attributes = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${TYPES[type]}`,
  ]);
  const child = spawn(binary, ['server', 'start-dev', '--headless', '--port', `${port}`, ...attributes], {
    stdio: 'ignore',
  });
  const address = `127.0.0.1:${port}`;
  const connection = await connected(address, child);
  return {
    address,
    client: new Client({ connection }),
    stop: async () => {
      await connection.close();
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function connected(address: string, child: ChildProcess): Promise<Connection> {
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '20s' });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      return connection;
    } catch (error) {
      if (child.exitCode !== null) throw new Error('the dev server ended at once', { cause: error });
    }
  }
}

type Completion = Parameters<Client['workflowService']['respondWorkflowTaskCompleted']>[0];
type Command = NonNullable<Completion['commands']>[number];
type CommandType = NonNullable<Command['commandType']>;

/** What a workflow task is answered with: numbers of temporal.api.enums.v1.CommandType, which is not exported. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
const COMPLETE = 4 as CommandType;
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
const CONTINUE_AS_NEW = 10 as CommandType;

/** Takes the next workflow task of a queue as a worker would, and ends the workflow with a result. */
export async function completeNext(client: Client, queue: string, result: unknown): Promise<void> {
  await decideNext(client, queue, {
    commandType: COMPLETE,
    completeWorkflowExecutionCommandAttributes: { result: payloads(result) },
  });
}

/** The same, but goes on in a new run with another input and memo. */
export async function continueNext(
  client: Client,
  queue: string,
  input: unknown,
  memo: unknown,
): Promise<void> {
  await decideNext(client, queue, {
    commandType: CONTINUE_AS_NEW,
    continueAsNewWorkflowExecutionCommandAttributes: {
      workflowType: { name: 'machineRequest' },
      taskQueue: { name: queue },
      input: payloads(input),
      memo: { fields: { hf: defaultPayloadConverter.toPayload(memo) } },
    },
  });
}

async function decideNext(client: Client, queue: string, command: Command): Promise<void> {
  const namespace = client.options.namespace;
  // A poll without a deadline is refused.
  const { taskToken } = await client.withDeadline(Date.now() + 20_000, () =>
    client.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: queue } }),
  );
  await client.workflowService.respondWorkflowTaskCompleted({ namespace, taskToken, commands: [command] });
}

const payloads = (value: unknown) => ({ payloads: [defaultPayloadConverter.toPayload(value)] });

/**
 * Answers queries on a queue as a worker would, until it is stopped: with what `answer` makes of the query's
 * argument. Other workflow tasks are answered with nothing.
 */
export function answerQueries(client: Client, queue: string, answer: (argument: unknown) => unknown) {
  const service = client.workflowService;
  const namespace = client.options.namespace;
  const stopping = new AbortController();
  const next = async (): Promise<void> => {
    const task = await client.withDeadline(Date.now() + 20_000, () =>
      service.pollWorkflowTaskQueue({ namespace, taskQueue: { name: queue } }),
    );
    const { taskToken, query } = task;
    if (taskToken.length === 0) return;
    if (!query) return void (await service.respondWorkflowTaskCompleted({ namespace, taskToken }));
    const argument: unknown = defaultPayloadConverter.fromPayload(query.queryArgs?.payloads?.[0] ?? {});
    const queryResult = payloads(answer(argument));
    await service.respondQueryTaskCompleted({ namespace, taskToken, completedType: ANSWERED, queryResult });
  };
  const loop = client.withAbortSignal(stopping.signal, async () => {
    while (!stopping.signal.aborted) await next();
  });
  return {
    stop: async () => {
      stopping.abort();
      await loop.catch(() => undefined);
    },
  };
}

/** A number of temporal.api.enums.v1.QueryResultType. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- not exported either
const ANSWERED = 1 as NonNullable<
  Parameters<Client['workflowService']['respondQueryTaskCompleted']>[0]['completedType']
>;
