import type { Machine } from '../../../domain/machine/machine.ts';
import { renderTable } from '../../output/table.ts';
import { utcText } from '../../output/times.ts';

const HEADER = ['MACHINE', 'NAME', 'ADDRESS', 'TYPE', 'PRICE', 'STATE', 'LAUNCHED'] as const;

/** A table of machines; each row may have further cells under further headers. */
export const machinesTable = (
  moreHeaders: readonly string[],
  rows: readonly (readonly [machine: Machine, ...moreCells: string[]])[],
): string =>
  renderTable(
    [...HEADER, ...moreHeaders],
    rows.map(([machine, ...moreCells]) => [...machineCells(machine), ...moreCells]),
  );

const machineCells = ({
  machineId,
  name,
  privateIp,
  instanceType,
  spot,
  state,
  launchTime,
}: Machine): string[] => [
  machineId,
  name || '-',
  privateIp || '-',
  instanceType,
  spot ? 'spot' : 'ondemand',
  state,
  launchTime > 0 ? utcText(launchTime * 1_000) : '-',
];
