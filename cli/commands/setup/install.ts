import { ValidationError } from '../../../domain/errors/errors.ts';
import { applyChanges } from '../../install/changes.ts';
import { findLayout, type Layout } from '../../install/layout.ts';
import { planInstall } from '../../install/plan.ts';
import { changesJson, changesText } from '../../install/report.ts';
import { sampleFiles } from '../../install/samples.ts';
import { findLauncherDir, scriptFiles } from '../../install/scriptFiles.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { rejectWindows } from '../../platform.ts';
import type { Command, Flags } from '../../args/command.ts';

/** Registers a provider instance with an installed Host Factory. */
export const run: Command = async ({ flags }, env) => {
  rejectWindows(process.platform);
  const layout = findLayout(flags, env);
  const changes = planInstall(layout, {
    scripts: scriptFiles(findLauncherDir(process.argv[1]), layout),
    samples: sampleFiles(layout, flags),
    requestors: listFlag(flags, 'requestor'),
  });
  const isDryRun = flags['dryRun'] === true;
  const backups = isDryRun ? [] : applyChanges(changes, layout.confDir, registrationFileFilter(layout));
  await writeStdout(
    flags['json'] === true
      ? `${JSON.stringify({ dryRun: isDryRun, changes: changesJson(changes), backups })}\n`
      : `${changesText(changes, registrationFileFilter(layout))}${summary(layout, changes.length, backups, isDryRun)}`,
  );
  return 0;
};

function summary(layout: Layout, changes: number, backups: readonly string[], isDryRun: boolean): string {
  if (changes === 0) return `nothing to do: ${layout.provider} is registered in ${layout.confDir}\n`;
  if (isDryRun) return '\nnothing was written (--dry-run)\n';
  return `${backups.map((path) => `backup ${path}\n`).join('')}
${layout.provider} is registered. Next:
  1. put this site's AMI, subnets and security groups into ${layout.providerConf}/${layout.provider}prov_templates.json
  2. set temporal.address and provider.deployment in ${layout.providerConf}/config.json,
     and AWS_REGION in ${layout.providerConf}/${layout.provider}prov_config.json
  3. egosh service stop HostFactory; egosh service start HostFactory
`;
}

/** Host Factory's own files; the others are ours. */
export function registrationFileFilter({ registrations }: Layout): (path: string) => boolean {
  return (path) => Object.values<string>({ ...registrations }).includes(path);
}

/** An option that may stand there more than once, or name several with commas. */
function listFlag(flags: Flags, name: string): readonly string[] | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = given.flatMap((each) => (typeof each === 'string' ? each.split(',') : ['']));
  if (!texts.includes('')) return texts;
  throw new ValidationError(`--${name} needs a name, or several with commas between.`);
}
