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
 * The namespace exists and has our search attributes; missing ones are made where the server lets us.
 * @throws ConfigurationError that says what to do
 */
export async function checkNamespace(client: Client, namespace: string): Promise<void> {
  const advice = "'ohf temporal setup --worker --check' tells what it lacks, '--print' how to make it.";
  const fail = (problem: string, cause?: unknown): never => {
    throw new ConfigurationError(`${problem} ${advice}`, { cause });
  };
  const state = await readNamespace(client, namespace).catch((error: unknown) =>
    fail(`The namespace '${namespace}' of Temporal cannot be read (${serverMessage(error)}).`, error),
  );
  if (!state.exists) fail(`Temporal has no namespace '${namespace}'.`);
  const mistyped = mistypedAttributes(state);
  if (mistyped.length > 0)
    fail(
      `Search attributes of namespace '${namespace}' have another type than ours: ${mistyped.join(', ')}.`,
    );
  const missing = missingAttributes(state);
  if (missing.length === 0) return;
  await addSearchAttributes(client, namespace, missing).catch((error: unknown) =>
    fail(
      `Namespace '${namespace}' lacks the search attributes ${missing.join(', ')}, and they could not be made ` +
        `(${serverMessage(error)}).`,
      error,
    ),
  );
}

/**
 * Temporal's development server may lose its database, and with it who owns which machine: that is no place for
 * machines that cost money.
 * @throws ConfigurationError unless a setting allows it
 */
export async function rejectDevServer(client: Client, { temporal, provider }: Config): Promise<void> {
  if (!isRealAws(provider.aws.endpoint) || temporal.allowDevServer === true) return;
  if (await isDevServer(client)) {
    throw new ConfigurationError(
      `Temporal at ${temporal.address} is the development server, and AWS is the real one. Set temporal.address to ` +
        "a Temporal cluster or Temporal Cloud ('ohf temporal setup --worker --print' tells how to set it up). To try " +
        'real AWS with it nevertheless, set temporal.allowDevServer to true (OHF_TEMPORAL_ALLOW_DEV_SERVER=true): if its ' +
        'database is lost, machines stay until they are returned by hand.',
    );
  }
}
