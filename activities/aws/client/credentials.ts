import { access, constants, stat } from 'node:fs/promises';
import { fromIni, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { EC2ClientConfig } from '@aws-sdk/client-ec2';
import { ProviderError } from '../../../domain/errors/errors.ts';
import { isOpenToOthers } from '../../../domain/filePermissions.ts';
import { UNREADABLE_CREDENTIALS_CODE } from './errors.ts';

/** Credentials that sign a provider's calls; by default the SDK's provider chain. */
export interface CredentialSettings {
  readonly region: string;
  /** AWS credential file, read instead of the files of the worker's user. */
  readonly credentialFile?: string;
  readonly profile?: string;
  /** Role assumed with the credentials above. */
  readonly role?: { readonly arn: string; readonly externalId?: string; readonly sessionName: string };
}

type Credentials = NonNullable<EC2ClientConfig['credentials']>;
type CredentialProvider = Extract<Credentials, (...args: never) => unknown>;

/** Files are re-read after this time, so rotated keys need no restart. */
const MAX_FILE_AGE_MS = 10 * 60_000;

/**
 * @param requestHandler also used for the calls to STS
 * @returns undefined for the SDK's provider chain: environment, AWS's files, instance profile
 */
export function credentialsOf(
  settings: CredentialSettings,
  requestHandler: NonNullable<EC2ClientConfig['requestHandler']>,
): CredentialProvider | undefined {
  const { region, role } = settings;
  const base = credentialsFromFiles(settings);
  if (role === undefined) return base;
  return fromTemporaryCredentials({
    ...(base === undefined ? {} : { masterCredentials: base }),
    params: {
      RoleArn: role.arn,
      RoleSessionName: role.sessionName,
      ...(role.externalId === undefined ? {} : { ExternalId: role.externalId }),
    },
    clientConfig: { region, requestHandler },
  });
}

function credentialsFromFiles({
  credentialFile,
  profile,
}: CredentialSettings): CredentialProvider | undefined {
  if (credentialFile === undefined && profile === undefined) return undefined;
  const fromFile = fromIni({
    profile: profile ?? 'default',
    ignoreCache: true,
    // Without it the SDK would merge a profile of the same name from the user's config file.
    ...(credentialFile === undefined ? {} : { filepath: credentialFile, configFilepath: credentialFile }),
  });
  return async (context) => {
    if (credentialFile !== undefined) await assertPrivate(credentialFile);
    const credentials = await fromFile(context);
    const expiration = credentials.expiration ?? new Date(Date.now() + MAX_FILE_AGE_MS);
    return { ...credentials, expiration };
  };
}

/** The SDK treats a missing file as an empty one, and accepts a file that other users can read. */
async function assertPrivate(path: string): Promise<void> {
  let mode: number;
  try {
    await access(path, constants.R_OK);
    mode = (await stat(path)).mode;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ProviderError(
      'credentials',
      UNREADABLE_CREDENTIALS_CODE,
      `the AWS credential file ${path} cannot be read (${reason})`,
      { cause: error },
    );
  }
  if (isOpenToOthers(mode))
    throw new ProviderError(
      'credentials',
      UNREADABLE_CREDENTIALS_CODE,
      `other users can access the AWS credential file ${path}; run 'chmod o= ${path}'`,
    );
}
