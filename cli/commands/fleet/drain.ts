import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { drainMarkerPath } from '../../../config/hostFactory/draining.ts';
import { providerName } from '../../../config/hostFactory/hfPaths.ts';
import type { Environment } from '../../../config/index.ts';
import { ConfigurationError } from '../../../domain/errors/errors.ts';
import { applyChanges, readIfExists, type Change } from '../../install/changes.ts';
import { formatJsonFile } from '../../install/jsonText.ts';
import { currentUser, auditOperatorAction } from '../shared/auditOperatorAction.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import { readOpenWork, openWorkJson, openWorkText } from '../shared/openWork.ts';
import type { Command } from '../../args/command.ts';

/** Ends launching for one provider until `--undo`, and shows what it still has. Returns go on. */
export const run: Command = async ({ flags }, env) => {
  const provider = scriptEnvironment(flags, env);
  const isUndo = flags['undo'] === true;
  const message = setDraining(provider, !isUndo);
  await auditOperatorAction(provider, 'drain', { draining: !isUndo });
  if (flags['json'] !== true) await writeStdout(message);
  if (isUndo) {
    if (flags['json'] === true) await writeStdout(`${JSON.stringify({ draining: false })}\n`);
    return 0;
  }
  const openWork = await withProvider(provider, readOpenWork);
  await writeStdout(
    flags['json'] === true
      ? `${JSON.stringify({ draining: true, remaining: openWorkJson(openWork) })}\n`
      : openWorkText(openWork),
  );
  return 0;
};

/** @returns what was done, in a line */
function setDraining(env: Environment, draining: boolean): string {
  const path = drainMarkerPath(env);
  const name = providerName(env);
  if (!existsSync(dirname(path))) {
    throw new ConfigurationError(
      `There is no folder ${dirname(path)} of provider '${name}'. Give --provider and --hf-top.`,
    );
  }
  const before = readIfExists(path);
  const isDraining = before !== undefined;
  if (draining === isDraining) return draining ? `${name} is drained already\n` : `${name} is not drained\n`;
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
    ? `${name} launches no more machines; 'ohf drain --undo' ends that\n`
    : `${name} may launch machines again\n`;
}
