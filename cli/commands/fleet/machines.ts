import * as z from 'zod/mini';
import { switchOption } from '../../args/fields.ts';
import { machineRow } from '../../operations/machineRow.ts';
import { defineQuery } from '../../operations/operation.ts';
import { readOpenWork, type OpenWork } from '../shared/openWork.ts';
import { machinesTable } from './machinesTable.ts';
import { unlistedTable } from './unlistedMachines.ts';

/** Lists the machines of a provider's requests as their owners know them. Does not call AWS. */
export const operation = defineQuery({
  schema: () =>
    z.object({
      unlisted: switchOption('--unlisted', "Only machines that Host Factory's host list lacks"),
    }),
  examples: ['machines', 'machines --unlisted', 'machines --json'],
  run: async ({ unlisted }, context) =>
    unlisted
      ? { unlisted: (await context.machines.report()).unlistedMachines }
      : { openWork: await readOpenWork(context) },
  json: ({ unlisted, openWork = [] }) => {
    if (unlisted) return { machines: unlisted };
    const machines = machinesOf(openWork).map(({ machine, template, requestId }) => ({
      requestId,
      template,
      ...machineRow(machine),
    }));
    return { machines, unknown: unansweredIds(openWork) };
  },
  text: ({ unlisted, openWork = [] }) => {
    if (unlisted) return unlistedTable(unlisted);
    const rows = machinesOf(openWork).map(
      ({ machine, template, requestId }) => [machine, template, requestId] as const,
    );
    const unanswered = unansweredIds(openWork);
    const note =
      unanswered.length > 0
        ? `without a worker the machines of these are unknown: ${unanswered.join(', ')}\n`
        : '';
    return (rows.length > 0 ? machinesTable(['TEMPLATE', 'REQUEST'], rows) : 'none\n') + note;
  },
});

const machinesOf = (openWork: readonly OpenWork[]) =>
  openWork.flatMap(({ id, template, machines = [] }) =>
    machines.map((machine) => ({ requestId: id, template, machine })),
  );

const unansweredIds = (openWork: readonly OpenWork[]): readonly string[] =>
  openWork.filter(({ kind, machines }) => kind !== 'return' && !machines).map(({ id }) => id);
