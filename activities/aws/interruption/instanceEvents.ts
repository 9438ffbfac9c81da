import { isObject } from '../../../domain/isObject.ts';
import type { Interruption } from '../../provider.ts';
import { isInstanceId } from '../client/responseGuards.ts';

/** An EventBridge event about an instance. */
export type InstanceEvent = Interruption & { readonly kind: 'interruption' | 'rebalance' | 'state' };

/** AWS sends the notice this long before the interruption (EC2 User Guide, Spot interruption notices). */
export const INTERRUPTION_NOTICE_MS = 120_000;
/** An older notice has taken effect or was withdrawn; only the machine's current state counts. */
const MAX_EVENT_AGE_MS = 10 * 60_000;
/** No machine leaves these states, so the event is right even if a lagging read does not show it yet. */
const FINAL_STATES = ['shutting-down', 'terminated'] as const;
const ENDING_STATES: readonly unknown[] = [...FINAL_STATES, 'stopping', 'stopped'];

const KIND_BY_DETAIL_TYPE: Readonly<Record<string, InstanceEvent['kind']>> = {
  'EC2 Spot Instance Interruption Warning': 'interruption',
  'EC2 Instance Rebalance Recommendation': 'rebalance',
  'EC2 Instance State-change Notification': 'state',
};

/**
 * Parses a message body: an EventBridge event, bare or in an SNS envelope.
 * @returns undefined for an irrelevant event, e.g. that a machine is running
 * @throws SyntaxError if it is malformed
 */
export function parseInstanceEvent(body: string, now: number): InstanceEvent | undefined {
  const event = unwrapSnsEnvelope(parseObject(body));
  const type = event['detail-type'];
  if (typeof type !== 'string') throw new SyntaxError("it has no 'detail-type'");
  const kind = Object.hasOwn(KIND_BY_DETAIL_TYPE, type) ? KIND_BY_DETAIL_TYPE[type] : undefined;
  if (kind === undefined) return undefined;
  const detail = event['detail'];
  const machineId = isObject(detail) ? detail['instance-id'] : undefined;
  // An invalid id would fail the describe call for the whole batch.
  if (!isObject(detail) || typeof machineId !== 'string' || !isInstanceId(machineId))
    throw new SyntaxError(`'${type}' names no instance`);
  const time = typeof event['time'] === 'string' ? Date.parse(event['time']) : Number.NaN;
  if (Number.isNaN(time)) throw new SyntaxError(`'${type}' has no time`);
  if (kind === 'state') {
    const { state } = detail;
    if (!ENDING_STATES.includes(state)) return undefined;
    const finalState = FINAL_STATES.find((candidate) => candidate === state);
    return { kind, machineId, ...(finalState === undefined ? {} : { state: finalState }) };
  }
  // Hibernation starts with the notice, without two minutes' warning.
  const noticeMs =
    kind === 'interruption' && detail['instance-action'] === 'hibernate' ? 0 : INTERRUPTION_NOTICE_MS;
  return now - time > MAX_EVENT_AGE_MS ? undefined : { kind, machineId, interruptionAt: time + noticeMs };
}

/** SNS's envelope, unless the subscription delivers raw messages. */
function unwrapSnsEnvelope(value: Record<string, unknown>): Record<string, unknown> {
  const { Message: inner } = value;
  return typeof inner === 'string' && value['detail-type'] === undefined ? parseObject(inner) : value;
}

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError('it is not an object');
  return value;
}
