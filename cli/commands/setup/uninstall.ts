import type { Environment } from '../../../config/index.ts';
import { BusinessRuleError, OhfError } from '../../../domain/errors/errors.ts';
import { applyChanges } from '../../install/changes.ts';
import { findLayout, type Layout } from '../../install/layout.ts';
import { planUninstall } from '../../install/plan.ts';
import { changesJson, changesText } from '../../install/report.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { rejectWindows } from '../../platform.ts';
import { withProvider } from '../shared/providerContext.ts';
import { readOpenWork, openWorkText } from '../shared/openWork.ts';
import type { Command } from '../../args/command.ts';
import { registrationFileFilter } from './install.ts';

/** Takes out what `install` put in. Not while the provider has machines: nobody could give them back. */
export const run: Command = async ({ flags }, env) => {
  rejectWindows(process.platform);
  const layout = findLayout(flags, env);
  const changes = planUninstall(layout);
  const isDryRun = flags['dryRun'] === true;
  if (changes.length > 0 && !isDryRun && flags['force'] !== true) await rejectWhileInUse(layout, env);
  const backups = isDryRun ? [] : applyChanges(changes, layout.confDir, registrationFileFilter(layout));
  await writeStdout(
    flags['json'] === true
      ? `${JSON.stringify({ dryRun: isDryRun, changes: changesJson(changes), backups })}\n`
      : `${changesText(changes, registrationFileFilter(layout))}${summary(layout, changes.length, backups, isDryRun)}`,
  );
  return 0;
};

/** @throws BusinessRuleError when something lives, or when that can't be known */
async function rejectWhileInUse({ provider, providerConf }: Layout, env: Environment): Promise<void> {
  const scriptEnv = { ...env, HF_PROVIDER_NAME: provider, HF_PROVIDER_CONFDIR: providerConf };
  const openWork = await withProvider(scriptEnv, readOpenWork).catch((error: unknown) => {
    if (!(error instanceof OhfError)) throw error;
    throw new BusinessRuleError(
      `Whether ${provider} still has machines is not known: ${error.message} ` +
        'Nothing was changed. If you know that it has none, add --force.',
      { cause: error },
    );
  });
  if (openWork.length === 0) return;
  throw new BusinessRuleError(
    `${provider} is not at its end, so nothing was changed. First 'ohf drain --provider ${provider}', let Host ` +
      `Factory give its machines back, then try again; or add --force.\n${openWorkText(openWork)}`,
  );
}

function summary(layout: Layout, changes: number, backups: readonly string[], isDryRun: boolean): string {
  if (changes === 0) return `nothing to do: ${layout.provider} is not registered in ${layout.confDir}\n`;
  if (isDryRun) return '\nnothing was changed (--dry-run)\n';
  return `${backups.map((path) => `backup ${path}\n`).join('')}
${layout.provider} is no longer registered. Next: egosh service stop HostFactory; egosh service start HostFactory
`;
}
