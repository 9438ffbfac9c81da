import { existsSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { openOutbox, type Outbox } from '../../activities/events/outbox/outbox.ts';
import type { Damage } from '../../activities/storage/damage.ts';
import { openStore } from '../../activities/storage/openStore.ts';
import type { Store } from '../../activities/storage/store.ts';
import { loadWorkerConfig, type Config, type Environment } from '../../config/index.ts';
import { ConfigurationError } from '../../domain/errors/errors.ts';

/** The worker's files on its host's disk. */
export interface WorkerStorage {
  readonly outbox: Outbox;
  /** The read model. */
  readonly store: Store;
}

/** The folder of a provider instance's outbox, audit log and read model. */
export function storageDirectory({ storage, provider }: Config, env: Environment): string {
  const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  const base = storage.directory ?? join(state, 'open-host-factory');
  return join(base, `${provider.deployment}.${provider.name}`);
}

export const damageText = ({ path, movedTo, lost }: Damage): string =>
  `${path} was damaged: ${lost}. It was moved to ${movedTo}. Run 'ohf rebuild-read-model' to rebuild the read model.`;

const rebuiltMarkerPath = (directory: string): string => join(directory, 'rebuilt');

/** Touches a file by which the worker, another process, learns that the damage is repaired. */
export const markRebuilt = (directory: string): void =>
  writeFileSync(rebuiltMarkerPath(directory), '', { mode: 0o600 });

/** When the read model was last rebuilt, in epoch ms; 0 if never. */
export function rebuiltAt(directory: string): number {
  try {
    return statSync(rebuiltMarkerPath(directory)).mtimeMs;
  } catch {
    return 0;
  }
}

/** @throws StorageError */
export async function openStorage(
  { storage }: Config,
  directory: string,
  onDamage: (damage: Damage) => void,
): Promise<WorkerStorage> {
  const outbox = await openOutbox(join(directory, 'outbox.jsonl'), onDamage);
  try {
    const store = await openStore({ type: storage.type, directory: join(directory, 'read-model') }, onDamage);
    return { outbox, store };
  } catch (error) {
    await outbox.close();
    throw error;
  }
}

/**
 * Runs `work` with the storage of this host's worker, whether the worker runs or not.
 * @throws ConfigurationError where no worker with these settings has ever run; StorageError
 */
export async function withStorage<T>(
  env: Environment,
  onNote: (note: string) => void,
  work: (storage: WorkerStorage, config: Config) => Promise<T>,
): Promise<T> {
  const config = await loadWorkerConfig(env).catch((cause: unknown) => {
    if (!(cause instanceof ConfigurationError)) throw cause;
    const context =
      "This command reads the worker's settings from OHF_CONFIG, else from ./config/config.json";
    throw new ConfigurationError(`${context}: ${cause.message}`, { cause });
  });
  const directory = storageDirectory(config, env);
  if (!existsSync(directory)) {
    const { deployment, name } = config.provider;
    throw new ConfigurationError(
      `${directory} does not exist: no worker of provider '${name}' of deployment '${deployment}' has run on this host. ` +
        "This command reads the worker's disk. Run it on the worker's host, as the worker's user, with the worker's " +
        'settings (OHF_CONFIG is the path of its config.json).',
    );
  }
  const storage = await openStorage(config, directory, (damage) => onNote(damageText(damage)));
  try {
    return await work(storage, config);
  } finally {
    await storage.outbox.close();
    await storage.store.close();
  }
}
