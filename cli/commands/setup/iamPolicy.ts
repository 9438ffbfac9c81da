import * as z from 'zod/mini';
import { resolve } from 'node:path';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { findProviderConfDir } from '../../../config/hostFactory/hfPaths.ts';
import type { Environment } from '../../../config/index.ts';
import { DEFAULT_ORIGIN } from '../../../config/load.ts';
import { isAllowed } from '../../../config/settingRule.ts';
import { SETTINGS } from '../../../config/settingsTable.ts';
import { valueAt } from '../../../config/validate.ts';
import { OhfError, ValidationError } from '../../../domain/errors/errors.ts';
import { policyFor } from '../../../domain/permissions/policy.ts';
import { textOption } from '../../args/fields.ts';
import { defineQuery } from '../../operations/operation.ts';
import { printNote } from '../shared/workerHost.ts';

/** Prints the policy that the worker's role needs for a templates file. Does not call AWS. */
export const operation = defineQuery({
  schema: () =>
    z.object({
      templates: textOption('--templates <file>', 'The templates file of a provider'),
      region: textOption('--region <name>', "Restrict it to this region (default: the provider's, else any)"),
      account: textOption('--account <id>', 'Restrict it to this account (default: any)'),
      deployment: textOption(
        '--deployment <name>',
        "Restrict it to machines of this deployment (default: the provider's, else any)",
      ),
      queue: textOption(
        '--queue <url>',
        "Add the permissions for this interruption queue (default: the provider's, if any)",
      ),
    }),
  scope: 'host',
  examples: [
    'iam-policy --templates awsinstprov_templates.json --region eu-west-1 --account 123456789012 --deployment grid1',
  ],
  run: async ({ templates: file, region, account, deployment, queue }, { env }) => {
    if (file === undefined)
      throw new ValidationError('--templates is missing; allowed: the path of a templates file.');
    const { templates, problems } = await readTemplates(resolve(file));
    const settingOf = await loadSettingLookup(env);
    const policy = policyFor(templates, {
      region: region ?? settingOf('provider.aws.region') ?? '*',
      account: parseAccount(account),
      deployment: deployment ?? settingOf('provider.deployment') ?? '*',
      queue: parseQueue(queue) ?? settingOf('provider.aws.interruptionQueue'),
    });
    const notes = [
      ...problems.map(({ message }) => `template left out: ${message}`),
      ...(JSON.stringify(policy).includes('"aws:ResourceTag/ohf:deployment":"*"')
        ? ['without --deployment the policy covers the machines of every deployment']
        : []),
      ...(policy.Statement.some(({ Sid }) => Sid === 'PassInstanceRoles')
        ? ['PassInstanceRoles: replace * by the roles of your instance profiles']
        : []),
    ];
    for (const note of notes) printNote(note);
    return policy;
  },
  text: (policy) => `${JSON.stringify(policy, null, 2)}\n`,
});

/**
 * Reads settings of the provider, such as its region, in Host Factory's environment; elsewhere the options give them.
 * Defaults are ignored, because the default region may be the wrong one.
 */
async function loadSettingLookup(env: Environment): Promise<(key: string) => string | undefined> {
  const notSet = (): undefined => undefined;
  if (findProviderConfDir(env) === undefined && !env['OHF_CONFIG']) return notSet;
  const { gatherCliConfig } = await import('../../../config/index.ts');
  try {
    const { values, originOf, findings } = await gatherCliConfig(env);
    if (findings.length > 0) return notSet;
    return (key) => {
      const value = originOf(key) === DEFAULT_ORIGIN ? undefined : valueAt(values, key);
      return typeof value === 'string' ? value : undefined;
    };
  } catch (error) {
    if (error instanceof OhfError) return notSet;
    throw error;
  }
}

function parseQueue(url: string | undefined): string | undefined {
  const rule = SETTINGS['provider.aws.interruptionQueue'];
  if (url === undefined || isAllowed(rule, url)) return url;
  throw new ValidationError(`--queue is "${url}"; allowed: ${rule.allowed}.`);
}

function parseAccount(text: string | undefined): string {
  if (text === undefined) return '*';
  // cac drops leading zeros.
  const account = text.padStart(12, '0');
  if (/^\d{12}$/.test(account)) return account;
  throw new ValidationError(`--account is "${text}"; allowed: the 12 digits of an AWS account.`);
}
