import { truncateMessage } from '../../runtime/failures.ts';
import { requireField, requireInstanceId, parseInstanceState } from '../client/responseGuards.ts';
import type { InstanceObservation } from './instanceReader.ts';

export interface InstancePage {
  readonly instances: readonly InstanceObservation[];
  readonly nextToken: string | undefined;
}

type MutableInstance = { -readonly [K in keyof InstanceObservation]: InstanceObservation[K] };

/** Depth of an instance's fields: document, reservationSet, item, instancesSet, item. */
const FIELD_DEPTH = 5;

/**
 * Parses the fields we need from a DescribeInstances document in one pass.
 * @throws SyntaxError if it is malformed or truncated (nothing of it is trusted); ProviderError if it has no list or an
 * instance without id
 */
export function parseInstancePage(document: string): InstancePage {
  const instances: InstanceObservation[] = [];
  let nextToken: string | undefined;
  let hasReservationSet: true | undefined;
  let instance = emptyInstance();
  let tags: [key: string, value: string][] = [];
  let tag = { key: '', value: '' };
  visitElements(document, {
    leaf(path, name, text) {
      if (path.length === 1 && name === 'reservationSet') hasReservationSet = true;
      if (path.length === 1 && name === 'nextToken') nextToken = decodeText(text) || undefined;
      if (path[3] !== 'instancesSet') return;
      const parentField = path[FIELD_DEPTH];
      if (parentField === undefined) FIELD_SETTERS.get(name)?.(instance, decodeText(text));
      else if (parentField === 'tagSet') {
        if (name === 'key' || name === 'value') tag[name] = decodeText(text);
      } else if (parentField === 'instanceState' || parentField === 'stateReason')
        FIELD_SETTERS.get(`${parentField}.${name}`)?.(instance, decodeText(text));
    },
    end(path, name) {
      if (path.length === 1 && name === 'reservationSet') hasReservationSet = true;
      if (path[3] !== 'instancesSet') return;
      if (path.length === FIELD_DEPTH + 1 && path[FIELD_DEPTH] === 'tagSet') {
        tags.push([tag.key, tag.value]);
        tag = { key: '', value: '' };
      } else if (path.length === FIELD_DEPTH - 1 && name === 'item') {
        instances.push({
          ...instance,
          machineId: requireInstanceId(instance.machineId),
          tags: Object.fromEntries(tags),
        });
        instance = emptyInstance();
        tags = [];
      }
    },
  });
  requireField(hasReservationSet, 'list of reservations');
  return { instances, nextToken };
}

const emptyInstance = (): MutableInstance => ({
  machineId: '',
  state: 'pending',
  name: '',
  privateIp: '',
  publicIp: '',
  launchTime: 0,
  instanceType: '',
  spot: false,
  reason: '',
  tags: {},
});

/** By the name of the instance's element. */
const FIELD_SETTERS = new Map<string, (instance: MutableInstance, text: string) => void>(
  Object.entries({
    instanceId: (instance, text) => (instance.machineId = text),
    'instanceState.name': (instance, text) => (instance.state = parseInstanceState(text)),
    privateDnsName: (instance, text) => (instance.name = text),
    privateIpAddress: (instance, text) => (instance.privateIp = text),
    ipAddress: (instance, text) => (instance.publicIp = text),
    launchTime: (instance, text) => (instance.launchTime = Math.floor(Date.parse(text) / 1_000) || 0),
    instanceType: (instance, text) => (instance.instanceType = text),
    instanceLifecycle: (instance, text) => (instance.spot = text === 'spot'),
    'stateReason.message': (instance, text) => (instance.reason = truncateMessage(text)),
  }),
);

interface Visitor {
  /** An element without child elements; `path` names its ancestors. */
  leaf(path: readonly string[], name: string, text: string): void;
  /** The end of any other element. */
  end(path: readonly string[], name: string): void;
}

function visitElements(document: string, visitor: Visitor): void {
  const path: string[] = [];
  /** Start of the content of the innermost open element; -1 once it has a child. */
  let contentStart = -1;
  for (let at = document.indexOf('<'); at >= 0; at = document.indexOf('<', at)) {
    const close = document.indexOf('>', at);
    if (close < 0) break;
    const mark = document[at + 1];
    if (mark === '/') {
      const name = path.pop();
      if (name === undefined || !document.startsWith(`${name}>`, at + 2)) break;
      if (contentStart < 0) visitor.end(path, name);
      else visitor.leaf(path, name, document.slice(contentStart, at));
      contentStart = -1;
    } else if (mark !== '?') {
      const isEmpty = document[close - 1] === '/';
      const name = nameOf(document.slice(at + 1, isEmpty ? close - 1 : close));
      if (isEmpty) {
        visitor.leaf(path, name, '');
        contentStart = -1;
      } else {
        if (path.length === 0 && (name !== ROOT || contentStart >= 0)) break;
        path.push(name);
        contentStart = close + 1;
      }
    }
    at = close;
    if (path.length === 0 && mark === '/') return;
  }
  throw new SyntaxError('the response of DescribeInstances is not a complete document');
}

/** Without attributes. */
function nameOf(tag: string): string {
  const end = tag.indexOf(' ');
  return end < 0 ? tag : tag.slice(0, end);
}

const ROOT = 'DescribeInstancesResponse';

const ENTITY_PATTERN = /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi;
const NAMED_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Copies the text: a substring in V8 keeps the whole document in memory. */
const decodeText = (text: string): string =>
  Buffer.from(text.includes('&') ? unescape(text) : text).toString();

const unescape = (text: string): string =>
  text.replace(ENTITY_PATTERN, (all, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED_ENTITIES[name] ?? all;
    return String.fromCodePoint(Number.parseInt(decimal ?? hex ?? '', decimal === undefined ? 16 : 10));
  });
