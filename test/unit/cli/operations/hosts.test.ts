import assert from 'node:assert/strict';
import { distinctHosts, hostFromArg } from '../../../../cli/operations/hosts.ts';

describe('returned hosts', () => {
  it('returned hosts are distinct by id, else by name, in their order', () => {
    const given = [
      { name: 'a', machineId: 'i-1' },
      { name: 'B' },
      { name: 'other', machineId: 'i-1' },
      { name: 'b', machineId: null },
      { name: ' ', machineId: '' },
      { machineId: 'i-2' },
    ];
    assert.deepEqual(distinctHosts(given), [
      { machineId: 'i-1', name: 'a' },
      { name: 'B' },
      { machineId: 'i-2' },
    ]);
  });
  it('a host on the command line is an instance id or a name', () => {
    assert.deepEqual(hostFromArg('i-0123456789abcdef0'), { machineId: 'i-0123456789abcdef0' });
    assert.deepEqual(hostFromArg('ip-10-0-0-1.ec2.internal'), { name: 'ip-10-0-0-1.ec2.internal' });
  });
});
