import { machinesTable } from './machinesTable.ts';
import { machineRow } from '../../operations/machineRow.ts';
import { readMonitorReport } from '../shared/monitorReport.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import { readOpenWork } from '../shared/openWork.ts';
import type { Environment } from '../../../config/index.ts';
import type { Command, Flags } from '../../args/command.ts';
import { unlistedTable } from './unlistedMachines.ts';

/** Lists the machines that a provider's requests hold, by their owners' books; calls no AWS. */
export const run: Command = async ({ flags }, env) => {
  if (flags['unclaimed'] === true) return showUnlisted(flags, env);
  const rows = await withProvider(scriptEnvironment(flags, env), readOpenWork);
  const heldMachines = rows.flatMap(({ id, template, machines = [] }) =>
    machines.map((machine) => ({ requestId: id, template, machine })),
  );
  const unknown = rows.filter(({ kind, machines }) => kind !== 'return' && !machines).map(({ id }) => id);
  if (flags['json'] === true) {
    const machines = heldMachines.map(({ requestId, template, machine }) => ({
      requestId,
      template,
      ...machineRow(machine),
    }));
    await writeStdout(`${JSON.stringify({ machines, unknown })}\n`);
    return 0;
  }
  const list = heldMachines.map(
    ({ machine, template, requestId }) => [machine, template, requestId] as const,
  );
  const note = unknown.length > 0 ? `not known without a worker: those of ${unknown.join(', ')}\n` : '';
  await writeStdout((list.length > 0 ? machinesTable(['TEMPLATE', 'REQUEST'], list) : 'none\n') + note);
  return 0;
};

/** Machines that are alive and that Host Factory's list lacks. */
async function showUnlisted(flags: Flags, env: Environment): Promise<number> {
  const { unlistedMachines } = await withProvider(scriptEnvironment(flags, env), readMonitorReport);
  await writeStdout(
    flags['json'] === true
      ? `${JSON.stringify({ machines: unlistedMachines })}\n`
      : unlistedTable(unlistedMachines),
  );
  return 0;
}
