import type { MonitorReport } from '../../../domain/monitor/messages.ts';
import { UnavailableError } from '../../../domain/errors/errors.ts';
import { monitorId } from '../../../contract/ids.ts';
import type { Provider } from './providerContext.ts';

/** What the monitor of a provider knows. @throws UnavailableError also when it has not read AWS yet */
export async function readReport(provider: Provider): Promise<MonitorReport> {
  const report = await (await provider.visibility()).report(monitorOf(provider));
  if (report?.ready) return report;
  const what = report ? 'has not read AWS yet' : 'does not run';
  throw new UnavailableError(
    `The monitor of ${provider.config.provider.name} ${what}; a worker starts it: see 'ohf health'.`,
  );
}

export const monitorOf = ({ config: { provider } }: Provider): string =>
  monitorId(provider.deployment, provider.name);
