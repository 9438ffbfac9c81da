import { isObject } from '../../../domain/isObject.ts';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { onDemand, scratch } from '../../fixtures/scratch.ts';
import { call, type Called } from '../caller.ts';
import { holds, type Area } from '../property.ts';
import { damaged, deep, json, nested, text, textWith } from '../values.ts';

type Operation = 'requestMachines' | 'requestReturnMachines' | 'getRequestStatus' | 'getReturnRequests';
type Json = Readonly<Record<string, unknown>>;

const listOf = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) ? value : isObject(value) ? [value] : undefined;

const isCount = (value: unknown): boolean =>
  (typeof value === 'number' || (typeof value === 'string' && /^\d{1,9}$/.test(value))) &&
  Number.isInteger(Number(value)) &&
  Number(value) >= 1 &&
  Number(value) <= 10;

const isHost = (host: unknown): host is Json =>
  isObject(host) &&
  [host['name'], host['machineId']].every(
    (value) => value === undefined || value === null || typeof value === 'string',
  );

const isNamed = (host: Json): boolean =>
  [host['name'], host['machineId']].some((value) => typeof value === 'string' && value.trim() !== '');

/** Host Factory's contract once more, in other words: what may be accepted. */
const RIGHT: Readonly<Record<Operation, (input: unknown) => boolean>> = {
  requestMachines: (input) => {
    const template = isObject(input) ? input['template'] : undefined;
    return isObject(template) && template['templateId'] === 'demo' && isCount(template['machineCount']);
  },
  requestReturnMachines: (input) => {
    const machines = isObject(input) ? listOf(input['machines']) : undefined;
    if (!machines?.every(isHost)) return false;
    return machines.length === 0 || machines.some(isNamed);
  },
  getRequestStatus: (input) => {
    const requests = isObject(input) ? listOf(input['requests']) : undefined;
    const isAsked = (one: unknown): boolean =>
      isObject(one) && typeof one['requestId'] === 'string' && one['requestId'].trim() !== '';
    // One entry without an id does not fail the call for the others.
    return requests !== undefined && (requests.length === 0 || requests.some(isAsked));
  },
  getReturnRequests: (input) => {
    if (!isObject(input)) return false;
    const machines = input['machines'] ?? [];
    return listOf(machines)?.every(isHost) ?? false;
  },
};

const host = fc.record(
  { name: fc.oneof(text, fc.constant(null)), machineId: fc.oneof(text, fc.constant(null)) },
  { requiredKeys: [], noNullPrototype: true },
);
const template = fc.record(
  {
    templateId: fc.constant('demo'),
    machineCount: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constant('3')),
  },
  { noNullPrototype: true },
);

/** Documents as Host Factory sends them. */
const SENT: Readonly<Record<Operation, fc.Arbitrary<object>>> = {
  requestMachines: fc.record({ template, rc_account: text }, { requiredKeys: ['template'] }),
  requestReturnMachines: fc.record({ machines: fc.array(host, { maxLength: 5 }) }),
  getRequestStatus: fc.record({
    requests: fc.array(fc.record({ requestId: fc.string({ minLength: 1 }) }), { maxLength: 5 }),
  }),
  getReturnRequests: fc.record({ machines: fc.array(host, { maxLength: 5 }) }, { requiredKeys: [] }),
};

const INNER: Readonly<Record<Operation, (document: object) => fc.Arbitrary<object>>> = {
  requestMachines: (document) => damaged(template).map((inner) => ({ ...document, template: inner })),
  requestReturnMachines: (document) =>
    fc.array(fc.oneof(damaged(host), json), { maxLength: 3 }).map((machines) => ({ ...document, machines })),
  getRequestStatus: (document) =>
    fc
      .array(fc.oneof(damaged(fc.record({ requestId: text })), json), { maxLength: 3 })
      .map((requests) => ({ ...document, requests })),
  getReturnRequests: (document) =>
    fc.array(fc.oneof(damaged(host), json), { maxLength: 3 }).map((machines) => ({ ...document, machines })),
};

const MEMBER: Readonly<Record<Operation, string>> = {
  requestMachines: 'template',
  requestReturnMachines: 'machines',
  getRequestStatus: 'requests',
  getReturnRequests: 'machines',
};

/** What an accepted call must have done, once. */
function assertDone(operation: Operation, called: Called, input: unknown): void {
  const { requests, returns } = called;
  if (operation === 'requestMachines') {
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.count, Number((input as { template: Json }).template['machineCount']));
    assert.equal(called.document?.['requestId'], requests[0]?.requestId);
  } else assert.equal(requests.length, 0);
  assert.equal(returns.length, operation === 'requestReturnMachines' ? 1 : 0);
}

/** The input documents of Host Factory's four calls, as files. */
export async function openDocuments(): Promise<Area> {
  const files = await scratch();
  await files.write('awsinstprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
  const env = { HF_PROVIDER_CONFDIR: files.directory, OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' };

  /** Accepted exactly if the contract takes it. */
  async function judge(operation: Operation, content: string | Buffer): Promise<void> {
    const path = await files.write('in.json', content);
    const called = await call(operation, ['-f', path], env);
    const input = parsed(content);
    assert.equal(called.document !== undefined, RIGHT[operation](input), called.message);
    if (called.document) assertDone(operation, called, input);
  }

  const properties = (Object.keys(SENT) as Operation[]).flatMap((operation) => {
    const sent = SENT[operation];
    const written = sent.map((document) => JSON.stringify(document));
    return [
      holds(
        `${operation}: documents, right and wrong`,
        fc.oneof(sent, sent.chain(INNER[operation]), damaged(sent), json),
        (document) => judge(operation, JSON.stringify(document) ?? ''),
      ),
      holds(
        `${operation}: bytes, and documents that end early or hold foreign bytes`,
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
          fc.tuple(written, fc.nat(200)).map(([whole, end]) => Buffer.from(whole.slice(0, end))),
          fc
            .tuple(written, fc.nat(200), fc.uint8Array({ minLength: 1, maxLength: 3 }))
            .map(([whole, at, bytes]) =>
              Buffer.concat([Buffer.from(whole).subarray(0, at), bytes, Buffer.from(whole).subarray(at)]),
            ),
        ),
        (content) => judge(operation, content),
      ),
      holds(
        `${operation}: values of any depth`,
        fc.tuple(sent, fc.constantFrom(MEMBER[operation], 'more'), deep),
        ([document, key, value]) => judge(operation, textWith(document, key, nested(value))),
        { share: 0.1 },
      ),
    ];
  });
  return { properties, close: () => files.remove() };
}

/** The file's value as any reader of JSON sees it; undefined: it is none. */
function parsed(content: string | Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(content)));
  } catch {
    return undefined;
  }
}
