import { strict as assert } from 'node:assert';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseInstancePage } from '../../../activities/aws/instance/instanceXml.ts';

/** As EC2 writes it: indented, and with the same names at several levels. */
const DOCUMENT = `<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>fdcdcab1-ae5c-489e-9c33-4637c5dda355</requestId>
    <reservationSet>
        <item>
            <reservationId>r-1</reservationId>
            <groupSet/>
            <instancesSet>
                <item>
                    <instanceId>i-0000000000000000a</instanceId>
                    <instanceState>
                        <code>16</code>
                        <name>running</name>
                    </instanceState>
                    <privateDnsName>ip-10-0-0-1.ec2.internal</privateDnsName>
                    <reason/>
                    <instanceType>m5.large</instanceType>
                    <launchTime>2026-11-26T10:00:00.500Z</launchTime>
                    <placement><availabilityZone>us-east-1a</availabilityZone></placement>
                    <privateIpAddress>10.0.0.1</privateIpAddress>
                    <ipAddress>3.0.0.1</ipAddress>
                    <tagSet>
                        <item><key>Name</key><value>R&amp;D &lt;1&gt; &#xe9;&#33;</value></item>
                        <item><value/><key>ohf:provider</key></item>
                    </tagSet>
                    <networkInterfaceSet>
                        <item>
                            <privateIpAddress>10.9.9.9</privateIpAddress>
                            <groupSet><item><groupId>sg-1</groupId></item></groupSet>
                            <tagSet><item><key>Name</key><value>of the interface</value></item></tagSet>
                        </item>
                    </networkInterfaceSet>
                </item>
                <item>
                    <instanceId>i-0000000000000000b</instanceId>
                    <instanceState><code>48</code><name>terminated</name></instanceState>
                    <privateDnsName></privateDnsName>
                    <stateReason><code>Server.SpotInstanceTermination</code><message>Spot: no capacity</message></stateReason>
                    <instanceLifecycle>spot</instanceLifecycle>
                    <somethingNew><name>stopped</name></somethingNew>
                </item>
            </instancesSet>
        </item>
        <item>
            <instancesSet><item><instanceId>i-0000000000000000c</instanceId></item></instancesSet>
        </item>
    </reservationSet>
    <nextToken>more&amp;more</nextToken>
</DescribeInstancesResponse>
`;

describe('a document of DescribeInstances', () => {
  it('the parser reads the fields of each instance and ignores those of nested elements', () => {
    const { instances, nextToken } = parseInstancePage(DOCUMENT);
    assert.equal(nextToken, 'more&more');
    assert.deepEqual(instances, [
      {
        machineId: 'i-0000000000000000a',
        state: 'running',
        name: 'ip-10-0-0-1.ec2.internal',
        privateIp: '10.0.0.1',
        publicIp: '3.0.0.1',
        launchTime: Date.UTC(2026, 10, 26, 10) / 1_000,
        instanceType: 'm5.large',
        spot: false,
        reason: '',
        tags: { Name: 'R&D <1> é!', 'ohf:provider': '' },
      },
      {
        machineId: 'i-0000000000000000b',
        state: 'terminated',
        name: '',
        privateIp: '',
        publicIp: '',
        launchTime: 0,
        instanceType: '',
        spot: true,
        reason: 'Spot: no capacity',
        tags: {},
      },
      {
        machineId: 'i-0000000000000000c',
        state: 'pending',
        name: '',
        privateIp: '',
        publicIp: '',
        launchTime: 0,
        instanceType: '',
        spot: false,
        reason: '',
        tags: {},
      },
    ]);
  });

  it('a document without instances is read as an empty page', () => {
    const empty = '<DescribeInstancesResponse><reservationSet/><nextToken/></DescribeInstancesResponse>';
    assert.deepEqual(parseInstancePage(empty), { instances: [], nextToken: undefined });
  });

  it('a truncated document is rejected wherever it was cut', () => {
    const whole = DOCUMENT.trimEnd();
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => parseInstancePage(whole.slice(0, length)), SyntaxError, `cut at ${length}`);
    }
  });

  it('a document of another kind is rejected', () => {
    for (const other of ['', 'nothing', '<html><body>busy</body></html>', '<Response></Response>', '<a/>']) {
      assert.throws(() => parseInstancePage(other), SyntaxError, other);
    }
    assert.throws(
      () => parseInstancePage(DOCUMENT.replace('</item></groupSet>', '</groupSet></item>')),
      SyntaxError,
    );
  });

  it('parsed instances do not keep their document in memory', async () => {
    const megabyte = 1024 * 1024;
    const remembered: unknown[] = [];
    const before = heapInUse();
    for (let each = 0; each < 32; each++) {
      const padded = DOCUMENT.replace('<groupSet/>', `<groupSet>${String(each).repeat(megabyte)}</groupSet>`);
      remembered.push(parseInstancePage(padded).instances);
    }
    // One collection may leave garbage behind, so the check waits for the heap to shrink.
    const deadline = Date.now() + 5_000;
    while (heapInUse() - before >= 4 * megabyte && Date.now() < deadline) await setTimeout(50);
    assert.ok(heapInUse() - before < 4 * megabyte);
    assert.equal(remembered.length, 32);
  });
});

/** Bytes in use after a garbage collection. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
