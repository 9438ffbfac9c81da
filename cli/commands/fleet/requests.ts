import { ValidationError } from '../../../domain/errors/errors.ts';
import type { WorkflowRow } from '../../../domain/request/requestRepository.ts';
import { providerQuery } from '../../gateway/visibility.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import { renderTable } from '../../output/table.ts';
import { createdAtText } from '../../output/times.ts';
import { limitFlag, textFlag, type Command, type Flags } from '../../args/command.ts';
import { listStored } from './storedRequests.ts';

/** Lists requests, returns and adopters of a provider, the newest first. */
export const run: Command = async ({ flags }, env) => {
  const limit = limitFlag(flags);
  if (flags['stored'] === true) return listStored(flags, limit, env);
  const rows = await withProvider(scriptEnvironment(flags, env), async (provider) => {
    const base = providerQuery(provider.config, flags['all'] === true ? 'any' : 'open');
    const query = `${base}${filterClause(flags, 'state', 'HfState')}${filterClause(flags, 'template', 'HfTemplate')}`;
    return (await provider.visibility()).list(query, limit);
  });
  await writeStdout(
    flags['json'] === true ? `${JSON.stringify({ requests: rows })}\n` : requestsText(rows, limit),
  );
  return 0;
};

function requestsText(rows: readonly WorkflowRow[], limit: number): string {
  if (rows.length === 0) return 'none\n';
  const hint = rows.length === limit ? `the newest ${limit}; --limit shows more\n` : '';
  return (
    renderTable(
      ['ID', 'KIND', 'STATE', 'TEMPLATE', 'COUNT', 'SINCE'],
      rows.map(({ id, kind, state, template, count }) => [
        id,
        kind,
        state,
        template || '-',
        count,
        createdAtText(id),
      ]),
    ) + hint
  );
}

/** A part of a query of Temporal's lists. */
function filterClause(flags: Flags, flag: string, attribute: string): string {
  const value = textFlag(flags, flag);
  if (value === undefined) return '';
  if (!/^[\w-]+$/.test(value))
    throw new ValidationError(`--${flag} is '${value}'; allowed: 0-9 A-Z a-z _ -.`);
  return ` AND ${attribute} = "${value}"`;
}
