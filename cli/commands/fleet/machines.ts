import { machinesTable } from './machinesTable.ts';
import { machineRow } from '../../operations/machineRow.ts';
import { readReport } from '../shared/monitorReport.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import { readRemaining } from '../shared/openWork.ts';
import type { Environment } from '../../../config/index.ts';
import type { Command, Flags } from '../../args/command.ts';
import { unclaimedTable } from './unlistedMachines.ts';

/** Lists the machines that a provider's requests hold, by their owners' books; calls no AWS. */
export const run: Command = async ({ flags }, env) => {
  if (flags['unclaimed'] === true) return showUnclaimed(flags, env);
  const rows = await withProvider(providerEnv(flags, env), readRemaining);
  const held = rows.flatMap(({ id, template, machines = [] }) =>
    machines.map((machine) => ({ requestId: id, template, machine })),
  );
  const unknown = rows.filter(({ kind, machines }) => kind !== 'return' && !machines).map(({ id }) => id);
  if (flags['json'] === true) {
    const machines = held.map(({ requestId, template, machine }) => ({
      requestId,
      template,
      ...machineRow(machine),
    }));
    await writeOut(`${JSON.stringify({ machines, unknown })}\n`);
    return 0;
  }
  const list = held.map(({ machine, template, requestId }) => [machine, template, requestId] as const);
  const note = unknown.length > 0 ? `not known without a worker: those of ${unknown.join(', ')}\n` : '';
  await writeOut((list.length > 0 ? machinesTable(['TEMPLATE', 'REQUEST'], list) : 'none\n') + note);
  return 0;
};

/** Machines that are alive and that Host Factory's list lacks. */
async function showUnclaimed(flags: Flags, env: Environment): Promise<number> {
  const { unclaimed } = await withProvider(providerEnv(flags, env), readReport);
  await writeOut(
    flags['json'] === true ? `${JSON.stringify({ machines: unclaimed })}\n` : unclaimedTable(unclaimed),
  );
  return 0;
}
