import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from '@temporalio/client';
import type { TemporalConfig, TlsFiles } from '../../config/index.ts';
import { reasonOf } from '../../config/jsonFile.ts';
import { ConfigurationError } from '../../domain/shared/errors.ts';

/** @throws ConfigurationError when a certificate or key cannot be read */
export async function connectionOptions(config: TemporalConfig): Promise<ConnectionOptions> {
  const { address, apiKey } = config;
  // An API key in clear text on the wire would be given away.
  const tls = config.tls ?? apiKey !== undefined;
  return {
    address,
    tls: typeof tls === 'boolean' ? tls : await tlsOptions(tls),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

async function tlsOptions(tls: TlsFiles): Promise<Exclude<ConnectionOptions['tls'], undefined>> {
  const { serverNameOverride, caFile, certFile, keyFile } = tls;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [present, missing] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
    throw new ConfigurationError(
      `temporal.tls has ${present} but no ${missing}; a client certificate needs both.`,
    );
  }
  return {
    ...(serverNameOverride === undefined ? {} : { serverNameOverride }),
    ...(caFile === undefined ? {} : { serverRootCACertificate: await readPem('caFile', caFile) }),
    ...(certFile === undefined || keyFile === undefined
      ? {}
      : {
          clientCertPair: {
            crt: await readPem('certFile', certFile),
            key: await readPem('keyFile', keyFile),
          },
        }),
  };
}

async function readPem(key: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new ConfigurationError(`temporal.tls.${key}: ${path} cannot be read: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}
