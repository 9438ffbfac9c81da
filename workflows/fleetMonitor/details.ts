import { alarmsOf } from '../../domain/monitor/alarms.ts';
import type { MonitorState } from '../../domain/monitor/state.ts';

/** Markdown for the monitor's page in Temporal's Web UI. */
export function monitorDetails(state: MonitorState): string {
  const { liveMachines, lostMachines, suspects, isReady, ownerlessRequests, unlistedMachines } = state;
  const reported = [...lostMachines.values()].filter(({ stage }) => stage === 'reported').length;
  const rows: (readonly [string, number])[] = [
    ['alive', liveMachines.size],
    ['lost, and reported to Host Factory', reported],
    ['suspects', suspects.size],
    ["missing from Host Factory's list", unlistedMachines.size],
    ['requests without an owner', ownerlessRequests.length],
  ];
  return [
    ...alarmsOf(state).map(({ message }) => `**${message}**`),
    isReady ? 'Machines of this provider instance' : 'AWS has not been read yet.',
    '| machines | |\n|---|---|\n' + rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n'),
  ].join('\n\n');
}
