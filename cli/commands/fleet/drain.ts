import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import * as z from 'zod/mini';
import { drainMarkerPath } from '../../../config/hostFactory/draining.ts';
import { providerName } from '../../../config/hostFactory/hfPaths.ts';
import type { Environment } from '../../../config/index.ts';
import { ConfigurationError, isOhfError, UnavailableError } from '../../../domain/errors/errors.ts';
import { switchOption } from '../../args/fields.ts';
import { applyChanges, readIfExists, type Change } from '../../install/changes.ts';
import { formatJsonFile } from '../../install/jsonText.ts';
import { defineCommand } from '../../operations/operation.ts';
import { currentUser } from '../shared/currentUser.ts';
import { openWorkJson, openWorkText, readOpenWork, type OpenWork } from '../shared/openWork.ts';

/** Stops launches of one provider until `--undo`, and shows its open requests and machines. Returns continue. */
export const operation = defineCommand({
  schema: () => z.object({ undo: switchOption('--undo', 'Allow launches again') }),
  examples: ['drain --hf-top $EGO_TOP/hostfactory --provider awsinst', 'drain --undo'],
  run: async ({ undo = false }, context): Promise<Result> => {
    const message = setDraining(context.env, !undo);
    if (undo) return { message };
    const openWork = await readOpenWork(context).catch((error: unknown) => {
      if (!isOhfError(error)) throw error;
      throw new UnavailableError(`${message}; its open requests and machines are unknown: ${error.message}`, {
        cause: error,
      });
    });
    return { message, openWork };
  },
  json: ({ openWork }) =>
    openWork ? { draining: true, remaining: openWorkJson(openWork) } : { draining: false },
  text: ({ message, openWork }) => `${message}\n${openWork ? openWorkText(openWork) : ''}`,
});

interface Result {
  readonly message: string;
  /** Missing with `--undo`. */
  readonly openWork?: readonly OpenWork[];
}

/** Writes or deletes the drain marker. @returns one line about what was done */
function setDraining(env: Environment, draining: boolean): string {
  const path = drainMarkerPath(env);
  const name = providerName(env);
  if (!existsSync(dirname(path))) {
    throw new ConfigurationError(
      `The folder ${dirname(path)} of provider '${name}' does not exist. Give --provider and --hf-top.`,
    );
  }
  const before = readIfExists(path);
  const isDraining = before !== undefined;
  if (draining === isDraining) return draining ? `${name} is already drained` : `${name} is not drained`;
  const change: Change = isDraining
    ? { kind: 'delete', path, before }
    : {
        kind: 'write',
        path,
        before,
        after: formatJsonFile({ since: new Date().toISOString(), by: currentUser() }),
      };
  applyChanges([change], dirname(path), () => false);
  return draining
    ? `${name} launches no more machines; 'ohf drain --undo' allows it again`
    : `${name} may launch machines again`;
}
