import { readFile } from 'node:fs/promises';
import { NativeConnection, type Logger, type NativeConnectionOptions } from '@temporalio/worker';
import type { TemporalConfig } from '../config/index.ts';
import { UnavailableError } from '../domain/shared/errors.ts';

/** How long a worker that starts waits for a Temporal server that is not there yet. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 2_000;

/** @throws UnavailableError when the server can't be reached for a minute */
export async function connect(temporal: TemporalConfig, logger: Logger): Promise<NativeConnection> {
  const options = await connectionOptions(temporal);
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      if (Date.now() >= until) {
        throw new UnavailableError(
          `Temporal at ${temporal.address} could not be reached. Start it, or set temporal.address.`,
          { cause: error },
        );
      }
      logger.warn(`waiting for Temporal at ${temporal.address}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function connectionOptions(temporal: TemporalConfig): Promise<NativeConnectionOptions> {
  const { address, apiKey, tls } = temporal;
  const key = apiKey === undefined ? {} : { apiKey };
  if (typeof tls !== 'object') return { address, ...key, ...(tls === undefined ? {} : { tls }) };
  const { serverNameOverride, caFile, certFile, keyFile } = tls;
  return {
    address,
    ...key,
    tls: {
      ...(serverNameOverride === undefined ? {} : { serverNameOverride }),
      ...(caFile === undefined ? {} : { serverRootCACertificate: await readFile(caFile) }),
      ...(certFile === undefined || keyFile === undefined
        ? {}
        : { clientCertPair: { crt: await readFile(certFile), key: await readFile(keyFile) } }),
    },
  };
}
