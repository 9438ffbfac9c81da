import type { Environment, TemporalConfig } from '../../config/index.ts';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import type { TemporalClient } from './gateway.ts';

type ClientKind = 'lean' | 'sdk';

/** Loads only the client that these settings need. */
export async function selectClient(config: TemporalConfig, env: Environment): Promise<TemporalClient> {
  if (clientKind(config, env) === 'lean') {
    const { openLeanClient } = await import('./lean/leanClient.ts');
    return openLeanClient(config);
  }
  const { openSdkClient } = await import('./sdkClient.ts');
  return openSdkClient(config);
}

/**
 * Selects the lean client, unless a setting needs Temporal's SDK. OHF_GATEWAY overrides the choice.
 * @throws ConfigurationError
 */
export function clientKind(config: TemporalConfig, env: Environment): ClientKind {
  const wanted = env['OHF_GATEWAY'];
  if (wanted === 'lean' || wanted === 'sdk') return wanted;
  if (wanted) throw new ConfigurationError(`OHF_GATEWAY is "${wanted}"; allowed: lean, sdk.`);
  const usesTls = Boolean(config.tls) || config.apiKey !== undefined;
  if (usesTls && TLS_VARIABLES.some((name) => env[name])) return 'sdk';
  return PROXY_VARIABLES.some((name) => env[name]) && !isLoopback(config.address) ? 'sdk' : 'lean';
}

/** Variables that Temporal's SDK obeys, through its gRPC library. */
const TLS_VARIABLES = ['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH', 'GRPC_SSL_CIPHER_SUITES'];
const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'];

/** A proxy cannot connect to a loopback address of this host. */
const isLoopback = (address: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/.test(address);
