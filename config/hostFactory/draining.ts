import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BusinessRuleError } from '../../domain/errors/errors.ts';
import { providerName, templatesPath } from './hfPaths.ts';
import { isObject } from '../../domain/isObject.ts';
import type { Environment } from '../sources.ts';

export const DRAIN_MARKER = 'ohf-draining.json';

/**
 * The file whose presence means that the provider launches nothing more. It stands beside the templates, on
 * the file system that all hosts of Host Factory share, and costs a call one look.
 * @throws ConfigurationError when no variable names the provider's folder
 */
export const drainMarkerPath = (env: Environment): string => join(dirname(templatesPath(env)), DRAIN_MARKER);

/** @throws BusinessRuleError while the provider is drained */
export function rejectWhileDraining(env: Environment): void {
  const path = drainMarkerPath(env);
  if (!existsSync(path)) return;
  throw new BusinessRuleError(
    `Provider '${providerName(env)}' is being drained${markerDetails(path)} and launches no machines. ` +
      "'ohf drain --undo' ends that.",
  );
}

/** The file's presence counts, whatever is in it. */
function markerDetails(path: string): string {
  try {
    const marker: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isObject(marker) ? ` since ${String(marker['since'])} (by ${String(marker['by'])})` : '';
  } catch {
    return '';
  }
}
