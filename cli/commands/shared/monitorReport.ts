import type { MonitorReport } from '../../../domain/monitor/messages.ts';
import { UnavailableError } from '../../../domain/errors/errors.ts';
import { monitorId } from '../../../contract/ids.ts';
import type { ProviderContext } from './providerContext.ts';

/** What the monitor of a provider knows. @throws UnavailableError also when it has not read AWS yet */
export async function readMonitorReport(provider: ProviderContext): Promise<MonitorReport> {
  const report = await (await provider.visibility()).report(monitorIdOf(provider));
  if (report?.isReady) return report;
  const reason = report ? 'has not read AWS yet' : 'does not run';
  throw new UnavailableError(
    `The monitor of ${provider.config.provider.name} ${reason}; a worker starts it: see 'ohf health'.`,
  );
}

export const monitorIdOf = ({ config: { provider } }: ProviderContext): string =>
  monitorId(provider.deployment, provider.name);
