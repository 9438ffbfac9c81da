import type { Damage } from './journal.ts';
import { openJsonStore } from './jsonStore.ts';
import { openSqliteStore } from './sqliteStore.ts';
import type { Store } from './store.ts';

export interface StoreSettings {
  readonly type: 'json' | 'sqlite';
  readonly directory: string;
}

/** @param onDamage a file was unreadable and set aside; what was in it is to be rebuilt */
export function openStore(settings: StoreSettings, onDamage: (damage: Damage) => void): Promise<Store> {
  const open = settings.type === 'sqlite' ? openSqliteStore : openJsonStore;
  return open(settings.directory, onDamage);
}
