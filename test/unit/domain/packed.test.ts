import { strict as assert } from 'node:assert';
import type { Machine } from '../../../domain/machine/machine.ts';
import { packMachines, unpackMachines } from '../../../domain/machine/packed.ts';
import { anObservation } from '../../fixtures/builders.ts';

describe('packed machines', () => {
  const machine = (index: number, changes: Partial<Machine> = {}): Machine => ({
    ...anObservation(`i-${String(index).padStart(17, '0')}`),
    name: `ip-10-0-${index >> 8}-${index & 255}.ec2.internal`,
    result: 'succeed',
    message: '',
    units: 1,
    release: 'held',
    ...changes,
  });

  it('come back as they were', () => {
    const machines = [
      machine(1),
      machine(2, {
        state: 'terminated',
        result: 'fail',
        release: 'terminated',
        message: 'died',
        reason: 'Server.X',
      }),
      machine(3, {
        units: 4,
        spot: true,
        publicIp: '1.2.3.4',
        instanceType: 'c5.large',
        release: 'terminating',
      }),
    ];
    assert.deepEqual(unpackMachines(packMachines(machines)), machines);
    assert.deepEqual(unpackMachines(packMachines([])), []);
  });

  it('share a long text: 4,000 refused machines stay well under the limit of an answer', () => {
    const machines = Array.from({ length: 4_000 }, (_, index) =>
      machine(index, { reason: 'x'.repeat(1_500) }),
    );
    const packed = packMachines(machines);
    assert.ok(Buffer.byteLength(JSON.stringify(packed)) < 500_000);
    assert.deepEqual(unpackMachines(packed)[3_999], machines[3_999]);
  });

  it('of a request of 10,000 stay under 1 MB', () => {
    const machines = Array.from({ length: 10_000 }, (_, index) => machine(index));
    const bytes = Buffer.byteLength(JSON.stringify(packMachines(machines)));
    assert.ok(bytes < 1_000_000, `${bytes} bytes`);
  });
});
