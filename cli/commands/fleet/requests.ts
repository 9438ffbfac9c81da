import { ValidationError } from '../../../domain/errors/errors.ts';
import { ofProvider, type WorkflowRow } from '../../gateway/visibility.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import { table } from '../../output/table.ts';
import { bornText } from '../../output/times.ts';
import { limitFlag, textFlag, type Command, type Flags } from '../../args/command.ts';
import { listStored } from './storedRequests.ts';

/** Lists requests, returns and adopters of a provider, the newest first. */
export const run: Command = async ({ flags }, env) => {
  const limit = limitFlag(flags);
  if (flags['stored'] === true) return listStored(flags, limit, env);
  const rows = await withProvider(providerEnv(flags, env), async (provider) => {
    const base = ofProvider(provider.config, flags['all'] === true ? 'any' : 'open');
    const query = `${base}${condition(flags, 'state', 'HfState')}${condition(flags, 'template', 'HfTemplate')}`;
    return (await provider.visibility()).list(query, limit);
  });
  await writeOut(flags['json'] === true ? `${JSON.stringify({ requests: rows })}\n` : text(rows, limit));
  return 0;
};

function text(rows: readonly WorkflowRow[], limit: number): string {
  if (rows.length === 0) return 'none\n';
  const more = rows.length === limit ? `the newest ${limit}; --limit shows more\n` : '';
  return (
    table(
      ['ID', 'KIND', 'STATE', 'TEMPLATE', 'COUNT', 'SINCE'],
      rows.map(({ id, kind, state, template, count }) => [
        id,
        kind,
        state,
        template || '-',
        count,
        bornText(id),
      ]),
    ) + more
  );
}

/** A part of a query of Temporal's lists. */
function condition(flags: Flags, flag: string, attribute: string): string {
  const value = textFlag(flags, flag);
  if (value === undefined) return '';
  if (!/^[\w-]+$/.test(value))
    throw new ValidationError(`--${flag} is '${value}'; allowed: 0-9 A-Z a-z _ -.`);
  return ` AND ${attribute} = "${value}"`;
}
