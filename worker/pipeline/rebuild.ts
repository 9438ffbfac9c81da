import { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, type Logger } from '@temporalio/worker';
import { UNOBSERVED } from '../../activities/aws/client/awsCallMetrics.ts';
import { isWhole, rebuildReadModel, type Rebuilt } from '../../activities/events/readModel/rebuild.ts';
import { temporalOwners } from '../../activities/events/readModel/temporalOwners.ts';
import type { Config, Environment } from '../../config/index.ts';
import { connect } from '../startup/connection.ts';
import { PROVIDERS } from '../startup/providers.ts';
import { markRebuilt, storageDirectory, withStorage } from './storage.ts';

export { isWhole, type Rebuilt };

export interface RebuildObserver {
  readonly onProgress: (what: string, done: number) => void;
  /** In a sentence, what an operator should know. */
  readonly onNote: (note: string) => void;
}

/**
 * Makes the read model of this host's worker again.
 * @throws ConfigurationError on another host than the worker's, StorageError, UnavailableError without Temporal
 */
export async function rebuild(env: Environment, { onProgress, onNote }: RebuildObserver): Promise<Rebuilt> {
  // Nothing here has to be ended with care: Ctrl-C just ends it.
  const logger = new DefaultLogger('WARN', ({ message }) => onNote(message));
  Runtime.install({ logger, shutdownSignals: [] });
  return withStorage(env, onNote, async (storage, config) => {
    const connection = await connect(config.temporal, logger);
    try {
      const client = new Client({ connection, namespace: config.temporal.namespace });
      const instance = { deployment: config.provider.deployment, provider: config.provider.name };
      const owners = temporalOwners(client, instance);
      const machines = { ofProvider: () => machinesOf(config, logger) };
      const rebuilt = await rebuildReadModel({ instance, ...storage, owners, machines }, onProgress);
      if (isWhole(rebuilt)) markRebuilt(storageDirectory(config, env));
      return rebuilt;
    } finally {
      await connection.close();
    }
  });
}

async function machinesOf({ provider }: Config, logger: Logger) {
  const { name, deployment, type } = provider;
  const cloud = await PROVIDERS[type](provider, { logger, onReadError: () => {}, calls: UNOBSERVED });
  try {
    return await cloud.provider.machines.ofProvider({ deployment, provider: name });
  } finally {
    cloud.close();
  }
}
