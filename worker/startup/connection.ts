import { NativeConnection, type Logger } from '@temporalio/worker';
import type { TemporalConfig } from '../../config/index.ts';
import { temporalTls } from '../../config/temporalTls.ts';
import { UnavailableError } from '../../domain/errors/errors.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

/** How long a starting worker waits for the Temporal server. */
const CONNECT_TIMEOUT_MS = 60_000;
const RETRY_INTERVAL_MS = 2_000;

/**
 * Connects to Temporal, with retries.
 * @throws UnavailableError when the server cannot be reached within `timeoutMs`
 * @throws ConfigurationError when a certificate or key cannot be read
 */
export async function connect(
  temporal: TemporalConfig,
  logger: Logger,
  timeoutMs = CONNECT_TIMEOUT_MS,
): Promise<NativeConnection> {
  const { address, apiKey } = temporal;
  const tls = temporalTls(temporal);
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await NativeConnection.connect({ address, tls, ...(apiKey === undefined ? {} : { apiKey }) });
    } catch (error) {
      if (Date.now() >= deadline) {
        const reason = messageOf(error);
        throw new UnavailableError(
          `Temporal at ${address} could not be reached (${reason}). Start it, or check temporal.address and temporal.tls.`,
          { cause: error },
        );
      }
      logger.warn(`waiting for Temporal at ${address}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL_MS));
    }
  }
}
