import { readdir } from 'node:fs/promises';
import type { Environment } from '../../config/index.ts';

/**
 * The name of the Symphony cluster that calls: EGO's configuration folder has one file `ego.cluster.NAME`.
 * @returns undefined where it is unknown, e.g. outside of EGO
 */
export async function clusterName({ EGO_CONFDIR: folder }: Environment): Promise<string | undefined> {
  if (!folder) return undefined;
  const files = await readdir(folder).catch(() => []);
  const names = files.flatMap((file) => /^ego\.cluster\.([\w.-]{1,100})$/.exec(file)?.[1] ?? []);
  return names.length === 1 ? names[0] : undefined;
}
