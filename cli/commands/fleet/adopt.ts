import { ResourceNotFoundError } from '../../../domain/errors/errors.ts';
import { monitorOf, readReport } from '../shared/monitorReport.ts';
import { logOrder } from '../shared/auditOperatorAction.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { withProvider, type Provider } from '../shared/providerContext.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import { table } from '../../output/table.ts';
import type { Command } from '../../args/command.ts';

/** Makes owners again, from the tags of the machines, for requests that have none; without --yes it only shows them. */
export const run: Command = async ({ words, flags }, env) => {
  const yes = flags['yes'] === true;
  const own = providerEnv(flags, env);
  const orphans = await withProvider(own, async (provider) => {
    const found = await orphansOf(provider, words);
    if (yes && found.length > 0) {
      const requestIds = found.map(([requestId]) => requestId);
      await (await provider.visibility()).adopt(monitorOf(provider), requestIds);
      await logOrder(own, 'adopt', { requestIds });
    }
    return found;
  });
  if (flags['json'] === true) {
    const requests = orphans.map(([requestId, machines]) => ({ requestId, machines }));
    await writeOut(`${JSON.stringify({ adopted: yes, requests })}\n`);
    return 0;
  }
  if (orphans.length === 0) {
    await writeOut('none: every machine has an owner\n');
    return 0;
  }
  const next = yes
    ? "each gets an adopter; 'ohf requests' lists them, and returns by Host Factory work again\n"
    : 'nothing was done; --yes makes an adopter for each, which keeps the machines until they are returned\n';
  await writeOut(table(['REQUEST', 'MACHINES'], orphans) + next);
  return 0;
};

/** @throws ResourceNotFoundError when a request that was named has an owner, or no machines */
async function orphansOf(provider: Provider, words: readonly string[]) {
  const { ownerless } = await readReport(provider);
  const unknown = words.find((word) => !ownerless.some(([requestId]) => requestId === word));
  if (unknown !== undefined) {
    throw new ResourceNotFoundError(
      `'${unknown}' has an owner, or no machines that are alive. Machines are known to have none a few minutes after ` +
        "it is lost; 'ohf adopt' without a name lists them.",
    );
  }
  return words.length === 0 ? ownerless : ownerless.filter(([requestId]) => words.includes(requestId));
}
