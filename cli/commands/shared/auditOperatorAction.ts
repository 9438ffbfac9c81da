import { hostname, userInfo } from 'node:os';
import type { Environment } from '../../../config/index.ts';
import { openLog } from '../../log.ts';

/** A line in the provider's log of what a person ordered and who it was, as Host Factory's calls have theirs. */
export async function auditOperatorAction(
  env: Environment,
  operation: string,
  details: object,
): Promise<void> {
  const log = openLog(env, operation);
  log.info('ordered', { by: currentUser(), ...details });
  const { loadCliConfig } = await import('../../../config/index.ts');
  await log.close(async () => (await loadCliConfig(env)).config.logging);
}

export function currentUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user id without a name, as in some containers.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`;
  }
}
