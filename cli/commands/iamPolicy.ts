import { resolve } from 'node:path';
import { readTemplates } from '../../config/ibmTemplates.ts';
import { findProviderConfDir } from '../../config/hfPaths.ts';
import type { Config, Environment } from '../../config/index.ts';
import { queueUrl } from '../../config/kinds.ts';
import { OhfError, ValidationError } from '../../domain/shared/errors.ts';
import { policyFor } from '../../domain/permissions/policy.ts';
import { writeOut } from '../output.ts';
import { mandatoryFlag, textFlag, type Command, type Flags } from './command.ts';

/** Prints the policy that the worker's role needs for a templates file. Calls no AWS. */
export const run: Command = async ({ flags }, env) => {
  const path = resolve(mandatoryFlag(flags, 'templates', 'the templates file of a provider'));
  const { templates, problems } = await readTemplates(path);
  const settings = await settingsIfAny(env);
  const policy = policyFor(templates, {
    region: textFlag(flags, 'region') ?? settings?.provider.aws.region ?? '*',
    account: accountFlag(flags),
    deployment: textFlag(flags, 'deployment') ?? settings?.provider.deployment ?? '*',
    queue: queueFlag(flags) ?? settings?.provider.aws.interruptionQueue,
  });
  const notes = [
    ...problems.map(({ message }) => `left out: ${message}`),
    ...(JSON.stringify(policy).includes('"aws:ResourceTag/ohf:deployment":"*"')
      ? ['without --deployment the policy covers the machines of every deployment']
      : []),
    ...(policy.Statement.some(({ Sid }) => Sid === 'PassRolesOfMachines')
      ? ['PassRolesOfMachines: put the roles of your instance profiles in the place of *']
      : []),
  ];
  process.stderr.write(notes.map((note) => `ohf: ${note}\n`).join(''));
  await writeOut(`${JSON.stringify(policy, null, 2)}\n`);
  return 0;
};

/** Within Host Factory's environment region and deployment are known; elsewhere the options say them. */
async function settingsIfAny(env: Environment): Promise<Config | undefined> {
  if (findProviderConfDir(env) === undefined && !env['OHF_CONFIG']) return undefined;
  const { loadCliConfig } = await import('../../config/index.ts');
  return loadCliConfig(env).then(
    ({ config }) => config,
    (error: unknown) => {
      if (error instanceof OhfError) return undefined;
      throw error;
    },
  );
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
