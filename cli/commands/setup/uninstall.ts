import * as z from 'zod/mini';
import { BusinessRuleError, isOhfError } from '../../../domain/errors/errors.ts';
import { switchOption } from '../../args/fields.ts';
import type { CommandContext } from '../../bus/context.ts';
import { applyChanges } from '../../install/changes.ts';
import { findLayout, type Layout } from '../../install/layout.ts';
import { planUninstall } from '../../install/plan.ts';
import { changesJson, changesText } from '../../install/report.ts';
import { defineCommand } from '../../operations/operation.ts';
import { rejectWindows } from '../../platform.ts';
import { openWorkText, readOpenWork } from '../shared/openWork.ts';
import { LAYOUT_OPTIONS, layoutEnvironment, registrationFileFilter } from './install.ts';

/** Removes what `install` wrote. Refuses while the provider has machines, which Host Factory could not return. */
export const operation = defineCommand({
  schema: () =>
    z.object({
      ...LAYOUT_OPTIONS,
      force: switchOption('--force', 'Uninstall even if it has machines or Temporal does not answer'),
    }),
  scope: 'host',
  environment: layoutEnvironment,
  isDryRun: ({ dryRun }) => dryRun === true,
  examples: ['uninstall --hf-top $EGO_TOP/hostfactory --provider awsinst --dry-run'],
  run: async ({ dryRun = false, force = false, ...flags }, context) => {
    rejectWindows(process.platform);
    const layout = findLayout(flags, context.env);
    const changes = planUninstall(layout);
    if (changes.length > 0 && !dryRun && !force) await rejectWhileInUse(layout, context);
    const backups = dryRun ? [] : applyChanges(changes, layout.confDir, registrationFileFilter(layout));
    return { dryRun, changes, backups, layout };
  },
  json: ({ dryRun, changes, backups }) => ({ dryRun, changes: changesJson(changes), backups }),
  text: ({ dryRun, changes, backups, layout }) =>
    changesText(changes, registrationFileFilter(layout)) + summary(layout, changes.length, backups, dryRun),
});

/** @throws BusinessRuleError if requests, returns or machines remain, or if that is unknown */
async function rejectWhileInUse({ provider }: Layout, context: CommandContext): Promise<void> {
  const openWork = await readOpenWork(context).catch((error: unknown) => {
    if (!isOhfError(error)) throw error;
    throw new BusinessRuleError(
      `Whether ${provider} still has machines is unknown: ${error.message} ` +
        'Nothing was changed. If you know that it has none, add --force.',
      { cause: error },
    );
  });
  if (openWork.length === 0) return;
  throw new BusinessRuleError(
    `${provider} is still in use, so nothing was changed. Run 'ohf drain --provider ${provider}', let Host Factory ` +
      `return its machines, then try again; or add --force.\n${openWorkText(openWork)}`,
  );
}

function summary(layout: Layout, changes: number, backups: readonly string[], isDryRun: boolean): string {
  if (changes === 0) return `nothing to do: ${layout.provider} is not registered in ${layout.confDir}\n`;
  if (isDryRun) return '\nnothing was changed (--dry-run)\n';
  return `${backups.map((path) => `backup ${path}\n`).join('')}
${layout.provider} is no longer registered. Next: egosh service stop HostFactory; egosh service start HostFactory
`;
}
