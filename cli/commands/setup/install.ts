import * as z from 'zod/mini';
import type { Environment } from '../../../config/index.ts';
import { switchOption, textOption } from '../../args/fields.ts';
import type { Flags } from '../../args/flags.ts';
import { applyChanges } from '../../install/changes.ts';
import { findLayout, type Layout } from '../../install/layout.ts';
import { planInstall } from '../../install/plan.ts';
import { changesJson, changesText } from '../../install/report.ts';
import { sampleFiles } from '../../install/samples.ts';
import { findLauncherDir, scriptFiles } from '../../install/scriptFiles.ts';
import { defineCommand } from '../../operations/operation.ts';
import { rejectWindows } from '../../platform.ts';

/** The options that select an installed Host Factory and one provider of it. */
export const LAYOUT_OPTIONS = {
  hfTop: textOption('--hf-top <folder>', "Host Factory's folder (default: $HF_TOP)"),
  hfVersion: textOption('--hf-version <n.n>', "Host Factory's version folder (default: the newest)"),
  hfConfdir: textOption('--hf-confdir <folder>', 'HF_CONFDIR (default: conf in --hf-top)'),
  hfWorkdir: textOption('--hf-workdir <folder>', 'HF_WORKDIR (default: work in --hf-top)'),
  hfLogdir: textOption('--hf-logdir <folder>', 'HF_LOGDIR (default: log in --hf-top)'),
  provider: textOption('--provider <name>', 'The provider instance, e.g. awsinst'),
  plugin: textOption('--plugin <name>', 'The name of the plugin (default: ohf)'),
  dryRun: switchOption('--dry-run', 'Show the changes without making them'),
};

const NAMES = 'a name, or several separated by commas';
/** An option that may be repeated, or have several names separated by commas. */
const namesOption = (flag: string, description: string) =>
  z.optional(
    z
      .pipe(
        z.transform((value: unknown) =>
          [value].flat().flatMap((each) => (typeof each === 'string' ? each.split(',') : [''])),
        ),
        z.array(z.string(NAMES).check(z.minLength(1, NAMES)), NAMES),
      )
      .check(z.meta({ flag, description })),
  );

/** Registers a provider instance with an installed Host Factory. */
export const operation = defineCommand({
  schema: () =>
    z.object({
      ...LAYOUT_OPTIONS,
      requestor: namesOption(
        '--requestor <name>',
        'A requestor that may use the provider; may be repeated (default: symAinst and admin)',
      ),
      deployment: textOption(
        '--deployment <name>',
        'For a new config.json: the name of this Symphony cluster',
      ),
      region: textOption('--region <name>', 'For a new provider configuration: the AWS region'),
      temporal: textOption('--temporal <host:port>', "For a new config.json: Temporal's address"),
    }),
  scope: 'host',
  environment: layoutEnvironment,
  isDryRun: ({ dryRun }) => dryRun === true,
  examples: [
    'install --hf-top $EGO_TOP/hostfactory --provider awsinst --dry-run',
    'install --hf-top $EGO_TOP/hostfactory --provider awsinst --deployment grid1 --region eu-west-1',
  ],
  run: async ({ dryRun = false, requestor, ...flags }, { env }) => {
    rejectWindows(process.platform);
    const layout = findLayout(flags, env);
    const changes = planInstall(layout, {
      scripts: scriptFiles(findLauncherDir(process.argv[1]), layout),
      samples: sampleFiles(layout, flags),
      requestors: requestor,
    });
    const backups = dryRun ? [] : applyChanges(changes, layout.confDir, registrationFileFilter(layout));
    return { dryRun, changes, backups, layout };
  },
  json: ({ dryRun, changes, backups }) => ({ dryRun, changes: changesJson(changes), backups }),
  text: ({ dryRun, changes, backups, layout }) =>
    changesText(changes, registrationFileFilter(layout)) + summary(layout, changes.length, backups, dryRun),
});

/** The environment that Host Factory sets for this provider's scripts, so that its settings and log apply. */
export function layoutEnvironment(flags: Flags, env: Environment): Environment {
  const { provider, providerConf, logDir } = findLayout(flags, env);
  return {
    ...env,
    HF_PROVIDER_NAME: provider,
    HF_PROVIDER_CONFDIR: providerConf,
    HF_PROVIDER_LOGDIR: logDir,
  };
}

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

/** Recognizes Host Factory's own registration files among the changed files; the others are ours. */
export function registrationFileFilter({ registrations }: Layout): (path: string) => boolean {
  return (path) => Object.values<string>({ ...registrations }).includes(path);
}
