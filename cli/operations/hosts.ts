import type { ReturnedMachine } from '../../domain/shared/messages.ts';

/** A host as words on the command line name it: an instance id, or else a host name. */
export const hostFromWord = (word: string): ReturnedMachine =>
  /^i-[0-9a-f]+$/.test(word) ? { machineId: word } : { name: word };

interface GivenHost {
  readonly name?: string | null | undefined;
  readonly machineId?: string | null | undefined;
}

/** Each machine once, in the order of the list; the id counts where there is one. Blank entries are dropped. */
export function distinctHosts(given: readonly GivenHost[]): readonly ReturnedMachine[] {
  const hosts = new Map<string, ReturnedMachine>();
  for (const host of given) {
    const machineId = host.machineId?.trim();
    const name = host.name?.trim();
    const key = machineId || name?.toLowerCase();
    if (!key || hosts.has(key)) continue;
    hosts.set(key, { ...(machineId ? { machineId } : {}), ...(name ? { name } : {}) });
  }
  return [...hosts.values()];
}
