import type { LostHostsAnswer, LostHostsQuery, MonitorReport } from './messages.ts';

export interface LostHosts extends LostHostsAnswer {
  /** No monitor runs, so nothing is known of the hosts. */
  readonly isMonitorMissing?: boolean;
}

/** The machines of one provider, as its monitor knows them. */
export interface MachineRepository {
  /** Which of these hosts are lost. @throws UnavailableError */
  lost(hosts: LostHostsQuery): Promise<LostHosts>;
  /** Unlisted machines, and requests whose machines have no owner. @throws UnavailableError, also before the first sweep */
  report(): Promise<MonitorReport>;
}
