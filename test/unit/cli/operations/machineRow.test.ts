import assert from 'node:assert/strict';
import { machineRow } from '../../../../cli/operations/machineRow.ts';
import type { Machine } from '../../../../domain/machine/machine.ts';

describe('a machine in the answer', () => {
  const machine: Machine = {
    machineId: 'i-1',
    name: 'ip-10-0-57-7.ec2.internal',
    privateIp: '10.0.57.7',
    publicIp: '',
    launchTime: 1_734_619_942,
    instanceType: 'r5n.2xlarge',
    spot: true,
    state: 'running',
    reason: '',
    result: 'succeed',
    message: '',
    units: 1,
    release: 'held',
  };

  it('a machine row has all of IBM’s fields in IBM’s form', () => {
    assert.equal(
      JSON.stringify(machineRow(machine)),
      '{"machineId":"i-1","name":"ip-10-0-57-7.ec2.internal","result":"succeed","status":"running",' +
        '"privateIpAddress":"10.0.57.7","publicIpAddress":null,"launchtime":1734619942,' +
        '"instanceType":"r5n.2xlarge","priceType":"spot","instanceTags":"","cloudHostId":null,"message":""}',
    );
  });

  it('a machine is pending before AWS shows it and terminated after AWS stops showing it', () => {
    const absent = { ...machine, state: 'absent' } as const;
    assert.equal(statusOf(machineRow({ ...absent, result: 'executing' })), 'pending');
    assert.equal(statusOf(machineRow({ ...absent, result: 'fail' })), 'terminated');
  });
});

const statusOf = (row: object): unknown => ('status' in row ? row.status : undefined);
