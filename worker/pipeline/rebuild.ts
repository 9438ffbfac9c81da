import { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, type Logger } from '@temporalio/worker';
import { NO_OBSERVER } from '../../activities/aws/client/awsCallMetrics.ts';
import {
  isComplete,
  rebuildReadModel,
  type RebuildResult,
} from '../../activities/events/readModel/rebuild.ts';
import { createOwnerDirectory } from '../../activities/events/readModel/temporalOwners.ts';
import type { Config, Environment } from '../../config/index.ts';
import { connect } from '../startup/connection.ts';
import { PROVIDERS } from '../startup/providers.ts';
import { markRebuilt, storageDirectory, withStorage } from './storage.ts';

export { isComplete, type RebuildResult };

export interface RebuildCallbacks {
  readonly onProgress: (what: string, done: number) => void;
  /** Receives sentences for the operator. */
  readonly onNote: (note: string) => void;
}

/**
 * Rebuilds the read model of this host's worker from the outbox, Temporal and AWS.
 * @throws ConfigurationError on a host where no worker has run; StorageError; UnavailableError without Temporal
 */
export async function rebuildFromTemporal(
  env: Environment,
  { onProgress, onNote }: RebuildCallbacks,
): Promise<RebuildResult> {
  // No shutdown signals: a rebuild can be interrupted at any moment, so Ctrl-C ends it at once.
  const logger = new DefaultLogger('WARN', ({ message }) => onNote(message));
  Runtime.install({ logger, shutdownSignals: [] });
  return withStorage(env, onNote, async (storage, config) => {
    const connection = await connect(config.temporal, logger);
    try {
      const client = new Client({ connection, namespace: config.temporal.namespace });
      const instance = { deployment: config.provider.deployment, provider: config.provider.name };
      const owners = createOwnerDirectory(client, instance);
      const machines = { listMachines: () => readAllMachines(config, logger) };
      const rebuilt = await rebuildReadModel({ instance, ...storage, owners, machines }, onProgress);
      if (isComplete(rebuilt)) markRebuilt(storageDirectory(config, env));
      return rebuilt;
    } finally {
      await connection.close();
    }
  });
}

async function readAllMachines({ provider }: Config, logger: Logger) {
  const { name, deployment, type } = provider;
  const cloud = await PROVIDERS[type](provider, { logger, onReadError: () => {}, calls: NO_OBSERVER });
  try {
    return await cloud.provider.machines.listMachines({ deployment, provider: name });
  } finally {
    cloud.close();
  }
}
