import type { UnlistedMachineReport } from '../../../domain/monitor/messages.ts';
import { renderTable } from '../../output/table.ts';
import { utcText } from '../../output/times.ts';

/** A table of the machines that Host Factory's list lacks. */
export const unlistedTable = (machines: readonly UnlistedMachineReport[]): string =>
  machines.length === 0
    ? 'none\n'
    : renderTable(
        ['MACHINE', 'NAME', 'LAUNCHED', 'ACKNOWLEDGED', 'MISSED LISTS', 'REQUEST'],
        machines.map(({ machineId, name, launchTime, isAcknowledged, missedLists, requestId }) => [
          machineId,
          name || '-',
          utcText(launchTime * 1_000),
          isAcknowledged === undefined ? 'unknown' : isAcknowledged ? 'yes' : 'no',
          missedLists,
          requestId,
        ]),
      );
