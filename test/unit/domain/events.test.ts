import { strict as assert } from 'node:assert';
import type { DomainEvent } from '../../../domain/events/event.ts';
import { packEvents, unpackEvents } from '../../../domain/events/packed.ts';
import { diffEvents, requestCreated } from '../../../domain/request/diffEvents.ts';
import { reduce, type RequestFact } from '../../../domain/request/reducer.ts';
import { initialRequestState } from '../../../domain/request/state.ts';
import { anObservation, aTemplate } from '../../fixtures/builders.ts';
import type { MachineRequestInput } from '../../../domain/request/input.ts';

const REQUEST = 'req-0198c0de-0000-7000-8000-000000000000';
const input: MachineRequestInput = {
  v: 1,
  requestId: REQUEST,
  deployment: 'test',
  provider: 'awsinst',
  createdAt: 1_000,
  count: 2,
  template: aTemplate({ userData: 'secret' }),
  deadlineSeconds: 60,
};

/** All events of these facts, as the owner derives them after each fact. */
function eventsOf(facts: readonly RequestFact[], of: MachineRequestInput = input): DomainEvent[] {
  let state = initialRequestState(of);
  const events = requestCreated(state);
  for (const [index, fact] of facts.entries()) {
    const next = reduce(state, fact);
    events.push(...diffEvents(state, next, 2_000 + index, events.length + 1));
    state = next;
  }
  return events;
}

const launch = { ordinal: 1, token: 't', units: 2, decidedAt: 0, stage: 'open', fulfilledUnits: 0 } as const;
const machine = (machineId: string) => ({ machineId, instanceType: 't3.medium', spot: true });
const terminated = (machineId: string) =>
  anObservation(machineId, { state: 'terminated', name: '', reason: 'Server.SpotInstanceTermination' });

describe('the events of a request', () => {
  const lifecycle: readonly RequestFact[] = [
    { type: 'LaunchDecided', launch },
    {
      type: 'LaunchSettled',
      ordinal: 1,
      machines: [machine('i-1'), machine('i-2')],
      shortages: [{ offering: 'm5/a', code: 'InsufficientInstanceCapacity', message: 'none' }],
    },
    { type: 'MachinesObserved', observations: [anObservation('i-1'), anObservation('i-2')] },
    { type: 'Settled' },
    { type: 'MachinesObserved', observations: [terminated('i-1')] },
    { type: 'ReturnRequested', request: { returnId: 'ret-1', machines: [anObservation('i-2')] } },
    { type: 'TerminationStarted', machineIds: ['i-2'] },
    { type: 'MachinesObserved', observations: [terminated('i-2')] },
  ];

  it('events have the ids of the calls of Host Factory that caused them', () => {
    const back = { returnId: 'ret-1', machines: [anObservation('i-2')], callId: 'host-2-b' };
    const calls = eventsOf(
      lifecycle.map((fact) => (fact.type === 'ReturnRequested' ? { ...fact, request: back } : fact)),
      { ...input, callId: 'host-1-a' },
    ).map((event) => ('callId' in event ? [event.type, event.callId] : []));
    assert.deepEqual(
      calls.filter(([type]) => type !== undefined),
      [
        ['RequestCreated', 'host-1-a'],
        ['ReturnRequested', 'host-2-b'],
      ],
    );
    assert.ok(eventsOf(lifecycle).every((event) => !('callId' in event)));
  });

  it('events describe the whole lifecycle of a request in the order of their causes', () => {
    assert.deepEqual(
      eventsOf(lifecycle).map(({ type }) => type),
      [
        'RequestCreated',
        'LaunchDecided',
        'LaunchSettled',
        'ShortageReported',
        'MachineCreated',
        'MachineCreated',
        'MachineStatusChanged',
        'MachineStatusChanged',
        'RequestStatusChanged',
        'MachineLost',
        'MachineTerminated',
        'ReturnRequested',
        'MachineTerminated',
      ],
    );
  });

  it('events are numbered without gaps, and are equal however often they are derived', () => {
    const events = eventsOf(lifecycle);
    assert.deepEqual(
      events.map(({ id }) => id),
      events.map((_, index) => `${REQUEST}/${index + 1}`),
    );
    assert.deepEqual(eventsOf(lifecycle), events);
  });

  it('the first event has what was requested, and by which call', () => {
    const [first] = eventsOf([], { ...input, callId: 'host-1-x' });
    assert.ok(first?.type === 'RequestCreated');
    assert.deepEqual(
      [first.templateId, first.count, first.deadline, first.callId],
      ['demo', 2, 61_000, 'host-1-x'],
    );
  });

  it('a repeated fact causes no event', () => {
    const observed: RequestFact = { type: 'MachinesObserved', observations: [anObservation('i-1')] };
    const once = eventsOf([...lifecycle.slice(0, 2), observed]);
    assert.deepEqual(eventsOf([...lifecycle.slice(0, 2), observed, observed]), once);
  });

  it('the events of an adopter have their own sequence', () => {
    const { template: _, ...adopting } = input;
    const [first] = eventsOf([], { ...adopting, count: 0 });
    assert.equal(first?.id, `own-${REQUEST}/1`);
    assert.equal(first?.requestId, REQUEST);
  });

  it('the events of a return that arrives in parts name each machine once', () => {
    const part = (...ids: string[]): RequestFact => ({
      type: 'ReturnRequested',
      request: { returnId: 'ret-1', machines: ids.map((id) => anObservation(id)) },
    });
    const named = eventsOf([part('i-1'), part('i-1', 'i-2')]).flatMap((event) =>
      event.type === 'ReturnRequested' ? [event.machineIds] : [],
    );
    assert.deepEqual(named, [['i-1'], ['i-2']]);
  });

  it('a step that changes nothing causes no event', () => {
    const state = initialRequestState(input);
    assert.deepEqual(diffEvents(state, { ...state }, 0, 2), []);
  });

  describe('as a payload', () => {
    it('packed events are equal after they are unpacked', () => {
      const call = { returnId: 'ret-2', machines: [anObservation('i-1')], callId: 'host-2-b' };
      const events = eventsOf([...lifecycle, { type: 'ReturnRequested', request: call }], {
        ...input,
        callId: 'host-1-a',
      });
      assert.deepEqual(unpackEvents(packEvents(events)), events);
      assert.deepEqual(unpackEvents(packEvents(events.slice(4, 6))), events.slice(4, 6));
    });

    it('packed events stay small when AWS refuses thousands of machines for the same reason', () => {
      const ids = Array.from({ length: 3_000 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
      const refused = ids.map((machineId) => ({ machineId, message: 'OperationNotPermitted '.repeat(10) }));
      const events = eventsOf([
        { type: 'LaunchDecided', launch },
        { type: 'LaunchSettled', ordinal: 1, machines: ids.map(machine), shortages: [] },
        { type: 'MachinesObserved', observations: ids.map((id) => anObservation(id)) },
        {
          type: 'ReturnRequested',
          request: { returnId: 'ret-1', machines: ids.map((id) => anObservation(id)) },
        },
        { type: 'TerminationStarted', machineIds: ids },
        { type: 'TerminationRefused', refused },
      ]);
      const packed = packEvents(events);
      assert.deepEqual(unpackEvents(packed), events);
      assert.ok(JSON.stringify(packed).length * 5 < JSON.stringify(events).length);
    });
  });
});
