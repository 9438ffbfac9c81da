import type { ConnectionOptions } from '@temporalio/client';
import type { TemporalConfig } from '../../config/index.ts';
import { temporalTls } from '../../config/temporalTls.ts';

/** @throws ConfigurationError when a certificate or key cannot be read */
export const connectionOptions = (config: TemporalConfig): ConnectionOptions => ({
  address: config.address,
  tls: temporalTls(config),
  ...(config.apiKey === undefined ? {} : { apiKey: config.apiKey }),
});
