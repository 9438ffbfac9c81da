import { isAlive, type Machine } from '../../../domain/machine/machine.ts';
import { ofProvider, type WorkflowRow } from '../../gateway/visibility.ts';
import type { Provider } from './providerContext.ts';
import { table } from '../../output/table.ts';

/** An open request, return or adopter; `machines` are those that a request still holds, if that is known. */
export interface Remaining extends WorkflowRow {
  readonly machines?: readonly Machine[];
}

/** More than one provider ever has; each costs a query. */
const MOST = 10_000;

/**
 * All of a provider that is not at its end yet.
 * @throws UnavailableError when Temporal can't tell
 */
export async function readRemaining(provider: Provider): Promise<readonly Remaining[]> {
  const visibility = await provider.visibility();
  const rows = await visibility.list(ofProvider(provider.config, 'open'), MOST);
  const ids = rows.filter(({ kind }) => kind === 'request').map(({ id }) => id);
  const gateway = await provider.gateway();
  // Without a worker the machines may not be known; that their owners are open is.
  const answers = await gateway.statusOf(ids, Date.now()).catch(() => []);
  const held = new Map(ids.map((id, index) => [id, answers[index]?.machines.filter(isHeld)]));
  return rows.map((row) => {
    const machines = held.get(row.id);
    return machines === undefined ? row : { ...row, machines };
  });
}

const isHeld = ({ release, state }: Machine): boolean => release !== 'gone' && isAlive(state);

/** One line of summary, then a table. */
export function remainingText(rows: readonly Remaining[]): string {
  if (rows.length === 0) return 'nothing remains: no request, no return, no machine\n';
  const machines = rows.reduce((sum, row) => sum + (row.machines?.length ?? 0), 0);
  const of = (kind: WorkflowRow['kind']): number => rows.filter((row) => row.kind === kind).length;
  const adopters = of('adopter') > 0 ? `, ${of('adopter')} adopters` : '';
  return (
    `remaining: ${of('request')} requests with ${machines} machines, ${of('return')} returns${adopters}\n` +
    table(
      ['ID', 'KIND', 'STATE', 'TEMPLATE', 'ASKED', 'HOLDS'],
      rows.map((row) => [...cellsOf(row), row.machines?.length ?? '-']),
    )
  );
}

const cellsOf = ({ id, kind, state, template, count }: WorkflowRow): (string | number)[] => [
  id,
  kind,
  state,
  template || '-',
  count,
];

/** As programs get it: numbers instead of machines. */
export const remainingJson = (rows: readonly Remaining[]): readonly object[] =>
  rows.map(({ machines, ...row }) => ({ ...row, ...(machines ? { holds: machines.length } : {}) }));
