import { ValidationError } from '../../../domain/errors/errors.ts';
import { openContext } from '../../context.ts';
import { openLog } from '../../log.ts';
import { caller } from '../shared/auditOperatorAction.ts';
import { operation } from '../../operations/requestReturnMachines.ts';
import { documentText, writeOut } from '../../output/writeStdout.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import type { Command } from '../../args/command.ts';

/** Gives machines back, by id or host name, as Host Factory would. */
export const run: Command = async ({ words, flags }, env) => {
  if (words.length === 0) throw new ValidationError('Give the ids or host names of machines.');
  const own = providerEnv(flags, env);
  const log = openLog(own, 'return');
  const context = openContext(own, log);
  log.info('ordered', { by: caller(), machines: words });
  try {
    const answer = await operation.execute(operation.inputFromWords(words), context);
    const id = 'requestId' in answer ? String(answer.requestId) : '';
    await writeOut(
      flags['json'] === true
        ? documentText(answer)
        : `${id}: ${words.length} asked for; 'ohf request ${id} --watch' shows how far it is\n`,
    );
    return 0;
  } finally {
    await context.close().catch(() => undefined);
    await log.close(async () => (await context.config()).logging);
  }
};
