import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import { isRealAws } from '../../config/load.ts';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import {
  addSearchAttributes,
  isDevServer,
  missingAttributes,
  mistypedAttributes,
  readNamespace,
  serverMessage,
} from './namespace.ts';

/**
 * Checks that the namespace exists and has our search attributes; creates missing ones where the server permits it.
 * @throws ConfigurationError that says what to do
 */
export async function checkNamespace(client: Client, namespace: string): Promise<void> {
  const advice =
    "'ohf temporal setup --worker --check' shows what is missing, '--print' the commands that create it.";
  const fail = (problem: string, cause?: unknown): never => {
    throw new ConfigurationError(`${problem} ${advice}`, { cause });
  };
  const state = await readNamespace(client, namespace).catch((error: unknown) =>
    fail(`Temporal's namespace '${namespace}' cannot be read (${serverMessage(error)}).`, error),
  );
  if (!state.exists) fail(`Temporal has no namespace '${namespace}'.`);
  const mistyped = mistypedAttributes(state);
  if (mistyped.length > 0)
    fail(`Search attributes of namespace '${namespace}' have the wrong type: ${mistyped.join(', ')}.`);
  const missing = missingAttributes(state);
  if (missing.length === 0) return;
  await addSearchAttributes(client, namespace, missing).catch((error: unknown) =>
    fail(
      `Namespace '${namespace}' lacks the search attributes ${missing.join(', ')}, and they could not be created ` +
        `(${serverMessage(error)}).`,
      error,
    ),
  );
}

/**
 * Refuses Temporal's development server with real AWS: it may lose its database, and with it the owners of machines
 * that cost money.
 * @throws ConfigurationError unless a setting allows it
 */
export async function rejectDevServer(client: Client, { temporal, provider }: Config): Promise<void> {
  if (!isRealAws(provider.aws.endpoint) || temporal.allowDevServer === true) return;
  if (await isDevServer(client)) {
    throw new ConfigurationError(
      `Temporal at ${temporal.address} is the development server, but AWS is real. Set temporal.address to a Temporal ` +
        "cluster or Temporal Cloud ('ohf temporal setup --worker --print' shows how to set it up). To use real AWS " +
        'with it anyway, set temporal.allowDevServer to true (OHF_TEMPORAL_ALLOW_DEV_SERVER=true): if its database is ' +
        'lost, machines stay until someone terminates them.',
    );
  }
}
