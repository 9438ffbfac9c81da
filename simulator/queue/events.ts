import { randomUUID } from 'node:crypto';
import type { Change, Instance, QueueMessage } from '../state/model.ts';
import type { Simulation } from '../state/simulation.ts';

/** Event types by `detail-type`. */
export const eventTypes = {
  interruption: 'EC2 Spot Instance Interruption Warning',
  rebalance: 'EC2 Instance Rebalance Recommendation',
  state: 'EC2 Instance State-change Notification',
} as const;

/** Delivered by default; state changes of every machine would fill the queue. */
export const defaultRules: readonly string[] = [eventTypes.interruption, eventTypes.rebalance];

/** The events that a change causes and a rule delivers. */
export function eventsOf(simulation: Simulation, change: Change): QueueMessage[] {
  const { world } = simulation;
  const now = simulation.clock();
  const events: QueueMessage[] = [];
  const addEvent = (type: string, id: string, detail: object, at = now): void => {
    const instance = world.instances.get(id);
    if (instance && world.rules.includes(type))
      events.push(eventMessage(simulation, instance, type, detail, at));
  };
  for (const { id } of change.interrupted ?? [])
    addEvent(eventTypes.interruption, id, { 'instance-action': 'terminate' });
  for (const { id, requestedAt, doneAt } of change.terminated ?? []) {
    addEvent(eventTypes.state, id, { state: 'shutting-down' }, requestedAt);
    addEvent(eventTypes.state, id, { state: 'terminated' }, doneAt);
  }
  for (const { id, requestedAt, doneAt } of change.stopped ?? []) {
    addEvent(eventTypes.state, id, { state: 'stopping' }, requestedAt);
    addEvent(eventTypes.state, id, { state: 'stopped' }, doneAt);
  }
  return events;
}

/** An event about an instance, as EventBridge puts it into a queue; it can be received from `at` (ms) on. */
export function eventMessage(
  { catalogue, accountId }: Simulation,
  { id, zone }: Instance,
  type: string,
  detail: object,
  at: number,
): QueueMessage {
  const event = {
    version: '0',
    id: randomUUID(),
    'detail-type': type,
    source: 'aws.ec2',
    account: accountId,
    time: `${new Date(at).toISOString().slice(0, 19)}Z`,
    region: catalogue.region,
    resources: [`arn:aws:ec2:${zone}:instance/${id}`],
    detail: { 'instance-id': id, ...detail },
  };
  return { id: randomUUID(), body: JSON.stringify(event), visibleAt: at, receiveCount: 0 };
}
