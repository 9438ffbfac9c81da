import assert from 'node:assert/strict';
import {
  ABSENCE_CONFIRMATION_MS,
  applyDeliveries,
  initialReturnState,
  returnStatus,
} from '../../../domain/return/state.ts';

const MACHINE = 'i-0123456789abcdef0';

describe('the rules of a return', () => {
  it('the return of a machine unknown to AWS is complete once the machine was absent for 20 minutes, and not before', () => {
    const sentAt = Date.parse('2026-01-01T00:00:00Z');
    const missing = [{ index: 0, kind: 'absent', machineId: MACHINE }] as const;
    const start = initialReturnState({
      v: 1,
      returnId: 'ret-1',
      deployment: 'd',
      provider: 'p',
      createdAt: sentAt,
      machines: [{ machineId: MACHINE }],
    });
    const first = applyDeliveries(start, missing, sentAt);
    const before = applyDeliveries(first, missing, sentAt + ABSENCE_CONFIRMATION_MS - 1);
    const after = applyDeliveries(first, missing, sentAt + ABSENCE_CONFIRMATION_MS);
    assert.deepEqual(
      [first, before, after].map((state) => returnStatus(state).status),
      ['running', 'running', 'complete'],
    );
  });
});
