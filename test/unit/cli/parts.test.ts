import assert from 'node:assert/strict';
import { mapConcurrently } from '../../../cli/gateway/inParallel.ts';
import { distinctHosts, hostFromArg } from '../../../cli/operations/hosts.ts';
import { machineRow } from '../../../cli/operations/machineRow.ts';
import { parseArgv } from '../../../cli/args/argv.ts';
import type { Machine } from '../../../domain/machine/machine.ts';

describe('arguments of an operation', () => {
  it('arrive as they were typed', () => {
    assert.deepEqual(parseArgv(['0456', '1e3', '-1', '--', '-f']), {
      kind: 'args',
      args: ['0456', '1e3', '-1', '-f'],
    });
  });
  it('name the input in one way', () => {
    assert.deepEqual(parseArgv(['-f', 'a b']), { kind: 'file', path: 'a b' });
    assert.deepEqual(parseArgv(['--data={"a":"="}']), { kind: 'data', json: '{"a":"="}' });
    assert.throws(() => parseArgv(['-f', 'a', '-d', '{}']), /given twice/);
    assert.throws(() => parseArgv(['-f', 'a', 'word']), /given twice/);
  });
});

describe('hosts that are given back', () => {
  it('are told apart by id, else by name, once each and in order', () => {
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
  it('are ids or names on the command line', () => {
    assert.deepEqual(hostFromArg('i-0123456789abcdef0'), { machineId: 'i-0123456789abcdef0' });
    assert.deepEqual(hostFromArg('ip-10-0-0-1.ec2.internal'), { name: 'ip-10-0-0-1.ec2.internal' });
  });
});

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

  it('has IBM’s fields, all of them, in IBM’s forms', () => {
    assert.equal(
      JSON.stringify(machineRow(machine)),
      '{"machineId":"i-1","name":"ip-10-0-57-7.ec2.internal","result":"succeed","status":"running",' +
        '"privateIpAddress":"10.0.57.7","publicIpAddress":null,"launchtime":1734619942,' +
        '"instanceType":"r5n.2xlarge","priceType":"spot","instanceTags":"","cloudHostId":null,"message":""}',
    );
  });

  it('is pending before AWS shows it and terminated when AWS no more does', () => {
    const absent = { ...machine, state: 'absent' } as const;
    assert.equal(statusOf(machineRow({ ...absent, result: 'executing' })), 'pending');
    assert.equal(statusOf(machineRow({ ...absent, result: 'fail' })), 'terminated');
  });
});

describe('work in parallel', () => {
  it('keeps the order and never exceeds its width', async () => {
    let running = 0;
    let most = 0;
    const results = await mapConcurrently([3, 1, 2, 0], 2, async (item) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      running--;
      return item * 10;
    });
    assert.deepEqual(results, [30, 10, 20, 0]);
    assert.equal(most, 2);
  });
});

const statusOf = (row: object): unknown => ('status' in row ? row.status : undefined);
