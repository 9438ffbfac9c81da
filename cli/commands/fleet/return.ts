import { ValidationError } from '../../../domain/errors/errors.ts';
import { openSession } from '../../bus/session.ts';
import { openLog } from '../../log.ts';
import { currentUser } from '../shared/auditOperatorAction.ts';
import { distinctHosts, hostFromArg } from '../../operations/hosts.ts';
import { startReturn } from '../../operations/requestReturnMachines.ts';
import { jsonLine, writeStdout } from '../../output/writeStdout.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import type { Command } from '../../args/command.ts';

/** Gives machines back, by id or host name, as Host Factory would. */
export const run: Command = async ({ args, flags }, env) => {
  if (args.length === 0) throw new ValidationError('Give the ids or host names of machines.');
  const scriptEnv = scriptEnvironment(flags, env);
  const log = openLog(scriptEnv, 'return');
  const session = openSession(scriptEnv, log);
  log.info('ordered', { by: currentUser(), machines: args });
  try {
    const answer = await startReturn(distinctHosts(args.map(hostFromArg)), session.commandContext);
    const id = answer.requestId;
    await writeStdout(
      flags['json'] === true
        ? jsonLine(answer)
        : `${id}: ${args.length} asked for; 'ohf request ${id} --watch' shows how far it is\n`,
    );
    return 0;
  } finally {
    await session.close().catch(() => undefined);
    await log.close(async () => (await session.queryContext.config()).logging);
  }
};
