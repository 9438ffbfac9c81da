import type { HostTable, Difference, Host } from '../hostFactory/hostTable.ts';

/** A machine as AWS knows it: the truth that the host table is compared with. */
export interface AwsMachine {
  readonly machineId: string;
  /** The request it was launched for, by its tag. */
  readonly requestId?: string;
  /** Somebody pays for it: nobody has terminated it yet. */
  readonly alive: boolean;
  /** Terminated by other hands than the provider's. */
  readonly takenAway: boolean;
}

export interface AwsView {
  /** Epoch ms at which AWS was read: it may not show yet what the host table learned later. */
  readonly askedAt: number;
  readonly machines: ReadonlyMap<string, AwsMachine>;
  /** The most machines that were alive at once, by request. */
  readonly peaks: ReadonlyMap<string, number>;
}

export interface Comparison {
  /** What can never become right. */
  readonly broken: readonly Difference[];
  /** What is right if it passes soon. */
  readonly passing: readonly Difference[];
}

/**
 * Holds what Host Factory believes against what AWS bills. Equal means: every machine that is alive is believed in
 * or belongs to a request under way, and every machine that is believed in is alive.
 * `inFlight`: how many machines each requestMachines call under way asks for.
 */
export function compare(hostTable: HostTable, aws: AwsView, inFlight: readonly number[]): Comparison {
  const unread = new Set(unreadRequests(hostTable, aws, inFlight));
  const broken = [
    ...doubles(hostTable, aws),
    ...[...hostTable.hosts.values()].flatMap((host) => brokenHost(host, aws)),
  ];
  const passing = [
    ...[...aws.machines.values()].flatMap((machine) => leak(machine, hostTable, aws, unread)),
    ...[...hostTable.hosts.values()].flatMap((host) => ghost(host, aws)),
  ];
  return { broken, passing };
}

/** Machines of requests whose id was lost on the way to Host Factory: only the provider can know of them. */
export function unreadMachines(hostTable: HostTable, aws: AwsView): AwsMachine[] {
  const lost = new Set(unreadRequests(hostTable, aws, []));
  return [...aws.machines.values()].filter(
    ({ alive, requestId }) => alive && requestId !== undefined && lost.has(requestId),
  );
}

/** Requests unknown to the host table that a lost call, or one under way, explains: one each, the largest first. */
function unreadRequests(hostTable: HostTable, aws: AwsView, inFlight: readonly number[]): string[] {
  const counts = [...hostTable.lostCounts, ...inFlight].toSorted((a, b) => b - a);
  return [...aws.peaks]
    .filter(([requestId]) => !hostTable.requests.has(requestId))
    .toSorted(([, a], [, b]) => b - a)
    .filter(([, peak], index) => peak <= (counts[index] ?? 0))
    .map(([requestId]) => requestId);
}

function doubles(hostTable: HostTable, aws: AwsView): Difference[] {
  return [...aws.peaks].flatMap(([requestId, peak]): Difference[] => {
    const count = hostTable.requests.get(requestId)?.count ?? Number.POSITIVE_INFINITY;
    if (peak <= count) return [];
    return [{ kind: 'double', subject: requestId, text: `asked for ${count}, and ${peak} ran at once` }];
  });
}

function brokenHost(host: Host, aws: AwsView): Difference[] {
  const machine = aws.machines.get(host.machineId);
  // It was alive before it was reported, so a later read of AWS shows it.
  if (!machine || host.since > aws.askedAt) return [];
  const { machineId: subject } = host;
  if (host.state === 'released' && machine.alive) {
    return [{ kind: 'leak', subject, text: 'Host Factory read that it is terminated, and it is alive' }];
  }
  if (!machine.alive && !machine.takenAway && !host.namedInReturn) {
    const text = 'Host Factory believes in it and never gave it back; the provider terminated it';
    return [{ kind: 'killed', subject, text }];
  }
  if (machine.alive && host.reclaimedAt !== undefined && host.reclaimedAt <= aws.askedAt) {
    return [
      { kind: 'reclaim', subject, text: 'the provider said that it is taken away, and nobody touched it' },
    ];
  }
  return [];
}

function leak(
  machine: AwsMachine,
  hostTable: HostTable,
  aws: AwsView,
  unreadIds: ReadonlySet<string>,
): Difference[] {
  const { machineId, requestId } = machine;
  if (!machine.alive || hostTable.hosts.has(machineId)) return [];
  if (requestId !== undefined && unreadIds.has(requestId)) return [];
  const of = (text: string): Difference[] => [
    { kind: 'leak', subject: machineId, text: `it is alive, and ${text}` },
  ];
  if (requestId === undefined) return of('its tags name no request');
  const request = hostTable.requests.get(requestId);
  if (!request) return of(`Host Factory knows no ${requestId}, which it was launched for`);
  if (request.endedAt === undefined || request.endedAt > aws.askedAt) return [];
  const row = request.row?.machines.find((each) => each.machineId === machineId);
  const reported = row ? `reports it as '${row.result}'` : 'does not list it';
  return of(`${requestId} is ${request.row?.status ?? 'ended'} and ${reported}`);
}

function ghost(host: Host, aws: AwsView): Difference[] {
  if (host.state !== 'provisioned' || host.returnAgain || host.since > aws.askedAt) return [];
  const machine = aws.machines.get(host.machineId);
  if (machine?.alive) return [];
  const text = machine
    ? 'Host Factory believes in it, and it was taken away'
    : 'Host Factory believes in it, and AWS never launched it';
  return [{ kind: 'gone', subject: host.machineId, text }];
}

/** Watches what should pass: `since` (epoch ms) of each, by its text. */
export type Ages = ReadonlyMap<string, number>;

const keyOf = ({ kind, subject, text }: Difference): string => `${kind} ${subject} ${text}`;

export function ageing(ages: Ages, passing: readonly Difference[], now: number): Ages {
  return new Map(passing.map((difference) => [keyOf(difference), ages.get(keyOf(difference)) ?? now]));
}

/** ms for which this has been so. */
export const ageOf = (ages: Ages, difference: Difference, now: number): number =>
  now - (ages.get(keyOf(difference)) ?? now);
