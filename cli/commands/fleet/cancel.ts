import { ValidationError } from '../../../domain/errors/errors.ts';
import { isRequestId } from '../../../contract/ids.ts';
import { taskQueues } from '../../../contract/taskQueues.ts';
import { logOrder } from '../shared/auditOperatorAction.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import type { Command } from '../../args/command.ts';

/** Ends a request: what it has and what is still on its way is given back. */
export const run: Command = async ({ words, flags }, env) => {
  const wrong = words.find((id) => !isRequestId(id.replace(/^own-/, '')));
  if (words.length === 0 || wrong !== undefined) {
    throw new ValidationError(
      wrong === undefined ? 'Give the id of a request.' : `'${wrong}' is not the id of a request (req-…).`,
    );
  }
  const own = providerEnv(flags, env);
  await withProvider(own, async (provider) => {
    const { deployment, name } = provider.config.provider;
    const { workflows } = taskQueues(deployment, name);
    const visibility = await provider.visibility();
    for (const id of words) {
      await visibility.cancel(id, workflows);
      await logOrder(own, 'cancel', { requestId: id });
      await writeOut(
        flags['json'] === true
          ? `${JSON.stringify({ requestId: id, cancelled: true })}\n`
          : `${id} gives back all it has and ends; 'ohf request ${id} --watch' shows how far it is\n`,
      );
    }
  });
  return 0;
};
