import { termination } from './ec2/actions/terminateInstances.ts';
import { readFault } from './gates.ts';
import type { GateView } from './gates.ts';
import { advance } from './groups/loop.ts';
import type { Change, Instance, LogEntry, CapacityRule, Settings, Tags } from './state/model.ts';
import { eventMessage, eventTypes } from './queue/events.ts';
import { commit, commitLogged, defaultSettings, definedSettings } from './state/simulation.ts';
import type { Simulation } from './state/simulation.ts';
import { isLive, stateAt, tagsAt } from './state/world.ts';

/*
 * The control endpoint: JSON over HTTP under /_simulator/, no signature. An error is {"error": message}.
 *
 * POST   /_simulator/gates {action, mode, count?, skip?, every?, chance?, seed?, having?, code?, status?, ms?, keep?}
 *        -> the gate. Takes the next `count` calls (default 1, null: all until released) of `action` ('*': any), after
 *        `skip` of them, then each `every`-th, each with probability `chance` (0..1, drawn from `seed`); with `having`
 *        only calls with this parameter (NextToken: all pages but the first). Dry runs pass.
 *        hold: the call waits before its effect; if the client disconnects meanwhile it has no effect.
 *        dropBefore: the connection is cut, no effect. dropAfter: the effect happens, the connection is cut.
 *        holdAfter: the effect happens, the response waits. errorBefore, errorAfter: without or with the effect the
 *        response is the error `code` (default InternalError) with HTTP `status`. delay: the call waits for `ms`
 *        (default 1000). stale: the response shows the state of `ms` ago (default 60000). partial: the call launches
 *        at most `keep` instances (default 0). shuffle: lists in the response are in reverse order.
 * GET    /_simulator/gates                           -> the gates, in the order in which they take calls.
 * GET    /_simulator/gates/:id?wait=arrived&timeoutMs=&calls= -> the gate, once `calls` (default: its count, 1 for
 *        null) calls have arrived where it acts (holdAfter and dropAfter: the effect has happened); 408 after
 *        timeoutMs (default 10000).
 * POST   /_simulator/gates/:id/release               -> held calls continue; the gate takes no more.
 * DELETE /_simulator/gates                           -> releases and removes all.
 * GET    /_simulator/settings, PUT {pendingSeconds?, shuttingDownSeconds?, consistencyLagMs?, addressLagMs?,
 *        groupTickSeconds?, pageSize?, throttle?} -> the settings. addressLagMs: how long a running instance has no name
 *        and no address. pageSize: maximum entries of a page, whatever MaxResults is (0: off).
 *        throttle 1: AWS's published request rates apply.
 *        Future transitions follow the new times; past ones stay.
 * GET    /_simulator/capacity, PUT [{instanceType?, zone?, lifecycle?, capacity}] -> the rules; PUT replaces them all.
 *        Each offering (type x zone x lifecycle) that matches a rule has its capacity in live instances; null: no
 *        limit; the last matching rule wins. E.g. [{capacity: 0}, {instanceType: 'm5.large', capacity: 3}].
 * GET    /_simulator/denied, PUT ["RunInstances", "TerminateInstances:i-0123", ...] -> the actions for which the caller
 *        lacks permission, all or on one resource; PUT replaces them all.
 * POST   /_simulator/instances/:id/terminate {reason?} -> someone else terminates it; `reason` is a StateReason
 *        code (default Client.UserInitiatedShutdown). Logged as action 'simulator:terminate'.
 * POST   /_simulator/instances/:id/forget            -> terminated so long ago that AWS no longer lists it.
 * POST   /_simulator/instances/:id/stop              -> its operating system shuts down, or someone stops it.
 * POST   /_simulator/instances/:id/protect {protected?} -> termination protection, on (default) or off.
 * POST   /_simulator/instances/:id/interrupt {noticeSeconds?} -> AWS sends the interruption notice of a spot instance and
 *        interrupts it after the notice (default 120 s). Logged as 'simulator:interrupt'.
 * POST   /_simulator/instances/:id/rebalance         -> AWS recommends replacing it; nothing else happens.
 * GET    /_simulator/rules, PUT ["EC2 Instance State-change Notification", ...] -> the types of events that go into the
 *        SQS queue `interruptions` (default: interruption warnings and rebalance recommendations). The queue's URL is
 *        this server's, and /000000000000/interruptions.
 * GET    /_simulator/quotas, PUT {vcpus?: {"on-demand"?, spot?}, fleets?, addresses?: {subnetId: n}} -> limits of the
 *        account; PUT replaces them all.
 * GET    /_simulator/instances                       -> all instances ever, also those that Describe* no longer lists.
 * GET    /_simulator/fleets                          -> all fleets ever.
 * GET    /_simulator/groups                          -> all fleets of type request and maintain, Spot Fleet requests
 *        and Auto Scaling groups ever. Their own launches and terminations are logged as 'simulator:group-launch' and
 *        'simulator:group-terminate', with the group in params.GroupId.
 * GET    /_simulator/summary                         -> {calls: {action: n}, launchedEver, live, liveIds}; live: its
 *        termination has not begun, so a shutting-down instance is not live.
 * GET    /_simulator/log?since=N                     -> the entries with seq > N (default 0): one per call, in the
 *        order of their effects. outcome: 'ok', the error code, or 'dropped' (cut off by a drop gate, or the client
 *        left a hold). launched and terminated: exactly the ids that this call launched or began to terminate, even if
 *        its response was dropped; a replayed token launches nothing and has replay true.
 * POST   /_simulator/reset                           -> an empty world with the initial settings; held calls are
 *        cut off.
 */

/** An instance as the control endpoint shows it; times are ISO 8601. */
export type InstanceView = {
  id: string;
  state: string;
  live: boolean;
  instanceType: string;
  imageId: string;
  subnetId: string;
  zone: string;
  lifecycle: string;
  privateIp: string;
  keyName?: string;
  clientToken?: string;
  fleetId?: string;
  launchTemplateId?: string;
  launchedAt: string;
  terminationRequestedAt?: string;
  terminationReason?: string;
  tags: Tags;
  volumeTags: Tags;
};

export type Summary = {
  calls: Record<string, number>;
  launchedEver: number;
  live: number;
  liveIds: string[];
};

/** The response to a control request. */
export type ControlResponse = { status: number; body: unknown };

/** A refused control request. */
class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Serves one control request; `body` is the text of the request, JSON or empty. */
export async function serveControl(
  simulation: Simulation,
  method: string,
  url: URL,
  body: string,
): Promise<ControlResponse> {
  advance(simulation);
  try {
    const path = url.pathname.split('/').slice(2).map(decodeURIComponent);
    const answer = await route(
      simulation,
      `${method} ${path[0] ?? ''}`,
      path.slice(1),
      url.searchParams,
      body,
    );
    return { status: 200, body: answer };
  } catch (error) {
    if (error instanceof ControlError) return { status: error.status, body: { error: error.message } };
    if (error instanceof SyntaxError || error instanceof URIError)
      return { status: 400, body: { error: error.message } };
    throw error;
  }
}

async function route(
  simulation: Simulation,
  name: string,
  [id, operation]: string[],
  query: URLSearchParams,
  body: string,
): Promise<unknown> {
  const { world, gates } = simulation;
  switch (name) {
    case 'GET gates':
      return id === undefined ? gates.list() : await readGate(simulation, id, query);
    case 'POST gates':
      if (id === undefined) return addGate(simulation, readObject(body));
      return gates.release(id) ?? refuse(404, `no gate ${id}`);
    case 'DELETE gates':
      gates.clear();
      return [];
    case 'GET settings':
      return world.settings;
    case 'PUT settings':
      return changeSettings(simulation, readSettings(readObject(body)));
    case 'GET capacity':
      return world.capacityRules;
    case 'PUT capacity':
      commit(simulation, { capacityRules: readCapacityRules(parseBody(body)) });
      return world.capacityRules;
    case 'GET denied':
      return [...simulation.denied];
    case 'PUT denied':
      simulation.denied = new Set(readStrings(parseBody(body)));
      return [...simulation.denied];
    case 'GET instances':
      return world.launchOrder.map((instance) => toInstanceView(instance, simulation.clock()));
    case 'POST instances':
      return changeInstance(simulation, id ?? '', operation ?? '', readObject(body));
    case 'GET rules':
      return world.rules;
    case 'PUT rules':
      commit(simulation, { rules: readStrings(parseBody(body)) });
      return world.rules;
    case 'GET quotas':
      return world.quotas;
    case 'PUT quotas':
      commit(simulation, { quotas: readObject(body) });
      return world.quotas;
    case 'GET fleets':
      return [...world.fleets.values()];
    case 'GET groups':
      return [...world.groups.values()];
    case 'GET log':
      return entriesSince(world.log, Number(query.get('since') ?? 0));
    case 'GET summary':
      return summarise(simulation);
    case 'POST reset':
      return reset(simulation);
    default:
      return refuse(404, `no such control request: ${name}`);
  }
}

function refuse(status: number, message: string): never {
  throw new ControlError(status, message);
}

function parseBody(body: string): unknown {
  return body === '' ? {} : (JSON.parse(body) as unknown);
}

function readObject(body: string): Record<string, unknown> {
  const value = parseBody(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(400, 'expected an object');
  return value as Record<string, unknown>;
}

async function readGate(simulation: Simulation, id: string, query: URLSearchParams): Promise<GateView> {
  const { gates } = simulation;
  if (query.get('wait') !== 'arrived') return gates.get(id) ?? refuse(404, `no gate ${id}`);
  const calls = query.get('calls');
  const timeoutMs = Number(query.get('timeoutMs') ?? 10_000);
  const expectedCalls = calls === null ? undefined : Number(calls);
  const gate = (await gates.whenArrived(id, expectedCalls, timeoutMs)) ?? refuse(404, `no gate ${id}`);
  if (gate.arrived < (expectedCalls ?? gate.count ?? 1)) {
    refuse(408, `only ${gate.arrived} calls have arrived at the gate`);
  }
  return gate;
}

function addGate(simulation: Simulation, body: Record<string, unknown>): GateView {
  try {
    return simulation.gates.add(readFault(body));
  } catch (error) {
    return refuse(400, messageOf(error));
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function readSettings(body: Record<string, unknown>): Partial<Settings> {
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(defaultSettings, name)) {
      refuse(400, `no setting ${name}`);
    }
    if (typeof value !== 'number' || !(value >= 0)) refuse(400, `${name}: expected a number >= 0`);
  }
  return definedSettings(body);
}

function changeSettings(simulation: Simulation, given: Partial<Settings>): Settings {
  const values = { ...simulation.world.settings, ...given };
  commit(simulation, { settings: { at: simulation.clock(), values } });
  return values;
}

function readCapacityRules(body: unknown): CapacityRule[] {
  if (!Array.isArray(body)) return refuse(400, 'expected a list of capacity rules');
  return body.map((rule: Partial<CapacityRule> | null) => {
    const { instanceType, zone, lifecycle, capacity } = rule ?? {};
    if (capacity === undefined || (capacity !== null && !(Number.isInteger(capacity) && capacity >= 0))) {
      return refuse(400, 'capacity: expected a whole number >= 0, or null');
    }
    return {
      ...(instanceType !== undefined && { instanceType }),
      ...(zone !== undefined && { zone }),
      ...(lifecycle !== undefined && { lifecycle }),
      capacity,
    };
  });
}

function readStrings(body: unknown): string[] {
  if (Array.isArray(body) && body.every((each) => typeof each === 'string')) return body;
  return refuse(400, 'expected a list of strings');
}

/** Actions of others on an instance: a person in the console, its own operating system, or AWS. */
function changeInstance(
  simulation: Simulation,
  id: string,
  operation: string,
  body: Record<string, unknown>,
): InstanceView {
  const { world } = simulation;
  const instance = world.instances.get(id) ?? refuse(404, `no instance ${id}`);
  const now = simulation.clock();
  const doneAt = now + world.settings.shuttingDownSeconds * 1000;
  const live = isLive(instance);
  let change: Change = {};
  switch (operation) {
    case 'terminate': {
      const { reason } = body;
      const end = termination(world, now, typeof reason === 'string' ? reason : undefined);
      change = { terminated: live ? [{ id, ...end }] : [] };
      break;
    }
    case 'forget':
      change = { terminated: live ? [{ id, ...termination(world, now) }] : [], forgotten: [id] };
      break;
    case 'stop':
      change = { stopped: live ? [{ id, requestedAt: now, doneAt }] : [] };
      break;
    case 'protect':
      change = { protected: { ids: [id], on: body['protected'] !== false } };
      break;
    case 'interrupt': {
      const { noticeSeconds = 120 } = body;
      change = { interrupted: [{ id, noticeAt: now, endAt: now + Number(noticeSeconds) * 1000 }] };
      break;
    }
    case 'rebalance':
      change = { messages: [eventMessage(simulation, instance, eventTypes.rebalance, {}, now)] };
      break;
    default:
      return refuse(
        404,
        'expected instances/:id/ and terminate, forget, stop, protect, interrupt or rebalance',
      );
  }
  const params = { InstanceId: id, ...(typeof body['reason'] === 'string' && { reason: body['reason'] }) };
  commitLogged(simulation, change, {
    action: `simulator:${operation}`,
    outcome: 'ok',
    replay: false,
    params,
  });
  return toInstanceView(instance, now);
}

function toInstanceView(instance: Instance, now: number): InstanceView {
  const { keyName, clientToken, fleetId, launchTemplateId, termination: end } = instance;
  return {
    id: instance.id,
    state: stateAt(instance, now),
    live: isLive(instance),
    instanceType: instance.instanceType,
    imageId: instance.imageId,
    subnetId: instance.subnetId,
    zone: instance.zone,
    lifecycle: instance.lifecycle,
    privateIp: instance.privateIp,
    ...(keyName !== undefined && { keyName }),
    ...(clientToken !== undefined && { clientToken }),
    ...(fleetId !== undefined && { fleetId }),
    ...(launchTemplateId !== undefined && { launchTemplateId }),
    launchedAt: new Date(instance.launchedAt).toISOString(),
    ...(end !== undefined && {
      terminationRequestedAt: new Date(end.requestedAt).toISOString(),
      terminationReason: end.code,
    }),
    tags: tagsAt(instance, now),
    volumeTags: instance.volumeTags,
  };
}

function entriesSince(log: LogEntry[], since: number): LogEntry[] {
  // The entry with seq n is at index n - 1: the log starts at 1 and has no gaps.
  return log.slice(since);
}

function summarise({ world }: Simulation): Summary {
  const calls: Record<string, number> = {};
  for (const { action } of world.log) {
    if (!action.startsWith('simulator:')) calls[action] = (calls[action] ?? 0) + 1;
  }
  const liveIds = world.launchOrder.filter(isLive).map((instance) => instance.id);
  return { calls, launchedEver: world.launchOrder.length, live: liveIds.length, liveIds };
}

function reset(simulation: Simulation): Summary {
  const { gates, clock, initialSettings } = simulation;
  simulation.denied.clear();
  commit(simulation, { reset: true, settings: { at: clock(), values: initialSettings } });
  gates.abort();
  return summarise(simulation);
}
