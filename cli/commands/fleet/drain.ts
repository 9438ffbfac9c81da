import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { drainMarkPath } from '../../../config/hostFactory/draining.ts';
import { providerName } from '../../../config/hostFactory/hfPaths.ts';
import type { Environment } from '../../../config/index.ts';
import { ConfigurationError } from '../../../domain/errors/errors.ts';
import { applyChanges, readIfAny, type Change } from '../../install/changes.ts';
import { jsonFileText } from '../../install/jsonText.ts';
import { caller, logOrder } from '../shared/auditOperatorAction.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import { readRemaining, remainingJson, remainingText } from '../shared/openWork.ts';
import type { Command } from '../../args/command.ts';

/** Ends launching for one provider until `--undo`, and shows what it still has. Returns go on. */
export const run: Command = async ({ flags }, env) => {
  const provider = providerEnv(flags, env);
  const isUndo = flags['undo'] === true;
  const done = setMark(provider, !isUndo);
  await logOrder(provider, 'drain', { draining: !isUndo });
  if (flags['json'] !== true) await writeOut(done);
  if (isUndo) {
    if (flags['json'] === true) await writeOut(`${JSON.stringify({ draining: false })}\n`);
    return 0;
  }
  const remaining = await withProvider(provider, readRemaining);
  await writeOut(
    flags['json'] === true
      ? `${JSON.stringify({ draining: true, remaining: remainingJson(remaining) })}\n`
      : remainingText(remaining),
  );
  return 0;
};

/** @returns what was done, in a line */
function setMark(env: Environment, wanted: boolean): string {
  const path = drainMarkPath(env);
  const name = providerName(env);
  if (!existsSync(dirname(path))) {
    throw new ConfigurationError(
      `There is no folder ${dirname(path)} of provider '${name}'. Give --provider and --hf-top.`,
    );
  }
  const before = readIfAny(path);
  const isSet = before !== undefined;
  if (wanted === isSet) return wanted ? `${name} is drained already\n` : `${name} is not drained\n`;
  const change: Change = isSet
    ? { kind: 'delete', path, before }
    : { kind: 'write', path, before, after: jsonFileText({ since: new Date().toISOString(), by: caller() }) };
  applyChanges([change], dirname(path), () => false);
  return wanted
    ? `${name} launches no more machines; 'ohf drain --undo' ends that\n`
    : `${name} may launch machines again\n`;
}
