import { strict as assert } from 'node:assert';
import { launchToken } from '../../../domain/request/launch.ts';
import { canSettle, reduce, type RequestFact } from '../../../domain/request/reducer.ts';
import {
  toCarriedRequestState,
  initialRequestState,
  missingUnits,
  type RequestState,
} from '../../../domain/request/state.ts';
import { returnOutcomeOf, requestStatus, ownershipStatusOf } from '../../../domain/request/status.ts';
import { anObservation, aTemplate } from '../../fixtures/builders.ts';
import type { CarriedRequestState, MachineRequestInput } from '../../../domain/request/input.ts';

describe('the rules of a request', () => {
  const input = (changes: Partial<MachineRequestInput> = {}): MachineRequestInput => ({
    v: 1,
    requestId: 'req-0198c0de-0000-7000-8000-000000000000',
    deployment: 'test',
    provider: 'awsinst',
    createdAt: 0,
    count: 3,
    template: aTemplate(),
    deadlineSeconds: 60,
    ...changes,
  });
  const after = (facts: readonly RequestFact[], changes: Partial<MachineRequestInput> = {}): RequestState =>
    facts.reduce(reduce, initialRequestState(input(changes)));
  const launched = (...ids: string[]): RequestFact[] => [
    {
      type: 'LaunchDecided',
      launch: { ordinal: 1, token: 't', units: 3, decidedAt: 0, stage: 'open', fulfilledUnits: 0 },
    },
    {
      type: 'LaunchSettled',
      ordinal: 1,
      machines: ids.map((machineId) => ({ machineId, instanceType: 't3.medium', spot: false })),
      shortages: [],
    },
  ];
  const observed = (...observations: ReturnType<typeof anObservation>[]): RequestFact => ({
    type: 'MachinesObserved',
    observations,
  });

  it('a launch without an answer counts, so no other launch replaces it', () => {
    const [decided] = launched('i-1');
    assert.ok(decided);
    assert.equal(missingUnits(after([decided])), 0);
    assert.equal(canSettle(after([decided]), true), false, 'not even past the deadline');
    assert.equal(missingUnits(after(launched('i-1'))), 2);
  });

  it('two machines of two units fill a request for three', () => {
    const template = aTemplate({ instanceTypes: [{ instanceType: 't3.medium', units: 2 }] });
    assert.equal(missingUnits(after(launched('i-1', 'i-2'), { template })), 0);
  });

  it('a read that lacks a machine does not change it', () => {
    const state = after([
      ...launched('i-1'),
      observed(anObservation('i-1', { state: 'absent', name: '', privateIp: '' })),
    ]);
    assert.equal(state.machines.get('i-1')?.result, 'executing');
    assert.equal(state.machines.get('i-1')?.release, 'held');
  });

  it('a running machine without a name or an address is not ready', () => {
    const state = after([...launched('i-1'), observed(anObservation('i-1', { name: '' }))]);
    assert.equal(state.machines.get('i-1')?.result, 'executing');
  });

  it('a machine that succeeded keeps its result, name and address when it is terminated', () => {
    const terminated = anObservation('i-1', { state: 'terminated', name: '', privateIp: '', launchTime: 0 });
    const machine = after([
      ...launched('i-1'),
      observed(anObservation('i-1')),
      observed(terminated),
    ]).machines.get('i-1');
    assert.equal(machine?.result, 'succeed');
    assert.equal(machine?.name, 'i-1.ec2.internal');
    assert.equal(machine?.launchTime, 1_700_000_000);
    assert.equal(machine?.release, 'terminated');
  });

  it('a machine that is terminated while booting fails with the reason of AWS', () => {
    const dead = anObservation('i-1', { state: 'terminated', reason: 'Server.InternalError' });
    const machine = after([...launched('i-1'), observed(dead)]).machines.get('i-1');
    assert.deepEqual([machine?.result, machine?.message], ['fail', 'Server.InternalError']);
  });

  it('a stopped machine fails and is released, because it still costs money', () => {
    const machine = after([
      ...launched('i-1'),
      observed(anObservation('i-1', { state: 'stopped' })),
    ]).machines.get('i-1');
    assert.deepEqual([machine?.result, machine?.release], ['fail', 'pendingRelease']);
  });

  it('a return of a machine is kept if it arrives before the answer of the launch', () => {
    const [decided, settled] = launched('i-1', 'i-2', 'i-3');
    assert.ok(decided && settled);
    const request = { returnId: 'ret-1', machines: [anObservation('i-2', { state: 'pending' })] };
    const state = after([decided, { type: 'ReturnRequested', request }, settled]);
    assert.deepEqual(
      [...state.machines.values()].map(({ machineId, release }) => [machineId, release]).toSorted(),
      [
        ['i-1', 'held'],
        ['i-2', 'pendingRelease'],
        ['i-3', 'held'],
      ],
    );
    assert.equal(missingUnits(state), 0, 'nothing is launched in its place');
    assert.equal(
      returnOutcomeOf(state, 'owner', ['i-2']),
      undefined,
      'and it has no answer before it is terminated',
    );
  });

  it('the state that is carried into the next run is the same state', () => {
    const request = { returnId: 'ret-1', machines: [anObservation('i-2')] };
    const state = after([
      ...launched('i-1', 'i-2', 'i-3'),
      observed(anObservation('i-1'), anObservation('i-2'), anObservation('i-3')),
      { type: 'Settled' },
      { type: 'ReturnRequested', request },
    ]);
    const next = initialRequestState({
      ...input(),
      carriedState: JSON.parse(JSON.stringify(toCarriedRequestState(state))),
    });
    assert.deepEqual(next.machines, state.machines);
    assert.deepEqual(next.openReturns, state.openReturns);
    assert.deepEqual([next.phase, next.status], ['settled', 'complete']);
  });

  describe('acknowledgement', () => {
    const ready = [
      ...launched('i-1', 'i-2', 'i-3'),
      observed(anObservation('i-1'), anObservation('i-2')),
      observed(anObservation('i-3')),
    ];
    const acknowledged = (...machineIds: string[]): RequestFact => ({ type: 'Acknowledged', machineIds });
    const releaseUnacknowledged = (...machineIds: string[]): RequestFact => ({
      type: 'UnacknowledgedReleased',
      machineIds,
    });
    const statuses = (state: RequestState) => ['i-1', 'i-2', 'i-3'].map((id) => ownershipStatusOf(state, id));

    it('a machine is unacknowledged from when it is ready until Host Factory has read it', () => {
      assert.deepEqual(statuses(after(launched('i-1', 'i-2'))), ['booting', 'booting', 'unknown']);
      assert.deepEqual(statuses(after(ready)), ['unacknowledged', 'unacknowledged', 'unacknowledged']);
      const state = after([...ready, acknowledged('i-1', 'i-3', 'i-9')]);
      assert.deepEqual(statuses(state), ['acknowledged', 'unacknowledged', 'acknowledged']);
      assert.equal(requestStatus(state).unacknowledged, 1);
      assert.equal(
        requestStatus(after([...ready, acknowledged('i-1', 'i-2', 'i-3')])).unacknowledged,
        undefined,
      );
    });

    it('only an unacknowledged machine is released unacknowledged, and its result becomes fail', () => {
      const state = after([
        ...ready,
        acknowledged('i-1'),
        { type: 'Settled' },
        releaseUnacknowledged('i-1', 'i-2'),
      ]);
      assert.deepEqual(
        [...state.machines.values()].map(({ result, release }) => `${result} ${release}`),
        ['succeed held', 'fail pendingRelease', 'succeed held'],
      );
      assert.equal(state.status, 'complete');
      assert.match(state.message, /^2 of 3 machines were launched\. .*never read/);
      assert.equal(
        ownershipStatusOf(state, 'i-2'),
        'acknowledged',
        'if Host Factory does hold it, it learns that the machine is lost',
      );
      const none = reduce(reduce(state, releaseUnacknowledged('i-3')), acknowledged('i-3'));
      assert.equal(none.machines.get('i-3')?.release, 'pendingRelease');
      assert.equal(
        after([...ready, { type: 'Settled' }, releaseUnacknowledged('i-1', 'i-2', 'i-3')]).status,
        'complete_with_error',
      );
    });

    it('a machine that Host Factory returns is acknowledged, even if AWS then refuses to terminate it', () => {
      const request = { returnId: 'ret-1', machines: [anObservation('i-1')] };
      const refused = [{ machineId: 'i-1', message: 'protected' }];
      const state = after([
        ...ready,
        { type: 'ReturnRequested', request },
        { type: 'TerminationRefused', refused },
      ]);
      assert.equal(reduce(state, releaseUnacknowledged('i-1')).machines.get('i-1')?.release, 'refused');
    });

    it('acknowledgements are carried into the next run; machines that an older release carried are acknowledged', () => {
      const state = after([...ready, acknowledged('i-1'), { type: 'Settled' }]);
      const carriedState: CarriedRequestState = JSON.parse(JSON.stringify(toCarriedRequestState(state)));
      assert.deepEqual(statuses(initialRequestState({ ...input(), carriedState })), [
        'acknowledged',
        'unacknowledged',
        'unacknowledged',
      ]);
      const { unacknowledged: _unacknowledged, ...older } = carriedState;
      assert.deepEqual(statuses(initialRequestState({ ...input(), carriedState: older })), [
        'acknowledged',
        'acknowledged',
        'acknowledged',
      ]);
    });

    it('an adopter keeps the machines that Host Factory may have, and releases only those reported as unacknowledged', () => {
      const { template: _template, ...adopter } = input({ count: 0 });
      const adopted: RequestFact = {
        type: 'MachinesAdopted',
        observations: [anObservation('i-1'), anObservation('i-2')],
        unacknowledged: ['i-2'],
      };
      const state = reduce(
        reduce(initialRequestState(adopter), adopted),
        releaseUnacknowledged('i-1', 'i-2'),
      );
      assert.deepEqual(
        [...state.machines.values()].map(({ release }) => release),
        ['held', 'pendingRelease'],
      );
    });
  });

  it("a token fits AWS's 64 characters for the longest deployment and many launches", () => {
    const token = launchToken('d'.repeat(24), input().requestId, 9_999);
    assert.ok(token.length <= 64, String(token.length));
    assert.match(token, /^[a-z0-9-]+$/);
  });
});
