import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from '@temporalio/client';
import type { TemporalConfig, TlsFiles } from '../../config/index.ts';
import { reasonOf } from '../../config/jsonFile.ts';
import { ConfigurationError } from '../../domain/shared/errors.ts';

/** @throws ConfigurationError when a certificate or key cannot be read */
export function connectionOptions(config: TemporalConfig): ConnectionOptions {
  const { address, apiKey } = config;
  // An API key in clear text on the wire would be given away.
  const tls = config.tls ?? apiKey !== undefined;
  return {
    address,
    tls: typeof tls === 'boolean' ? tls : tlsOptions(tls),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

function tlsOptions(tls: TlsFiles): Exclude<ConnectionOptions['tls'], undefined> {
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
            key: readPem('keyFile', keyFile),
          },
        }),
  };
}

function readPem(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(`temporal.tls.${key}: ${path} cannot be read: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}
