import { isAlive, type Machine } from '../../../domain/machine/machine.ts';
import type { WorkflowRow } from '../../../domain/request/requestRepository.ts';
import type { QueryContext } from '../../bus/context.ts';
import { renderTable } from '../../output/table.ts';

/** An open request, return or adopter. `machines` are those that a request still has, if its owner answered. */
export interface OpenWork extends WorkflowRow {
  readonly machines?: readonly Machine[];
}

/** More than any provider has. Each request costs a query. */
const MAX_OPEN_WORKFLOWS = 10_000;

/**
 * Reads the open requests, returns and adopters of a provider.
 * @throws UnavailableError if Temporal does not answer
 */
export async function readOpenWork({
  requests,
}: Pick<QueryContext, 'requests'>): Promise<readonly OpenWork[]> {
  const rows = await requests.list({ isOpen: true }, MAX_OPEN_WORKFLOWS);
  const ids = rows.filter(({ kind }) => kind === 'request').map(({ id }) => id);
  // Without a worker the machines may be unknown, but Temporal lists their open owners.
  const answers = await requests.statuses(ids).catch(() => []);
  const held = new Map(ids.map((id, index) => [id, answers[index]?.machines.filter(isHeld)]));
  return rows.map((row) => {
    const machines = held.get(row.id);
    return machines === undefined ? row : { ...row, machines };
  });
}

const isHeld = ({ release, state }: Machine): boolean => release !== 'terminated' && isAlive(state);

/** One line of summary, then a table. */
export function openWorkText(rows: readonly OpenWork[]): string {
  if (rows.length === 0) return 'nothing remains: no requests, returns or machines\n';
  const machines = rows.reduce((sum, row) => sum + (row.machines?.length ?? 0), 0);
  const countOf = (kind: WorkflowRow['kind']): number => rows.filter((row) => row.kind === kind).length;
  const adopters = countOf('adopter') > 0 ? `, ${countOf('adopter')} adopters` : '';
  return (
    `remaining: ${countOf('request')} requests with ${machines} machines, ${countOf('return')} returns${adopters}\n` +
    renderTable(
      ['ID', 'KIND', 'STATE', 'TEMPLATE', 'REQUESTED', 'MACHINES'],
      rows.map((row) => [...openWorkCells(row), row.machines?.length ?? '-']),
    )
  );
}

const openWorkCells = ({ id, kind, state, template, count }: WorkflowRow): (string | number)[] => [
  id,
  kind,
  state,
  template || '-',
  count,
];

/** JSON with the number of machines instead of the machines. */
export const openWorkJson = (rows: readonly OpenWork[]): readonly object[] =>
  rows.map(({ machines, ...row }) => ({ ...row, ...(machines ? { machineCount: machines.length } : {}) }));
