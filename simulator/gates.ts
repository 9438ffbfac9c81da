import { randomUUID } from 'node:crypto';

export const gateModes = [
  'hold',
  'holdAfter',
  'dropBefore',
  'dropAfter',
  'errorBefore',
  'errorAfter',
  'delay',
  'stale',
  'partial',
  'shuffle',
] as const;
export type GateMode = (typeof gateModes)[number];

/** Which calls a gate takes, and the parameters of its mode; see control.ts. */
export type GateOptions = {
  skip?: number;
  every?: number;
  chance?: number;
  seed?: number;
  code?: string;
  status?: number;
  ms?: number;
  keep?: number;
  having?: string;
};

/** A fault as configured. `count` null: every call until the gate is released. */
export type Fault = GateOptions & { action: string; mode: GateMode; count: number | null };

/** A gate as the control endpoint shows it. */
export type GateView = Fault & {
  id: string;
  arrived: number;
  released: boolean;
};

/** A gate takes the next `count` calls of an action that its options let it take. */
export type Gate = GateView & {
  /** Calls of its action so far. */
  callCount: number;
  takenCount: number;
  aborted: boolean;
  random: () => number;
  onChange: Set<() => void>;
};

export type Gates = {
  add(fault: Fault): GateView;
  get(id: string): GateView | undefined;
  list(): GateView[];
  /** The gate that takes this call, if any; the call counts at once. */
  take(call: Readonly<Record<string, string>>): Gate | undefined;
  /** Marks that the call has reached the point where the gate acts: for holdAfter and dropAfter after its effect. */
  markArrived(gate: Gate): void;
  /** Resolves when the gate is released. */
  released(gate: Gate): Promise<void>;
  /** Resolves to the gate when `count` calls (1 for a gate without count) have arrived or after `timeoutMs`. */
  whenArrived(id: string, calls: number | undefined, timeoutMs: number): Promise<GateView | undefined>;
  release(id: string): GateView | undefined;
  /** Releases and removes all gates. */
  clear(): void;
  /** Removes all gates and aborts the calls that they hold, because the simulation is reset or closed. */
  abort(): void;
};

const optionNames = ['skip', 'every', 'chance', 'seed', 'code', 'status', 'ms', 'keep', 'having'];
const stringOptions: readonly string[] = ['code', 'having'];

/** Parses a fault (see control.ts). Throws an Error that names the mistake. */
export function readFault(spec: Readonly<Record<string, unknown>>): Fault {
  const { action, mode: name, count = 1, ...options } = spec;
  const mode = gateModes.find((each) => each === name);
  if (typeof action !== 'string') throw new Error('action: expected a text');
  if (mode === undefined) throw new Error(`mode: expected one of ${gateModes.join(', ')}`);
  if (count !== null && (!Number.isInteger(count) || Number(count) < 1)) {
    throw new Error('count: expected a number from 1 up, or null');
  }
  for (const [option, value] of Object.entries(options)) {
    const type = stringOptions.includes(option) ? 'string' : 'number';
    if (!optionNames.includes(option))
      throw new Error(`${option}: expected one of ${optionNames.join(', ')}`);
    if (typeof value !== type) throw new Error(`${option}: expected a ${type}`);
  }
  return { ...options, action, mode, count: count === null ? null : Number(count) };
}

/** The gates of one simulator. They do not survive a restart; neither do held calls. */
export function createGates(): Gates {
  const gates = new Map<string, Gate>();

  function release(gate: Gate): GateView {
    gate.released = true;
    notify(gate);
    return toGateView(gate);
  }

  return {
    add(fault) {
      const gate: Gate = {
        ...fault,
        id: randomUUID(),
        arrived: 0,
        released: false,
        callCount: 0,
        takenCount: 0,
        random: seededRandom(fault.seed ?? 1),
        aborted: false,
        onChange: new Set(),
      };
      gates.set(gate.id, gate);
      return toGateView(gate);
    },
    get: (id) => toGateViewIfAny(gates.get(id)),
    list: () => [...gates.values()].map(toGateView),
    take(call) {
      for (const gate of gates.values()) {
        if (gate.released || (gate.action !== call['Action'] && gate.action !== '*')) continue;
        if (gate.having !== undefined && !(gate.having in call)) continue;
        if (gate.count !== null && gate.takenCount >= gate.count) continue;
        if (!matchesNextCall(gate)) continue;
        gate.takenCount += 1;
        return gate;
      }
      return undefined;
    },
    markArrived(gate) {
      gate.arrived += 1;
      notify(gate);
    },
    released: (gate) => waitUntil(gate, () => gate.released),
    async whenArrived(id, calls, timeoutMs) {
      const gate = gates.get(id);
      if (gate === undefined) return undefined;
      await waitUntil(gate, () => gate.arrived >= (calls ?? gate.count ?? 1), timeoutMs);
      return toGateView(gate);
    },
    release(id) {
      const gate = gates.get(id);
      return gate && release(gate);
    },
    clear() {
      for (const gate of gates.values()) release(gate);
      gates.clear();
    },
    abort() {
      for (const gate of gates.values()) gate.aborted = true;
      this.clear();
    },
  };
}

/** Whether this call of its action is one of those that the gate is for. */
function matchesNextCall(gate: Gate): boolean {
  gate.callCount += 1;
  const position = gate.callCount - (gate.skip ?? 0);
  if (position < 1 || position % (gate.every ?? 1) !== 0) return false;
  return gate.chance === undefined || gate.random() < gate.chance;
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function toGateView({
  callCount: _,
  takenCount: __,
  random: ___,
  aborted: ____,
  onChange: _____,
  ...shown
}: Gate): GateView {
  return shown;
}

function toGateViewIfAny(gate: Gate | undefined): GateView | undefined {
  return gate && toGateView(gate);
}

function notify(gate: Gate): void {
  for (const listener of gate.onChange) listener();
}

async function waitUntil(gate: Gate, condition: () => boolean, timeoutMs?: number): Promise<void> {
  if (condition()) return;
  await new Promise<void>((resolve) => {
    const timer = timeoutMs === undefined ? undefined : setTimeout(finish, timeoutMs);
    gate.onChange.add(check);
    function check(): void {
      if (condition()) finish();
    }
    function finish(): void {
      clearTimeout(timer);
      gate.onChange.delete(check);
      resolve();
    }
  });
}
