import { ConfigurationError } from '../domain/errors/errors.ts';

/** How Host Factory on Windows calls `.bat` files is not documented. @throws ConfigurationError on Windows */
export function rejectWindows(platform: NodeJS.Platform): void {
  if (platform !== 'win32') return;
  throw new ConfigurationError(
    'Host Factory on Windows management hosts is not supported: run it, and ohf, on Linux. ' +
      'Windows compute hosts are: templates whose attribute type is NTX64.',
  );
}
