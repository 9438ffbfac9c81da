import { access, constants } from 'node:fs/promises';
import { fromIni, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { EC2ClientConfig } from '@aws-sdk/client-ec2';
import { ProviderError } from '../../../domain/errors/errors.ts';

/** Whose credentials sign the calls of one provider instance. Without any of them: the SDK's usual chain. */
export interface CredentialSettings {
  readonly region: string;
  /** An AWS credential file that is read instead of those of the worker's user. */
  readonly credentialFile?: string;
  readonly profile?: string;
  /** Assumed with what the rest says. */
  readonly role?: { readonly arn: string; readonly externalId?: string; readonly sessionName: string };
}

type Credentials = NonNullable<EC2ClientConfig['credentials']>;
type CredentialProvider = Extract<Credentials, (...args: never) => unknown>;

/** Files are read again after this time, so that new keys need no new worker. */
const MAX_FILE_AGE_MS = 10 * 60_000;

/**
 * @param requestHandler how STS is reached
 * @returns undefined where the SDK's usual chain is to be used: environment, AWS's files, instance profile
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
    // With the user's configuration beside it, a profile there of the same name would be mixed in.
    ...(credentialFile === undefined ? {} : { filepath: credentialFile, configFilepath: credentialFile }),
  });
  return async (context) => {
    if (credentialFile !== undefined) await assertReadable(credentialFile);
    const credentials = await fromFile(context);
    const expiration = credentials.expiration ?? new Date(Date.now() + MAX_FILE_AGE_MS);
    return { ...credentials, expiration };
  };
}

/** The SDK takes a missing file for an empty one. */
async function assertReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ProviderError(
      'credentials',
      'CredentialsProviderError',
      `the AWS credential file ${path} cannot be read (${reason})`,
      { cause: error },
    );
  }
}
