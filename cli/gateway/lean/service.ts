import type { TemporalConfig } from '../../../config/index.ts';
import { connectionOptions } from '../connectionOptions.ts';
import { MAX_ATTEMPTS, INITIAL_BACKOFF_MS } from '../limits.ts';
import { GRPC } from '../temporalErrors.ts';
import { Channel } from './channel.ts';
import { GrpcError } from './grpcError.ts';

export interface Service {
  /** @param deadline epoch ms */
  connect(deadline: number): Promise<void>;
  /**
   * Calls Temporal's WorkflowService, and retries where that is safe.
   * @param kind a `read` is also retried after a lost connection, a `write` only if the server did not process it
   * @throws GrpcError
   */
  call(kind: 'read' | 'write', method: string, message: Uint8Array, deadline: number): Promise<Uint8Array>;
  close(): void;
}

/** @throws ConfigurationError when a certificate or key cannot be read */
export function openService(config: TemporalConfig): Service {
  const { tls, apiKey } = connectionOptions(config);
  const files = typeof tls === 'object' && tls !== null ? tls : {};
  const { serverNameOverride: name, serverRootCACertificate: ca, clientCertPair: pair } = files;
  const channel = new Channel({
    address: config.address,
    ...(tls
      ? {
          tls: {
            ...(name ? { servername: name } : {}),
            ...(ca ? { ca: Buffer.from(ca) } : {}),
            ...(pair ? { cert: Buffer.from(pair.crt), key: Buffer.from(pair.key) } : {}),
          },
        }
      : {}),
    headers: {
      ...(name ? { ':authority': name } : {}),
      ...(typeof apiKey === 'string' ? { authorization: `Bearer ${apiKey}` } : {}),
      // Temporal Cloud routes the call by it.
      'temporal-namespace': config.namespace,
      'user-agent': 'open-host-factory',
    },
  });
  return {
    connect: async (deadline) => void (await channel.connect(deadline)),
    call: async (kind, method, message, deadline) => {
      const path = `/temporal.api.workflowservice.v1.WorkflowService/${method}`;
      let lostConnections = 0;
      for (let attempt = 1; ; attempt++) {
        try {
          return await channel.call(path, message, deadline);
        } catch (error) {
          if (!(error instanceof GrpcError)) throw error;
          const backoffMs = backoffBefore(attempt);
          if (Date.now() + backoffMs >= deadline) throw error;
          if (error.code === GRPC.resourceExhausted && attempt < MAX_ATTEMPTS) await sleep(backoffMs);
          else if (!isRetryable(error, kind) || ++lostConnections > 1) throw error;
        }
      }
    },
    close: () => channel.close(),
  };
}

const isRetryable = ({ code, isUnprocessed }: GrpcError, kind: 'read' | 'write'): boolean =>
  isUnprocessed || (kind === 'read' && code === GRPC.unavailable);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** With jitter, so that calls that were rejected together are not retried together. */
const backoffBefore = (attempt: number): number =>
  INITIAL_BACKOFF_MS * 1.7 ** attempt * (0.8 + 0.4 * Math.random());
