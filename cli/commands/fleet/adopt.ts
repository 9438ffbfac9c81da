import { ResourceNotFoundError } from '../../../domain/errors/errors.ts';
import { monitorIdOf, readMonitorReport } from '../shared/monitorReport.ts';
import { auditOperatorAction } from '../shared/auditOperatorAction.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { withProvider, type ProviderContext } from '../shared/providerContext.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import { renderTable } from '../../output/table.ts';
import type { Command } from '../../args/command.ts';

/** Makes owners again, from the tags of the machines, for requests that have none; without --yes it only shows them. */
export const run: Command = async ({ args, flags }, env) => {
  const isConfirmed = flags['yes'] === true;
  const scriptEnv = scriptEnvironment(flags, env);
  const orphans = await withProvider(scriptEnv, async (provider) => {
    const found = await findOrphans(provider, args);
    if (isConfirmed && found.length > 0) {
      const requestIds = found.map(([requestId]) => requestId);
      await (await provider.visibility()).adopt(monitorIdOf(provider), requestIds);
      await auditOperatorAction(scriptEnv, 'adopt', { requestIds });
    }
    return found;
  });
  if (flags['json'] === true) {
    const requests = orphans.map(([requestId, machines]) => ({ requestId, machines }));
    await writeStdout(`${JSON.stringify({ adopted: isConfirmed, requests })}\n`);
    return 0;
  }
  if (orphans.length === 0) {
    await writeStdout('none: every machine has an owner\n');
    return 0;
  }
  const hint = isConfirmed
    ? "each gets an adopter; 'ohf requests' lists them, and returns by Host Factory work again\n"
    : 'nothing was done; --yes makes an adopter for each, which keeps the machines until they are returned\n';
  await writeStdout(renderTable(['REQUEST', 'MACHINES'], orphans) + hint);
  return 0;
};

/** @throws ResourceNotFoundError when a request that was named has an owner, or no machines */
async function findOrphans(provider: ProviderContext, args: readonly string[]) {
  const { ownerlessRequests } = await readMonitorReport(provider);
  const notOrphaned = args.find((word) => !ownerlessRequests.some(([requestId]) => requestId === word));
  if (notOrphaned !== undefined) {
    throw new ResourceNotFoundError(
      `'${notOrphaned}' has an owner, or no machines that are alive. Machines are known to have none a few minutes after ` +
        "it is lost; 'ohf adopt' without a name lists them.",
    );
  }
  return args.length === 0
    ? ownerlessRequests
    : ownerlessRequests.filter(([requestId]) => args.includes(requestId));
}
