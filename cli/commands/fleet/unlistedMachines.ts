import type { UnlistedMachineReport } from '../../../domain/monitor/messages.ts';
import { renderTable } from '../../output/table.ts';
import { utcText } from '../../output/times.ts';

/** Machines that Host Factory's list lacks, for people. */
export const unlistedTable = (machines: readonly UnlistedMachineReport[]): string =>
  machines.length === 0
    ? 'none\n'
    : renderTable(
        ['MACHINE', 'NAME', 'LAUNCHED', 'READ BY HF', 'LISTS WITHOUT IT', 'REQUEST'],
        machines.map(({ machineId, name, launchTime, isAcknowledged, missedLists, requestId }) => [
          machineId,
          name || '-',
          utcText(launchTime * 1_000),
          isAcknowledged === undefined ? 'not known yet' : isAcknowledged ? 'yes' : 'never',
          missedLists,
          requestId,
        ]),
      );
