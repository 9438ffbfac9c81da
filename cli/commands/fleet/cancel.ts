import { ValidationError } from '../../../domain/errors/errors.ts';
import { isRequestId } from '../../../contract/ids.ts';
import { taskQueues } from '../../../contract/taskQueues.ts';
import { auditOperatorAction } from '../shared/auditOperatorAction.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import type { Command } from '../../args/command.ts';

/** Ends a request: what it has and what is still on its way is given back. */
export const run: Command = async ({ args, flags }, env) => {
  const invalidId = args.find((id) => !isRequestId(id.replace(/^own-/, '')));
  if (args.length === 0 || invalidId !== undefined) {
    throw new ValidationError(
      invalidId === undefined
        ? 'Give the id of a request.'
        : `'${invalidId}' is not the id of a request (req-…).`,
    );
  }
  const scriptEnv = scriptEnvironment(flags, env);
  await withProvider(scriptEnv, async (provider) => {
    const { deployment, name } = provider.config.provider;
    const { workflows } = taskQueues(deployment, name);
    const visibility = await provider.visibility();
    for (const id of args) {
      await visibility.cancel(id, workflows);
      await auditOperatorAction(scriptEnv, 'cancel', { requestId: id });
      await writeStdout(
        flags['json'] === true
          ? `${JSON.stringify({ requestId: id, cancelled: true })}\n`
          : `${id} gives back all it has and ends; 'ohf request ${id} --watch' shows how far it is\n`,
      );
    }
  });
  return 0;
};
