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

  it('packed machines are equal after they are unpacked', () => {
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

  it('4,000 machines that share a long text are packed well below the size limit of an answer', () => {
    const machines = Array.from({ length: 4_000 }, (_, index) =>
      machine(index, { reason: 'x'.repeat(1_500) }),
    );
    const packed = packMachines(machines);
    assert.ok(Buffer.byteLength(JSON.stringify(packed)) < 500_000);
    assert.deepEqual(unpackMachines(packed)[3_999], machines[3_999]);
  });

  it('the 10,000 machines of a request are packed into less than 1 MB', () => {
    const machines = Array.from({ length: 10_000 }, (_, index) => machine(index));
    const bytes = Buffer.byteLength(JSON.stringify(packMachines(machines)));
    assert.ok(bytes < 1_000_000, `${bytes} bytes`);
  });
});
