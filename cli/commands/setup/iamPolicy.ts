import { resolve } from 'node:path';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { findProviderConfDir } from '../../../config/hostFactory/hfPaths.ts';
import type { Environment } from '../../../config/index.ts';
import { queueUrl } from '../../../config/kinds.ts';
import { DEFAULT_ORIGIN } from '../../../config/load.ts';
import { valueAt } from '../../../config/validate.ts';
import { OhfError, ValidationError } from '../../../domain/errors/errors.ts';
import { policyFor } from '../../../domain/permissions/policy.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { requiredFlag, textFlag, type Command, type Flags } from '../../args/command.ts';

/** Prints the policy that the worker's role needs for a templates file. Calls no AWS. */
export const run: Command = async ({ flags }, env) => {
  const path = resolve(requiredFlag(flags, 'templates', 'the templates file of a provider'));
  const { templates, problems } = await readTemplates(path);
  const settingOf = await loadSettingLookup(env);
  const policy = policyFor(templates, {
    region: textFlag(flags, 'region') ?? settingOf('provider.aws.region') ?? '*',
    account: accountFlag(flags),
    deployment: textFlag(flags, 'deployment') ?? settingOf('provider.deployment') ?? '*',
    queue: queueFlag(flags) ?? settingOf('provider.aws.interruptionQueue'),
  });
  const notes = [
    ...problems.map(({ message }) => `left out: ${message}`),
    ...(JSON.stringify(policy).includes('"aws:ResourceTag/ohf:deployment":"*"')
      ? ['without --deployment the policy covers the machines of every deployment']
      : []),
    ...(policy.Statement.some(({ Sid }) => Sid === 'PassInstanceRoles')
      ? ['PassRolesOfMachines: put the roles of your instance profiles in the place of *']
      : []),
  ];
  process.stderr.write(notes.map((note) => `ohf: ${note}\n`).join(''));
  await writeStdout(`${JSON.stringify(policy, null, 2)}\n`);
  return 0;
};

/**
 * Within Host Factory's environment region and deployment may be known; elsewhere the options say them. A default says
 * nothing: a policy for its region would be one for the wrong region.
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

function queueFlag(flags: Flags): string | undefined {
  const url = textFlag(flags, 'queue');
  const { accepts, allowed } = queueUrl;
  if (url === undefined || accepts(url)) return url;
  throw new ValidationError(`--queue is '${url}'; allowed: ${allowed}.`);
}

function accountFlag(flags: Flags): string {
  const text = textFlag(flags, 'account');
  if (text === undefined) return '*';
  // A leading zero was lost on the way.
  const account = text.padStart(12, '0');
  if (/^\d{12}$/.test(account)) return account;
  throw new ValidationError(`--account is '${text}'; allowed: the 12 digits of an AWS account.`);
}
