import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from '../../contract/searchAttributes.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

/** Temporal's state of the namespace that we need. */
export interface NamespaceState {
  readonly exists: boolean;
  /** How long Temporal keeps closed workflows. */
  readonly retentionDays: number;
  /** State of each of our search attributes. */
  readonly attributes: Readonly<Record<AttributeName, 'ready' | 'missing' | 'of another type'>>;
}

export type AttributeName = keyof typeof SEARCH_ATTRIBUTES;
export const ATTRIBUTE_NAMES = Object.keys(SEARCH_ATTRIBUTES) as readonly AttributeName[];

export const missingAttributes = ({ attributes }: NamespaceState): readonly AttributeName[] =>
  ATTRIBUTE_NAMES.filter((name) => attributes[name] === 'missing');

export const mistypedAttributes = ({ attributes }: NamespaceState): readonly AttributeName[] =>
  ATTRIBUTE_NAMES.filter((name) => attributes[name] === 'of another type');

const DAY_S = 24 * 60 * 60;
const GRPC = { invalidArgument: 3, notFound: 5, permissionDenied: 7, unimplemented: 12 } as const;
const TYPES = {
  KEYWORD: proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  INT: proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_INT,
} as const;

/** @throws gRPC's error when the server does not answer or does not permit the read */
export async function readNamespace(client: Client, namespace: string): Promise<NamespaceState> {
  try {
    const { config } = await client.connection.workflowService.describeNamespace({ namespace });
    const retentionDays = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / DAY_S;
    return { exists: true, retentionDays, attributes: await readAttributes(client, namespace) };
  } catch (error) {
    if (grpcCodeOf(error) !== GRPC.notFound) throw error;
    const attributes = mapAttributes(() => 'missing');
    return { exists: false, retentionDays: 0, attributes };
  }
}

async function readAttributes(client: Client, namespace: string): Promise<NamespaceState['attributes']> {
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    return mapAttributes((name) => {
      const type = customAttributes?.[name];
      if (type === undefined || type === null) return 'missing';
      return type === TYPES[SEARCH_ATTRIBUTES[name]] ? 'ready' : 'of another type';
    });
  } catch (error) {
    // Temporal Cloud does not offer this service. A query also shows it: one by a missing attribute is rejected.
    if (grpcCodeOf(error) !== GRPC.permissionDenied && grpcCodeOf(error) !== GRPC.unimplemented) throw error;
    const known = await Promise.all(ATTRIBUTE_NAMES.map((name) => canBeQueried(client, namespace, name)));
    return mapAttributes((name) => (known[ATTRIBUTE_NAMES.indexOf(name)] === true ? 'ready' : 'missing'));
  }
}

function mapAttributes(stateOf: (name: AttributeName) => NamespaceState['attributes'][AttributeName]) {
  const entries = ATTRIBUTE_NAMES.map((name) => [name, stateOf(name)] as const);
  return Object.fromEntries(entries) as Record<AttributeName, ReturnType<typeof stateOf>>;
}

async function canBeQueried(client: Client, namespace: string, name: AttributeName): Promise<boolean> {
  const value = SEARCH_ATTRIBUTES[name] === 'INT' ? '1' : '"x"';
  try {
    await client.connection.workflowService.countWorkflowExecutions({
      namespace,
      query: `${name} = ${value}`,
    });
    return true;
  } catch (error) {
    if (grpcCodeOf(error) === GRPC.invalidArgument) return false;
    throw error;
  }
}

/** A server caches its namespaces for some seconds, so a new namespace takes a while to be known everywhere. */
const PROPAGATION_TIMEOUT_MS = 60_000;
const RETRY_INTERVAL_MS = 500;

/** @throws gRPC's error, e.g. when the server does not permit it */
export async function createNamespace(
  client: Client,
  namespace: string,
  retentionDays: number,
): Promise<void> {
  const { workflowService } = client.connection;
  await workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: durationOf(retentionDays),
    description: 'Requests of Host Factory (open-host-factory)',
  });
  await retryWhileNotFound(() => workflowService.describeNamespace({ namespace }));
}

/** @throws gRPC's error, e.g. when the server does not permit it */
export async function setRetention(client: Client, namespace: string, retentionDays: number): Promise<void> {
  const config = { workflowExecutionRetentionTtl: durationOf(retentionDays) };
  await client.connection.workflowService.updateNamespace({ namespace, config });
}

/** @throws gRPC's error, e.g. when the server does not permit it, as Temporal Cloud */
export async function addSearchAttributes(
  client: Client,
  namespace: string,
  names: readonly AttributeName[] = ATTRIBUTE_NAMES,
): Promise<void> {
  const searchAttributes = Object.fromEntries(names.map((name) => [name, TYPES[SEARCH_ATTRIBUTES[name]]]));
  await retryWhileNotFound(() =>
    client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes }),
  );
}

async function retryWhileNotFound(call: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + PROPAGATION_TIMEOUT_MS;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (grpcCodeOf(error) !== GRPC.notFound || Date.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
    }
  }
}

const durationOf = (days: number) => proto.google.protobuf.Duration.fromObject({ seconds: days * DAY_S });

/** Whether this is Temporal's development server: one process with its state in one SQLite database. */
export async function isDevServer(client: Client): Promise<boolean> {
  try {
    const { persistenceStore } = await client.connection.workflowService.getClusterInfo({});
    return persistenceStore === 'sqlite';
  } catch (error) {
    // The development server always answers this call.
    if (grpcCodeOf(error) === GRPC.permissionDenied || grpcCodeOf(error) === GRPC.unimplemented) return false;
    throw error;
  }
}

function grpcCodeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** The server's own message, without gRPC's prefix. */
export function serverMessage(error: unknown): string {
  if (
    error instanceof Error &&
    'details' in error &&
    typeof error.details === 'string' &&
    error.details !== ''
  )
    return error.details;
  return messageOf(error);
}
