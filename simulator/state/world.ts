import type {
  Change,
  Fleet,
  Group,
  Instance,
  InstanceState,
  LaunchTemplate,
  Lifecycle,
  LogEntry,
  CapacityRule,
  QueueMessage,
  Quotas,
  Settings,
  Tags,
  TokenRecord,
} from './model.ts';
import { defaultRules } from '../queue/events.ts';

/** All the simulated AWS knows. Only `apply` changes it. */
export type World = {
  instances: Map<string, Instance>;
  /** In order of launch; a page token is a position in it, so pages stay right while instances come. */
  launchOrder: Instance[];
  /** Per subnet: private address -> the last instance that got it. */
  addresses: Map<string, Map<string, Instance>>;
  liveByOffering: Map<string, number>;
  /** Live spot machines with a notice. */
  interrupted: Map<string, Instance>;
  templates: Map<string, LaunchTemplate>;
  fleets: Map<string, Fleet>;
  groups: Map<string, Group>;
  tokens: Map<string, TokenRecord>;
  /** Types of events that EventBridge puts into the queue. */
  rules: readonly string[];
  messages: Map<string, QueueMessage>;
  capacityRules: CapacityRule[];
  quotas: Quotas;
  settings: Settings;
  log: LogEntry[];
};

/** A world in which nothing has happened yet. */
export function createWorld(settings: Settings): World {
  return {
    instances: new Map(),
    launchOrder: [],
    addresses: new Map(),
    liveByOffering: new Map(),
    interrupted: new Map(),
    templates: new Map(),
    fleets: new Map(),
    groups: new Map(),
    tokens: new Map(),
    rules: defaultRules,
    messages: new Map(),
    capacityRules: [],
    quotas: {},
    settings,
    log: [],
  };
}

/** How long a terminated instance stays visible, in ms: AWS documents about an hour. */
export const terminatedVisibleMs = 3_600_000;

/** The state an instance had, has or will have at `time` (ms). */
export function stateAt(instance: Instance, time: number): InstanceState {
  const termination = instance.termination;
  if (termination !== undefined && time >= termination.requestedAt) {
    return time >= termination.doneAt ? 'terminated' : 'shutting-down';
  }
  const { stopped } = instance;
  if (stopped !== undefined && time >= stopped.requestedAt) {
    return time >= stopped.doneAt ? 'stopped' : 'stopping';
  }
  return time >= instance.runningAt ? 'running' : 'pending';
}

/** Whether the API still or already knows the instance at `time` (ms). */
export function existsAt(instance: Instance, time: number): boolean {
  const termination = instance.termination;
  if (instance.forgotten) return false;
  return (
    time >= instance.launchedAt &&
    (termination === undefined || time < termination.doneAt + terminatedVisibleMs)
  );
}

/** The tags a read of `time` (ms) sees. */
export function tagsAt(instance: Instance, time: number): Tags {
  const visible = instance.tagVersions.findLast((version) => version.at <= time) ?? instance.tagVersions[0];
  return visible?.tags ?? {};
}

/** Live: not yet terminated by anyone. Only live instances use the capacity of an offering. */
export function isLive(instance: Instance): boolean {
  return instance.termination === undefined;
}

/** The key of an offering in `liveByOffering`. */
export function offeringKey(instanceType: string, zone: string, lifecycle: Lifecycle): string {
  return `${instanceType}|${zone}|${lifecycle}`;
}

/** Applies one change. Loading the journal does this for every line, so it must depend on nothing else. */
export function apply(world: World, change: Change): void {
  if (change.reset) Object.assign(world, createWorld(world.settings));
  if (change.settings !== undefined) applySettings(world, change.settings.at, change.settings.values);
  if (change.capacityRules !== undefined) world.capacityRules = change.capacityRules;
  if (change.quotas !== undefined) world.quotas = change.quotas;
  for (const template of change.templates ?? []) world.templates.set(template.id, template);
  for (const id of change.deletedTemplates ?? []) world.templates.delete(id);
  for (const fleet of change.fleets ?? []) world.fleets.set(fleet.id, fleet);
  for (const group of change.groups ?? []) world.groups.set(group.id, group);
  for (const instance of change.launched ?? []) addInstance(world, instance);
  for (const { id, ...termination } of change.terminated ?? []) {
    const instance = world.instances.get(id);
    if (instance === undefined || !isLive(instance)) continue;
    instance.termination = termination;
    world.interrupted.delete(id);
    adjustLiveCount(world, instance, -1);
  }
  for (const id of change.protected?.ids ?? []) {
    const instance = world.instances.get(id);
    if (instance !== undefined) instance.protected = change.protected?.on ?? false;
  }
  for (const id of change.forgotten ?? []) {
    const instance = world.instances.get(id);
    if (instance !== undefined) instance.forgotten = true;
  }
  for (const { id, ...stopped } of change.stopped ?? []) {
    const instance = world.instances.get(id);
    if (instance !== undefined) instance.stopped = stopped;
  }
  for (const { id, ...interruption } of change.interrupted ?? []) {
    const instance = world.instances.get(id);
    if (instance === undefined || !isLive(instance)) continue;
    instance.interruption = interruption;
    world.interrupted.set(id, instance);
  }
  if (change.tagged !== undefined) applyTags(world, change.tagged);
  for (const token of change.tokens ?? []) world.tokens.set(token.key, token);
  if (change.rules !== undefined) world.rules = change.rules;
  for (const message of change.messages ?? []) world.messages.set(message.id, message);
  for (const id of change.deletedMessages ?? []) world.messages.delete(id);
  if (change.log !== undefined) world.log.push(change.log);
}

function addInstance(world: World, instance: Instance): void {
  world.instances.set(instance.id, instance);
  world.launchOrder.push(instance);
  const held = world.addresses.get(instance.subnetId) ?? new Map<string, Instance>();
  world.addresses.set(instance.subnetId, held.set(instance.privateIp, instance));
  if (!isLive(instance)) return;
  adjustLiveCount(world, instance, 1);
  if (instance.interruption !== undefined) world.interrupted.set(instance.id, instance);
}

function adjustLiveCount(world: World, instance: Instance, by: number): void {
  const key = offeringKey(instance.instanceType, instance.zone, instance.lifecycle);
  world.liveByOffering.set(key, (world.liveByOffering.get(key) ?? 0) + by);
}

function applySettings(world: World, at: number, settings: Settings): void {
  world.settings = settings;
  // A transition that is still to come follows the new setting; one that has happened stays happened.
  for (const instance of world.launchOrder) {
    const end = instance.termination;
    if (instance.runningAt > at) {
      instance.runningAt = Math.max(at, instance.launchedAt + settings.pendingSeconds * 1000);
    }
    if (end !== undefined && end.doneAt > at) {
      end.doneAt = Math.max(at, end.requestedAt + settings.shuttingDownSeconds * 1000);
    }
  }
}

function applyTags(world: World, tagged: { ids: string[]; at: number; tags: Tags }): void {
  for (const id of tagged.ids) {
    const instance = world.instances.get(id);
    if (instance !== undefined) {
      const tags = { ...instance.tagVersions.at(-1)?.tags, ...tagged.tags };
      instance.tagVersions.push({ at: tagged.at, tags });
    }
    const other = world.templates.get(id) ?? world.fleets.get(id) ?? world.groups.get(id);
    if (other !== undefined) other.tags = { ...other.tags, ...tagged.tags };
  }
}
