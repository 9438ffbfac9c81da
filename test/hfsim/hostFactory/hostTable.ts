import type { MachineRow, StatusRow } from './answers.ts';

/** A machine that Host Factory counts as its own, or did. */
export interface Host {
  readonly machineId: string;
  /** As the provider reported it; Host Factory identifies its hosts by it. */
  readonly name: string;
  readonly requestId: string;
  /** `releasing`: a return of it is under way. `released`: the provider said that it is gone. */
  readonly state: 'provisioned' | 'releasing' | 'released';
  /** Epoch ms of the last change of `state`. */
  readonly since: number;
  /** Whether any return ever named it, also one that got lost. */
  readonly namedInReturn: boolean;
  /** A return of it failed or got lost: it is to be repeated. */
  readonly returnAgain: boolean;
  /** Epoch ms at which the provider first said that it is taken away. */
  readonly reclaimedAt?: number;
}

/** A request for machines whose id Host Factory has read. */
export interface Request {
  readonly requestId: string;
  readonly count: number;
  /** Epoch ms */
  readonly sentAt: number;
  /** The last answer, and when it was read (epoch ms). */
  readonly row?: StatusRow;
  readonly readAt?: number;
  /** Epoch ms of the first answer that was no longer `running`. */
  readonly endedAt?: number;
}

export interface Return {
  readonly returnId: string;
  readonly machineIds: readonly string[];
  readonly sentAt: number;
  readonly endedAt?: number;
}

/** Something that must not be. */
export interface Difference {
  readonly kind: 'leak' | 'double' | 'killed' | 'gone' | 'reclaim' | 'answer' | 'late';
  /** The machine or the request that it is about. */
  readonly subject: string;
  readonly text: string;
}

/** What Host Factory keeps in its database: which machines it believes in, after which answer. */
export interface HostTable {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly requests: ReadonlyMap<string, Request>;
  readonly returns: ReadonlyMap<string, Return>;
  /** How many machines those calls asked for of which no answer was ever read. */
  readonly lostCounts: readonly number[];
  requestAnswered(requestId: string, count: number, sentAt: number): Difference[];
  requestLost(count: number): void;
  /** A call of requestReturnMachines goes out: from now on these may end. */
  returnSent(machineIds: readonly string[], at: number): void;
  returnAnswered(returnId: string, machineIds: readonly string[], sentAt: number): void;
  /** Refused, or no answer was read: the hosts stay Host Factory's. */
  returnFailed(machineIds: readonly string[], at: number): void;
  reclaimed(machineId: string, at: number): void;
  /** `sentAt`: when the call was made. One that another call has overtaken tells no more of the past. */
  statusRead(row: StatusRow, sentAt: number, at: number): Difference[];
}

export function createHostTable(): HostTable {
  const hosts = new Map<string, Host>();
  const requests = new Map<string, Request>();
  const returns = new Map<string, Return>();
  const lostCounts: number[] = [];

  function change(machineIds: readonly string[], how: (host: Host) => Partial<Host>): void {
    for (const machineId of machineIds) {
      const host = hosts.get(machineId);
      if (host) hosts.set(machineId, { ...host, ...how(host) });
    }
  }

  function createRead(request: Request, row: StatusRow, sentAt: number, at: number): Difference[] {
    const overtaken = request.readAt !== undefined && sentAt < request.readAt;
    const differences = overtaken ? [] : [...faultsOf(request, row), ...changesOf(request, row)];
    for (const machine of row.machines) {
      if (machine.result !== 'succeed') continue;
      const known = hosts.get(machine.machineId);
      if (known && known.requestId !== request.requestId) {
        differences.push(
          answer(machine.machineId, `is in ${request.requestId} and in ${known.requestId}, too`),
        );
      }
      if (known) continue;
      hosts.set(machine.machineId, {
        machineId: machine.machineId,
        name: machine.name,
        requestId: request.requestId,
        state: 'provisioned',
        since: at,
        namedInReturn: false,
        returnAgain: false,
      });
    }
    if (overtaken || saysNothing(row)) return differences;
    const ended = row.status === 'running' ? {} : { endedAt: request.endedAt ?? at };
    requests.set(request.requestId, { ...request, row, readAt: at, ...ended });
    return differences;
  }

  function returnRead(entry: Return, row: StatusRow, at: number): Difference[] {
    // A later answer to a duplicate poll tells nothing new.
    if (row.status === 'running' || entry.endedAt !== undefined) return [];
    const results = new Map(
      row.machines.flatMap(({ machineId, name, result }) => [
        [name, result],
        [machineId, result],
      ]),
    );
    const resultOf = (machineId: string) =>
      results.get(machineId) ?? results.get(hosts.get(machineId)?.name ?? '') ?? 'nothing';
    const differences = entry.machineIds
      .filter((machineId) => !['succeed', 'fail'].includes(resultOf(machineId)))
      .map((machineId) =>
        answer(machineId, `of ${entry.returnId}, which is ${row.status}, is '${resultOf(machineId)}'`),
      );
    returns.set(entry.returnId, { ...entry, endedAt: at });
    change(entry.machineIds, ({ machineId }) =>
      resultOf(machineId) === 'succeed'
        ? { state: 'released', since: at, returnAgain: false }
        : { state: 'provisioned', since: at, returnAgain: true },
    );
    return differences;
  }

  return {
    hosts,
    requests,
    returns,
    lostCounts,
    requestAnswered(requestId, count, sentAt) {
      if (requests.has(requestId)) return [answer(requestId, 'two calls were given this id')];
      requests.set(requestId, { requestId, count, sentAt });
      return [];
    },
    requestLost: (count) => void lostCounts.push(count),
    returnSent(machineIds, at) {
      change(machineIds, () => ({ state: 'releasing', since: at, namedInReturn: true, returnAgain: false }));
    },
    returnAnswered: (returnId, machineIds, sentAt) =>
      void returns.set(returnId, { returnId, machineIds, sentAt }),
    returnFailed(machineIds, at) {
      change(machineIds, () => ({ state: 'provisioned', since: at, returnAgain: true }));
    },
    reclaimed(machineId, at) {
      change([machineId], ({ reclaimedAt }) => ({ reclaimedAt: reclaimedAt ?? at }));
    },
    statusRead(row, sentAt, at) {
      const request = requests.get(row.requestId);
      if (request) return createRead(request, row, sentAt, at);
      const entry = returns.get(row.requestId);
      if (entry) return returnRead(entry, row, at);
      return [answer(row.requestId, 'nobody asked for the status of this id')];
    },
  };
}

/** Epoch seconds */
const LONG_AGO = 1_500_000_000;

const answer = (subject: string, text: string): Difference => ({ kind: 'answer', subject, text });

/** Without a worker a request is known to run, and nothing else of it. */
const saysNothing = ({ status, machines }: StatusRow): boolean =>
  status === 'running' && machines.length === 0;

/** What no answer may say. */
function faultsOf({ requestId, count }: Request, { status, machines }: StatusRow): Difference[] {
  const succeeded = machines.filter(({ result }) => result === 'succeed').length;
  const faults = [
    new Set(machines.map(({ machineId }) => machineId)).size < machines.length && 'lists a machine twice',
    machines.some(({ machineId }) => machineId === '') && 'lists a machine without its id',
    machines.some((machine) => machine.result === 'succeed' && !(machine.launchtime > LONG_AGO)) &&
      'lists a machine without its launchtime',
    succeeded > count && `says that ${succeeded} machines succeeded; ${count} were asked for`,
    status !== 'running' &&
      machines.some(({ result }) => result === 'executing') &&
      `is ${status} while a machine is executing`,
  ];
  return faults.filter((text) => text !== false).map((text) => answer(requestId, text));
}

/** What an answer may not say after the one before it. */
function changesOf({ requestId, row: before }: Request, row: StatusRow): Difference[] {
  if (!before || (saysNothing(row) && before.status === 'running')) return [];
  const now = new Map(row.machines.map((machine) => [machine.machineId, machine]));
  const changes = before.machines.flatMap((machine) => {
    const text = changeOf(machine, now.get(machine.machineId));
    return text === undefined ? [] : [answer(machine.machineId, `of ${requestId} ${text}`)];
  });
  if (before.status !== 'running' && before.status !== row.status) {
    changes.push(answer(requestId, `was ${before.status} and is ${row.status}`));
  }
  return changes;
}

function changeOf(before: MachineRow, now: MachineRow | undefined): string | undefined {
  if (!now) return 'is not listed any more';
  if (before.result !== 'executing' && before.result !== now.result) {
    return `was '${before.result}' and is '${now.result}'`;
  }
  if (before.result !== 'succeed') return undefined;
  const changed = ['name', 'launchtime', 'privateIpAddress'].find((field) => before[field] !== now[field]);
  return changed && `changed its ${changed}: ${String(before[changed])}, now ${String(now[changed])}`;
}
