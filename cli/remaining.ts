import type { Environment } from '../config/index.ts';
import { isAlive, type Machine } from '../domain/machine/machine.ts';
import { openGateway } from './gateway/open.ts';
import { ofProvider, openVisibility, type WorkflowRow } from './gateway/visibility.ts';
import { table } from './table.ts';

/** An open request, return or adopter; `machines` are those that it still holds, if that is known. */
export interface Remaining extends WorkflowRow {
  readonly machines?: number;
}

/** More than one provider ever has; each costs a query. */
const MOST = 10_000;

/**
 * All of a provider that is not at its end yet.
 * @throws UnavailableError when Temporal can't tell
 */
export async function readRemaining(env: Environment): Promise<readonly Remaining[]> {
  const { loadCliConfig } = await import('../config/index.ts');
  const { config } = await loadCliConfig(env);
  const visibility = await openVisibility(config.temporal);
  try {
    const rows = await visibility.list(ofProvider(config, 'open'), MOST);
    const owners = rows.filter(({ kind }) => kind === 'request');
    const gateway = await openGateway(config, env);
    try {
      const ids = owners.map(({ id }) => id);
      // Without a worker the number may not be known; that they are open is.
      const answers = await gateway.statusOf(ids, Date.now()).catch(() => []);
      const held = new Map(
        owners.map(({ id }, index) => [id, answers[index]?.machines.filter(isHeld).length]),
      );
      return rows.map((row) => {
        const machines = held.get(row.id);
        return machines === undefined ? row : { ...row, machines };
      });
    } finally {
      await gateway.close();
    }
  } finally {
    await visibility.close();
  }
}

const isHeld = ({ release, state }: Machine): boolean => release !== 'gone' && isAlive(state);

/** One line of summary, then a table. */
export function remainingText(rows: readonly Remaining[]): string {
  if (rows.length === 0) return 'nothing remains: no request, no return, no machine\n';
  const machines = rows.reduce((sum, row) => sum + (row.machines ?? 0), 0);
  const of = (kind: WorkflowRow['kind']): number => rows.filter((row) => row.kind === kind).length;
  const adopters = of('adopter') > 0 ? `, ${of('adopter')} adopters` : '';
  return (
    `remaining: ${of('request')} requests with ${machines} machines, ${of('return')} returns${adopters}\n` +
    table(
      ['ID', 'KIND', 'STATE', 'TEMPLATE', 'ASKED', 'HOLDS'],
      rows.map((row) => [row.id, row.kind, row.state, row.template || '-', row.count, row.machines ?? '-']),
    )
  );
}
