import { readdir } from 'node:fs/promises';
import type { Environment } from '../../config/index.ts';

/**
 * The name of the Symphony cluster that calls: EGO keeps it as the ending of one file in its configuration folder,
 * `ego.cluster.NAME`.
 * @returns undefined where it cannot be told, e.g. outside of EGO
 */
export async function clusterName({ EGO_CONFDIR: folder }: Environment): Promise<string | undefined> {
  if (!folder) return undefined;
  const files = await readdir(folder).catch(() => []);
  const names = files.flatMap((file) => /^ego\.cluster\.([\w.-]{1,100})$/.exec(file)?.[1] ?? []);
  return names.length === 1 ? names[0] : undefined;
}
