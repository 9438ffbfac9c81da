import type { UnclaimedMachine } from '../../../domain/monitor/messages.ts';
import { table } from '../../output/table.ts';
import { utcText } from '../../output/times.ts';

/** Machines that Host Factory's list lacks, for people. */
export const unclaimedTable = (machines: readonly UnclaimedMachine[]): string =>
  machines.length === 0
    ? 'none\n'
    : table(
        ['MACHINE', 'NAME', 'LAUNCHED', 'READ BY HF', 'LISTS WITHOUT IT', 'REQUEST'],
        machines.map(({ machineId, name, launchTime, claimed, lists, requestId }) => [
          machineId,
          name || '-',
          utcText(launchTime * 1_000),
          claimed === undefined ? 'not known yet' : claimed ? 'yes' : 'never',
          lists,
          requestId,
        ]),
      );
