import { isObject } from '../../domain/isObject.ts';
import type { ReturnedMachine } from '../../domain/return/input.ts';

/** A host on the command line: an instance id, else a host name. */
export const hostFromArg = (arg: string): ReturnedMachine =>
  /^i-[0-9a-f]+$/.test(arg) ? { machineId: arg } : { name: arg };

export interface HostEntry {
  readonly name?: string | null | undefined;
  readonly machineId?: string | null | undefined;
}

/** A list of hosts in Host Factory's usual form, or undefined. */
export function parsePlainHosts(machines: unknown): HostEntry[] | undefined {
  if (!Array.isArray(machines)) return undefined;
  const hosts: HostEntry[] = [];
  for (const entry of machines as readonly unknown[]) {
    if (!isObject(entry)) return undefined;
    const { name, machineId } = entry;
    if (!isOptionalString(name) || !isOptionalString(machineId)) return undefined;
    hosts.push({ name, machineId });
  }
  return hosts;
}

const isOptionalString = (value: unknown): value is string | null | undefined =>
  typeof value === 'string' || value === null || value === undefined;

/** Each machine once, in the order of the list, by its id, else by its name. Blank entries are dropped. */
export function distinctHosts(entries: readonly HostEntry[]): readonly ReturnedMachine[] {
  const hosts = new Map<string, ReturnedMachine>();
  for (const host of entries) {
    const machineId = host.machineId?.trim();
    const name = host.name?.trim();
    const key = machineId || name?.toLowerCase();
    if (!key || hosts.has(key)) continue;
    hosts.set(key, { ...(machineId ? { machineId } : {}), ...(name ? { name } : {}) });
  }
  return [...hosts.values()];
}
