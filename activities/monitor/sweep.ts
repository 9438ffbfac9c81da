import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { MonitorActivities, SweepInput } from '../../contract/monitorActivities.ts';
import { isAlive } from '../../domain/machine/machine.ts';
import { packSeen, type SeenMachine, type SweepResult } from '../../domain/monitor/observation.ts';
import { withHeartbeat } from '../runtime/heartbeat.ts';
import type { Ownerless, OwnerWatch } from './orphanDetector.ts';
import { pause } from '../runtime/yieldOnShutdown.ts';
import type { MachineReader, OwnedMachine } from '../provider.ts';
import type { UnclaimedRules } from '../../domain/monitor/records.ts';

export interface SweepSettings {
  /** Seconds between two sweeps. */
  readonly seconds: number;
  readonly rules: UnclaimedRules;
  readonly onError: (error: unknown) => void;
  readonly onSwept?: SweepObserver;
  /** Why what the cloud announces is not heard, if it should be and isn't. */
  readonly unheard?: () => string | undefined;
}

/** Hears of every complete read: the machines that it showed, and the requests whose owner nobody knows, if asked. */
export type SweepObserver = (
  machines: readonly SeenMachine[],
  ownerless: ReadonlySet<string> | undefined,
) => void;

/** What the monitor was told last, and what it still is to be told. */
interface Told {
  readonly token: string;
  readonly machines: ReadonlyMap<string, SeenMachine>;
  readonly rest: readonly SeenMachine[];
  readonly ownerless: Ownerless | undefined;
  readonly unheard: string | undefined;
}

const NOTHING: Told = { token: '', machines: new Map(), rest: [], ownerless: undefined, unheard: undefined };

/** A sweep without news goes on; Temporal hears of it that often. */
const RETURN_MS = 60 * 60_000;
/** Machines in one result: it stays under 256 KB. */
const PAGE = 2_000;

/** Keeps in the worker what was seen last, so that only what has changed goes into the monitor's history. */
export function createMonitorActivities(
  reader: MachineReader,
  owners: OwnerWatch,
  settings: SweepSettings,
): MonitorActivities {
  let told = NOTHING;

  /** The next page of what is to be told. */
  function page(next: Omit<Told, 'token'>, anew: boolean): SweepResult {
    told = { ...next, token: randomUUID(), rest: next.rest.slice(PAGE) };
    const { token, rest, ownerless, unheard } = told;
    return {
      token,
      anew,
      more: rest.length > 0,
      rules: settings.rules,
      ...(ownerless ? { ownerless: [...ownerless.requests], withGroups: [...ownerless.withGroups] } : {}),
      ...(unheard ? { unheard } : {}),
      seen: packSeen(next.rest.slice(0, PAGE)),
    };
  }

  async function sweepOnce(input: SweepInput, before: Told['machines']): Promise<SweepNews> {
    const found = await reader.ofProvider(input);
    const owned = new Map(found.map((machine) => [machine.machineId, machine]));
    const lacking = [...before.values()].filter(
      ({ machineId, state }) => state !== 'terminated' && !owned.has(machineId),
    );
    // Not shown as ours may be a mark that was taken off: only its id decides.
    const byId = await reader.byId(lacking.map(({ machineId }) => machineId));
    const shown = [...owned.values(), ...byId.values()];
    const reclaimed = await reader.reclaimed(shown);
    const machines = new Map(
      shown.map((machine): readonly [string, SeenMachine] => {
        const { machineId } = machine;
        const seen = toSeen(machine);
        const requestId = seen.requestId || before.get(machineId)?.requestId || '';
        return [machineId, { ...seen, requestId, reclaimAt: reclaimed.get(machineId) ?? 0 }];
      }),
    );
    const changed = [...machines.values()].filter((now) => isNews(before.get(now.machineId), now));
    const gone = lacking.filter(({ machineId }) => !machines.has(machineId));
    return { machines, news: [...changed, ...gone.map((seen) => ({ ...seen, state: 'absent' as const }))] };
  }

  async function sweep(input: SweepInput): Promise<SweepResult> {
    const until = Date.now() + RETURN_MS;
    const anew = input.token === '' || input.token !== told.token;
    const before: Told = anew ? NOTHING : told;
    if (before.rest.length > 0) return page(before, false);
    for (let first = anew; ; first = false) {
      if (!first) await pause(settings.seconds * 1_000);
      try {
        const { machines, news } = await sweepOnce(input, before.machines);
        // A monitor that starts anew is told at once; who owns the machines is found out with the next sweep.
        const ownerless = anew ? undefined : await owners.ownerless(input, requestsOf(machines));
        settings.onSwept?.([...machines.values()], ownerless?.requests);
        const unheard = settings.unheard?.();
        const changed = news.length > 0 || !isSame(ownerless, before.ownerless) || unheard !== before.unheard;
        if (anew || changed || Date.now() >= until)
          return page({ machines, rest: news, ownerless, unheard }, anew);
      } catch (error) {
        // Nothing is said of a read that failed, not even in part; the next one is due soon.
        settings.onError(error);
        Context.current().cancellationSignal.throwIfAborted();
      }
    }
  }

  return { sweep: (input) => withHeartbeat(() => sweep(input)) };
}

interface SweepNews {
  readonly machines: Told['machines'];
  readonly news: readonly SeenMachine[];
}

/** Requests of machines that an owner would have to give back: not of those that end already. */
function requestsOf(machines: Told['machines']): ReadonlySet<string> {
  const staying = [...machines.values()].filter(({ state }) => isAlive(state) && state !== 'shutting-down');
  return new Set(staying.map(({ requestId }) => requestId));
}

const isSame = (a: Ownerless | undefined, b: Ownerless | undefined): boolean =>
  a === b || (!!a && !!b && isEqual(a.requests, b.requests) && isEqual(a.withGroups, b.withGroups));

const isEqual = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((id) => b.has(id));

export function toSeen(machine: OwnedMachine): SeenMachine {
  const { machineId, name, launchTime, state, reason, owner } = machine;
  return { machineId, name, launchTime, state, requestId: owner?.requestId ?? '', reclaimAt: 0, reason };
}

/** Booting is no news of a machine: its owner watches that. */
function isNews(before: SeenMachine | undefined, now: SeenMachine): boolean {
  if (!before) return true;
  const stage = ({ state }: SeenMachine): string => (state === 'pending' ? 'running' : state);
  return stage(before) !== stage(now) || before.reclaimAt !== now.reclaimAt || before.name !== now.name;
}
