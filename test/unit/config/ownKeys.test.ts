import assert from 'node:assert/strict';
import { readTemplateForRequest, readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { onDemand, scratch, spot, type Scratch } from '../../fixtures/scratch.ts';

describe("keys that IBM's files do not have", () => {
  let files: Scratch;
  beforeEach(async () => {
    files = await scratch();
  });
  afterEach(() => files.remove());

  const readOne = async (changes: object) => {
    const template = onDemand({ templateId: 't', ...changes });
    return readTemplateForRequest(await files.write('t.json', { templates: [template] }), 't');
  };
  const problemsOf = async (template: object) => {
    const path = await files.write('t.json', { templates: [onDemand({ templateId: 'good' }), template] });
    return (await readTemplates(path)).problems.map(({ message }) => message);
  };

  it('providerApi selects the launch method, and such a template uses all its subnets', async () => {
    const { providerApi, subnetIds } = await readOne({
      providerApi: 'RunInstances',
      subnetId: 'subnet-1,subnet-2',
    });
    assert.deepEqual([providerApi, subnetIds], ['RunInstances', ['subnet-1', 'subnet-2']]);
  });

  it('our keys set volumes, placement, metadata and reservations', async () => {
    const template = await readOne({
      volumeType: 'gp3',
      rootVolumeThroughput: 250,
      rootVolumeEncrypted: 'true',
      kmsKeyId: 'alias/k',
      volumes: [{ deviceName: '/dev/sdf', size: 100, type: 'st1' }],
      tenancy: 'dedicated',
      placementGroupName: 'close',
      ebsOptimized: true,
      metadataHttpTokens: 'optional',
      metadataHopLimit: 2,
      capacityReservationId: 'cr-1',
    });
    assert.deepEqual(template.rootVolume, {
      type: 'gp3',
      throughput: 250,
      encrypted: true,
      kmsKeyId: 'alias/k',
    });
    assert.deepEqual(template.volumes, [{ deviceName: '/dev/sdf', sizeGiB: 100, type: 'st1' }]);
    const { tenancy, placementGroupName, ebsOptimized } = template;
    assert.deepEqual([tenancy, placementGroupName, ebsOptimized], ['dedicated', 'close', true]);
    const { metadataHttpTokens, metadataHopLimit, capacityReservationId } = template;
    assert.deepEqual([metadataHttpTokens, metadataHopLimit, capacityReservationId], ['optional', 2, 'cr-1']);
  });

  it('hostName and hostDomain of a template override the settings', async () => {
    const naming = async (changes: object) => (await readOne(changes)).hostName;
    assert.equal(await naming({}), undefined);
    assert.deepEqual(await naming({ hostName: 'ip-hex' }), { strategy: 'ip-hex' });
    assert.deepEqual(await naming({ hostDomain: 'grid.example.com' }), {
      strategy: 'private-dns',
      domain: 'grid.example.com',
    });
  });

  const SMALL = { VCpuCount: { Min: 1 }, MemoryMiB: { Min: 1 } };
  const refused: readonly (readonly [string, object, RegExp])[] = [
    [
      'an unknown launch method',
      { providerApi: 'Magic' },
      /providerApi is "Magic"; allowed: EC2Fleet, .*AutoScalingGroup/,
    ],
    ['an invalid image id', { imageId: 'linux!' }, /imageId is "linux!"; allowed: /],
    ['an invalid launch template id', { launchTemplateId: 'mine' }, /launchTemplateId is "mine"; allowed: /],
    ['a version without a launch template', { launchTemplateVersion: 2 }, /needs a launchTemplateId/],
    [
      'an instance type together with instance requirements',
      { instanceRequirements: SMALL },
      /vmType and instanceRequirements/,
    ],
    [
      'a misspelt instance requirement',
      { vmType: null, instanceRequirements: { ...SMALL, BurstablePerfomance: 'excluded' } },
      /instanceRequirements\.BurstablePerfomance is not a known key\. Did you mean 'BurstablePerformance'\?/,
    ],
    [
      'an unknown key of a range',
      { vmType: null, instanceRequirements: { ...SMALL, MemoryMiB: { Min: 1, Maximum: 2 } } },
      /instanceRequirements\.MemoryMiB\.Maximum is not a known key/,
    ],
    [
      'a range that is empty',
      { vmType: null, instanceRequirements: { ...SMALL, VCpuCount: { Min: 8, Max: 4 } } },
      /instanceRequirements\.VCpuCount has Min 8 above Max 4/,
    ],
    [
      'a list of requirements inside one text',
      { vmType: null, instanceRequirements: { ...SMALL, CpuManufacturers: 'intel,amd' } },
      /instanceRequirements\.CpuManufacturers is "intel,amd"; allowed: a list of texts/,
    ],
    ['a missing fleet role', { providerApi: 'SpotFleetRequest', priceType: 'spot' }, /fleetRole is missing/],
    [
      'a reservation for spot machines',
      { priceType: 'spot', capacityReservationId: 'cr-1' },
      /reservations are on demand/,
    ],
    [
      'an Auto Scaling group with price type heterogeneous',
      { providerApi: 'AutoScalingGroup', priceType: 'heterogeneous' },
      /"heterogeneous" is not possible/,
    ],
    ['user data that is too large', { userDataText: 'x'.repeat(16_385) }, /userDataText has 16385 bytes/],
    [
      'throughput of a volume that is not of type gp3',
      { rootVolumeThroughput: 250 },
      /only possible with .* gp3/,
    ],
    ['a KMS key without encryption', { kmsKeyId: 'k' }, /kmsKeyId needs rootVolumeEncrypted: true/],
    ['a volume without a device', { volumes: [{ size: 1 }] }, /volumes\[0\]: deviceName is missing/],
    ['a volume without a size', { volumes: [{ deviceName: '/dev/sdf' }] }, /volumes\[0\]: size is missing/],
    [
      'a misspelt key of a volume',
      { volumes: [{ deviceName: '/dev/sdf', size: 1, encryptd: true }] },
      /volumes\[0\]\.encryptd is not a known key\. Did you mean 'encrypted'\?/,
    ],
    ['volumes that are not a list', { volumes: 'big' }, /volumes is "big"; allowed: a list/],
    [
      'an unknown host name strategy',
      { hostName: 'dns' },
      /hostName is "dns"; allowed: private-dns, .*ip-hex/,
    ],
    ['an invalid host domain', { hostDomain: 'grid_1' }, /hostDomain is "grid_1"; allowed: a DNS domain/],
    [
      'a host domain with short host names',
      { hostName: 'short', hostDomain: 'a.b' },
      /not possible with hostName "short"/,
    ],
    ['an unknown tenancy', { tenancy: 'shared' }, /tenancy is "shared"; allowed: /],
    ['too many hops', { metadataHopLimit: 65 }, /metadataHopLimit is 65; allowed: /],
  ];
  for (const [what, change, message] of refused) {
    it(`a template is refused with the key named: ${what}`, async () => {
      const problems = await problemsOf(onDemand({ templateId: 'bad', ...change }));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', message);
    });
  }

  it('a template for RunInstances is refused with an allocation strategy', async () => {
    const template = { templateId: 'bad', providerApi: 'RunInstances', allocationStrategy: 'lowestPrice' };
    assert.match((await problemsOf(spot(template))).join('\n'), /allocationStrategy is not possible/);
  });
});
