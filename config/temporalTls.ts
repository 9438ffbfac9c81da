import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../domain/errors/errors.ts';
import type { TemporalConfig } from './config.ts';
import { fileErrorReason } from './input/jsonFile.ts';
import { readSecretFile } from './input/secretFile.ts';

/** As Temporal's clients take it. */
export interface TlsOptions {
  readonly serverNameOverride?: string;
  readonly serverRootCACertificate?: Buffer;
  readonly clientCertPair?: { readonly crt: Buffer; readonly key: Buffer };
}

/**
 * How the connection to Temporal is kept secret, with the content of the files.
 * @throws ConfigurationError when a certificate or key cannot be read, or is alone
 */
export function temporalTls({ apiKey, tls }: TemporalConfig): boolean | TlsOptions {
  // An API key in clear text on the wire would be given away.
  if (typeof tls !== 'object') return tls ?? apiKey !== undefined;
  const { serverNameOverride, caFile, certFile, keyFile } = tls;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [present, missing] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
    throw new ConfigurationError(
      `temporal.tls has ${present} but no ${missing}; a client certificate needs both.`,
    );
  }
  return {
    ...(serverNameOverride === undefined ? {} : { serverNameOverride }),
    ...(caFile === undefined ? {} : { serverRootCACertificate: readPem('caFile', caFile) }),
    ...(certFile === undefined || keyFile === undefined
      ? {}
      : {
          clientCertPair: {
            crt: readPem('certFile', certFile),
            key: readSecretFile('temporal.tls.keyFile', keyFile),
          },
        }),
  };
}

function readPem(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(`temporal.tls.${key}: ${path} cannot be read: ${fileErrorReason(error)}.`, {
      cause: error,
    });
  }
}
