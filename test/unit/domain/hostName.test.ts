import assert from 'node:assert/strict';
import {
  hostNameOf,
  parseHostNaming,
  formatHostNaming,
  isSameHost,
  type HostNaming,
} from '../../../domain/machine/hostName.ts';

const machineId = 'i-0123456789abcdef0';
const parts = { machineId, privateDns: 'ip-10-0-1-255.eu-west-1.compute.internal', privateIp: '10.0.1.255' };
const byId = `${machineId}.eu-west-1.compute.internal`;
const domain = 'grid.example.com';

const ROWS: readonly (readonly [HostNaming, string])[] = [
  [{ strategy: 'private-dns' }, 'ip-10-0-1-255.eu-west-1.compute.internal'],
  [{ strategy: 'private-dns', domain }, 'ip-10-0-1-255.grid.example.com'],
  [{ strategy: 'resource-name' }, byId],
  [{ strategy: 'resource-name', domain }, 'i-0123456789abcdef0.grid.example.com'],
  [{ strategy: 'short' }, 'ip-10-0-1-255'],
  [{ strategy: 'ip' }, '10.0.1.255'],
  [{ strategy: 'ip-hex' }, 'ip-0A0001FF'],
  [{ strategy: 'ip-hex', domain }, 'ip-0A0001FF.grid.example.com'],
];

describe('the name of a machine', () => {
  for (const [naming, name] of ROWS) {
    it(`the name of a machine is ${name} with ${formatHostNaming(naming)}`, () => {
      assert.equal(hostNameOf(naming, parts), name);
      assert.deepEqual(parseHostNaming(formatHostNaming(naming)), naming, 'as the tag has it');
    });
    it(`the name of a machine with ${formatHostNaming(naming)} is empty until AWS shows its parts`, () => {
      const known = naming.strategy === 'resource-name' && naming.domain !== undefined;
      const bare = hostNameOf(naming, { machineId, privateDns: '', privateIp: '' });
      assert.equal(bare, known ? name : '');
    });
  }

  it('the name of a machine has its id if AWS itself names machines by id', () => {
    const named = { ...parts, privateDns: byId };
    assert.equal(hostNameOf({ strategy: 'private-dns' }, named), byId);
    assert.equal(hostNameOf({ strategy: 'resource-name' }, named), byId);
    assert.equal(hostNameOf({ strategy: 'short' }, named), machineId);
  });

  it('the name of a machine is its private DNS name without a tag, and with a tag of a later release', () => {
    for (const text of [undefined, '', 'by-moonlight/example.com'])
      assert.deepEqual(parseHostNaming(text), { strategy: 'private-dns' });
  });
});

describe('two names', () => {
  const pairs: readonly (readonly [string, string, boolean])[] = [
    ['ip-10-0-0-1.ec2.internal', 'IP-10-0-0-1.EC2.Internal', true],
    ['ip-10-0-0-1.ec2.internal', 'ip-10-0-0-1', true],
    ['IP-0A000001', 'ip-0a000001.grid.example.com', true],
    ['ip-10-0-0-1.ec2.internal', 'ip-10-0-0-1.grid.example.com', false],
    ['ip-10-0-0-1', 'ip-10-0-0-10', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10', false],
    ['10.0.0.1', '10.0.0.2', false],
    ['', '', false],
  ];
  for (const [a, b, same] of pairs) {
    it(`${a || "''"} and ${b || "''"} ${same ? 'name one host' : 'do not name one host'}`, () => {
      assert.equal(isSameHost(a, b), same);
      assert.equal(isSameHost(b, a), same);
    });
  }
});
