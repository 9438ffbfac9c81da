import type { Announcement } from '../../provider.ts';
import { isInstanceId } from '../client/responseGuards.ts';

/** What EventBridge tells of an instance. */
export type CloudEvent = Announcement & { readonly kind: 'interruption' | 'rebalance' | 'state' };

/** AWS announces an interruption this long before (EC2 User Guide, Spot interruption notices). */
const NOTICE_MS = 120_000;
/** An older announcement has come true or was withdrawn: what AWS shows of the machine now is all there is to say. */
const STALE_MS = 10 * 60_000;
/** From these no machine comes back, so that the event is right also when a read of AWS does not show it yet. */
const FINAL = ['shutting-down', 'terminated'] as const;
const ENDING: readonly unknown[] = [...FINAL, 'stopping', 'stopped'];

const TYPES: Readonly<Record<string, CloudEvent['kind']>> = {
  'EC2 Spot Instance Interruption Warning': 'interruption',
  'EC2 Instance Rebalance Recommendation': 'rebalance',
  'EC2 Instance State-change Notification': 'state',
};

/**
 * Reads the body of a message: EventBridge's event, as it is or within SNS's envelope.
 * @returns undefined for an event that means nothing here, e.g. that a machine is running
 * @throws SyntaxError when it is no event, or lacks what one of its type has
 */
export function readCloudEvent(body: string, now: number): CloudEvent | undefined {
  const event = unwrapped(objectIn(body));
  const type = event['detail-type'];
  if (typeof type !== 'string') throw new SyntaxError("it has no 'detail-type'");
  const kind = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (kind === undefined) return undefined;
  const detail = event['detail'];
  const machineId = isObject(detail) ? detail['instance-id'] : undefined;
  // Of no use later either: one that is none would fail the read of all that are announced with it.
  if (!isObject(detail) || typeof machineId !== 'string' || !isInstanceId(machineId))
    throw new SyntaxError(`'${type}' names no instance`);
  const time = typeof event['time'] === 'string' ? Date.parse(event['time']) : Number.NaN;
  if (Number.isNaN(time)) throw new SyntaxError(`'${type}' has no time`);
  if (kind === 'state') {
    const { state } = detail;
    if (!ENDING.includes(state)) return undefined;
    const final = FINAL.find((each) => each === state);
    return { kind, machineId, ...(final === undefined ? {} : { state: final }) };
  }
  // AWS hibernates a machine without any notice.
  const notice = kind === 'interruption' && detail['instance-action'] === 'hibernate' ? 0 : NOTICE_MS;
  return now - time > STALE_MS ? undefined : { kind, machineId, reclaimAt: time + notice };
}

/** SNS's envelope, unless the subscription delivers raw messages. */
function unwrapped(value: Record<string, unknown>): Record<string, unknown> {
  const { Message: inner } = value;
  return typeof inner === 'string' && value['detail-type'] === undefined ? objectIn(inner) : value;
}

function objectIn(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError('it is no object');
  return value;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
