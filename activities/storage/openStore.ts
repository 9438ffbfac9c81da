import type { Damage } from './damage.ts';
import { openJsonStore } from './jsonStore.ts';
import { openSqliteStore } from './sqliteStore.ts';
import type { Store } from './store.ts';

export interface StoreSettings {
  readonly type: 'json' | 'sqlite';
  readonly directory: string;
}

/** @param onDamage called when a file was corrupt and set aside; its contents have to be rebuilt */
export function openStore(settings: StoreSettings, onDamage: (damage: Damage) => void): Promise<Store> {
  const open = settings.type === 'sqlite' ? openSqliteStore : openJsonStore;
  return open(settings.directory, onDamage);
}
