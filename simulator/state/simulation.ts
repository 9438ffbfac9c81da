import { createCatalogue } from './catalogue.ts';
import type { Catalogue } from './catalogue.ts';
import { createGates } from '../gates.ts';
import type { Fault, Gates } from '../gates.ts';
import { noJournal, openJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import type { Change, LogEntry, Settings } from './model.ts';
import { eventsOf } from '../queue/events.ts';
import type { Buckets } from '../throttle.ts';
import { apply, createWorld } from './world.ts';
import type { World } from './world.ts';

/** One simulated AWS account and region: its world, where that is kept, and the gates in front of it. */
export type Simulation = {
  world: World;
  journal: Journal;
  gates: Gates;
  /** Actions that the caller's policy does not allow: `Action`, or `Action:resource id` for one resource. */
  denied: Set<string>;
  /** What is left of AWS's request rates. */
  buckets: Buckets;
  catalogue: Catalogue;
  accountId: string;
  clock: () => number;
  initialSettings: Settings;
};

export const defaultSettings: Settings = {
  pendingSeconds: 2,
  shuttingDownSeconds: 2,
  consistencyLagMs: 0,
  addressLagMs: 0,
  groupTickSeconds: 0.5,
  pageSize: 0,
  throttle: 0,
};

/** Initial state. Settings given here take precedence over those of the state file. */
export type SimulationOptions = Partial<Settings> & {
  stateFile?: string;
  faults?: readonly Fault[];
  region?: string;
  accountId?: string;
  clock?: () => number;
};

/** Opens the simulation, with the state of its file where there is one. Throws when the file is damaged. */
export function openSimulation(options: SimulationOptions): Simulation {
  const { stateFile, region = 'us-east-1', accountId = '000000000000', clock = Date.now } = options;
  const given = definedSettings(options);
  const world = createWorld(defaultSettings);
  const simulation: Simulation = {
    world,
    journal: stateFile === undefined ? noJournal : openJournal(stateFile, world),
    gates: createGates(),
    denied: new Set(),
    buckets: new Map(),
    catalogue: createCatalogue(region),
    accountId,
    clock,
    initialSettings: { ...defaultSettings, ...given },
  };
  for (const fault of options.faults ?? []) simulation.gates.add(fault);
  commit(simulation, { settings: { at: clock(), values: { ...world.settings, ...given } } });
  return simulation;
}

/** The settings among these options that are given at all. */
export function definedSettings(options: Partial<Settings>): Partial<Settings> {
  const names = Object.keys(defaultSettings) as (keyof Settings)[];
  return Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}

/** Commits a change and its events. Journal first: a change that cannot be stored does not happen. */
export function commit(simulation: Simulation, change: Change): void {
  const events = eventsOf(simulation, change);
  const whole = events.length > 0 ? { ...change, messages: [...(change.messages ?? []), ...events] } : change;
  simulation.journal.append(whole);
  apply(simulation.world, whole);
}

/** Commits a change together with its log entry, as one line of the journal. */
export function commitLogged(
  simulation: Simulation,
  change: Change,
  entry: Omit<LogEntry, 'seq' | 'time' | 'launched' | 'terminated'>,
): void {
  const log: LogEntry = {
    seq: (simulation.world.log.at(-1)?.seq ?? 0) + 1,
    time: new Date(simulation.clock()).toISOString(),
    ...entry,
    launched: (change.launched ?? []).map((instance) => instance.id),
    terminated: (change.terminated ?? []).map(({ id }) => id),
  };
  commit(simulation, { ...change, log });
}
