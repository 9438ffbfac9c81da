import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { ConfigurationError } from '../domain/shared/errors.ts';
import { SEARCH_ATTRIBUTES } from '../domain/shared/searchAttributes.ts';

/**
 * The namespace exists and has our search attributes; missing ones are made where the server lets us.
 * @throws ConfigurationError that says what to do
 */
export async function checkNamespace(client: Client, namespace: string): Promise<void> {
  try {
    await client.connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    throw new ConfigurationError(
      `Temporal has no namespace '${namespace}' for us (${messageOf(error)}). ` +
        `Make it (temporal operator namespace create -n ${namespace}) or set temporal.namespace.`,
      { cause: error },
    );
  }
  const missing = await missingSearchAttributes(client, namespace);
  if (missing.length === 0) return;
  try {
    await addSearchAttributes(client, namespace, missing);
  } catch (error) {
    const names = missing.map(([name, type]) => `${name} (${type})`).join(', ');
    throw new ConfigurationError(
      `Namespace '${namespace}' lacks the search attributes ${names}, and they could not be made ` +
        `(${messageOf(error)}). Make them: temporal operator search-attribute create --name NAME --type TYPE.`,
      { cause: error },
    );
  }
}

type SearchAttribute = readonly [name: string, type: 'KEYWORD' | 'INT'];

async function missingSearchAttributes(client: Client, namespace: string): Promise<SearchAttribute[]> {
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(SEARCH_ATTRIBUTES).filter(
    ([name]) => !(customAttributes && name in customAttributes),
  );
}

/** Temporal Cloud does not let clients do this. */
export async function addSearchAttributes(
  client: Client,
  namespace: string,
  attributes: readonly SearchAttribute[] = Object.entries(SEARCH_ATTRIBUTES),
): Promise<void> {
  const { INDEXED_VALUE_TYPE_INT, INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;
  await client.connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      attributes.map(([name, type]) => [
        name,
        type === 'INT' ? INDEXED_VALUE_TYPE_INT : INDEXED_VALUE_TYPE_KEYWORD,
      ]),
    ),
  });
}

const messageOf = (error: unknown): string => {
  if (error instanceof Error && 'details' in error && typeof error.details === 'string') return error.details;
  return error instanceof Error ? error.message : String(error);
};
