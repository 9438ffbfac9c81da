import type { Environment, TemporalConfig } from '../../config/index.ts';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import type { TemporalCalls } from './gateway.ts';

type Kind = 'lean' | 'sdk';

/** Loads the one client that serves these settings. */
export async function openCalls(config: TemporalConfig, env: Environment): Promise<TemporalCalls> {
  if (gatewayKind(config, env) === 'lean') {
    const { openLeanClient } = await import('./lean/leanClient.ts');
    return openLeanClient(config);
  }
  const { openTemporalClient } = await import('./sdkClient.ts');
  return openTemporalClient(config);
}

/**
 * The lean client, but for what only Temporal's own client can do. OHF_GATEWAY decides where it is set.
 * @throws ConfigurationError
 */
export function gatewayKind(config: TemporalConfig, env: Environment): Kind {
  const wanted = env['OHF_GATEWAY'];
  if (wanted === 'lean' || wanted === 'sdk') return wanted;
  if (wanted) throw new ConfigurationError(`OHF_GATEWAY is "${wanted}"; allowed: lean, sdk.`);
  const usesTls = Boolean(config.tls) || config.apiKey !== undefined;
  if (usesTls && TLS_VARIABLES.some((name) => env[name])) return 'sdk';
  return PROXY_VARIABLES.some((name) => env[name]) && !isLoopback(config.address) ? 'sdk' : 'lean';
}

/** Variables that gRPC's own library heeds, and with it Temporal's client. */
const TLS_VARIABLES = ['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH', 'GRPC_SSL_CIPHER_SUITES'];
const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'];

/** No proxy leads back to the host itself. */
const isLoopback = (address: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/.test(address);
