import { ValidationError } from '../../../domain/errors/errors.ts';
import { openContext } from '../../context.ts';
import { openLog } from '../../log.ts';
import { currentUser } from '../shared/auditOperatorAction.ts';
import { operation } from '../../operations/requestReturnMachines.ts';
import { jsonLine, writeStdout } from '../../output/writeStdout.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import type { Command } from '../../args/command.ts';

/** Gives machines back, by id or host name, as Host Factory would. */
export const run: Command = async ({ args, flags }, env) => {
  if (args.length === 0) throw new ValidationError('Give the ids or host names of machines.');
  const scriptEnv = scriptEnvironment(flags, env);
  const log = openLog(scriptEnv, 'return');
  const context = openContext(scriptEnv, log);
  log.info('ordered', { by: currentUser(), machines: args });
  try {
    const answer = await operation.execute(operation.inputFromArgs(args), context);
    const id = 'requestId' in answer ? String(answer.requestId) : '';
    await writeStdout(
      flags['json'] === true
        ? jsonLine(answer)
        : `${id}: ${args.length} asked for; 'ohf request ${id} --watch' shows how far it is\n`,
    );
    return 0;
  } finally {
    await context.close().catch(() => undefined);
    await log.close(async () => (await context.config()).logging);
  }
};
