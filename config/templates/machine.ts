import {
  DOMAIN_PATTERN,
  DOMAIN_DESCRIPTION,
  HOST_NAME_STRATEGIES,
  usesDomain,
  type HostNaming,
} from '../../domain/machine/hostName.ts';
import type { PriceType, RootVolume, Template, Volume, VolumeType } from '../../domain/template/template.ts';
import { valueText } from '../input/issues.ts';
import { isObject } from '../../domain/isObject.ts';
import * as read from './findings.ts';
import {
  checkNestedKeys,
  withoutUndefined,
  note,
  problem,
  createReader,
  type TemplateReader,
} from './findings.ts';

type MachineOptions = Pick<
  Template,
  | 'rootVolume'
  | 'volumes'
  | 'ebsOptimized'
  | 'tenancy'
  | 'placementGroupName'
  | 'capacityReservationId'
  | 'metadataHttpTokens'
  | 'metadataHopLimit'
  | 'publicIp'
  | 'interfaceType'
  | 'hostName'
>;

/** The properties of the template's machines that do not depend on their offering. */
export function mapMachine(reader: TemplateReader, priceType: PriceType): MachineOptions {
  if (priceType !== 'ondemand') {
    if (reader.raw['tenancy'] === 'host')
      problem(reader, 'tenancy', `tenancy "host" is not possible for price type ${priceType} (AWS).`);
    if (read.hasValue(reader, 'capacityReservationId')) {
      const message = `capacityReservationId is not possible for price type ${priceType}: reservations are on demand.`;
      problem(reader, 'capacityReservationId', message);
    }
  }
  return withoutUndefined({
    rootVolume: mapRootVolume(reader),
    volumes: mapVolumes(reader),
    ebsOptimized: read.boolean(reader, 'ebsOptimized'),
    tenancy: read.oneOf(reader, 'tenancy', {
      default: 'default',
      dedicated: 'dedicated',
      host: 'host',
    } as const),
    placementGroupName: read.string(reader, 'placementGroupName', 'the name of a placement group'),
    capacityReservationId: read.string(reader, 'capacityReservationId', 'the id of a capacity reservation'),
    metadataHttpTokens: read.oneOf(reader, 'metadataHttpTokens', {
      required: 'required',
      optional: 'optional',
    } as const),
    metadataHopLimit: read.integer(reader, 'metadataHopLimit', 1, 64),
    publicIp: read.boolean(reader, 'publicIp'),
    interfaceType: read.oneOf(reader, 'interfaceType', { interface: 'interface', efa: 'efa' } as const),
    hostName: mapHostName(reader),
  });
}

const STRATEGIES = Object.fromEntries(HOST_NAME_STRATEGIES.map((strategy) => [strategy, strategy]));

/** A template's keys replace both settings for host names. */
function mapHostName(reader: TemplateReader): HostNaming | undefined {
  const strategy = read.oneOf(reader, 'hostName', STRATEGIES);
  const domain = read.string(reader, 'hostDomain', DOMAIN_DESCRIPTION);
  if (domain !== undefined && !DOMAIN_PATTERN.test(domain))
    return problem(
      reader,
      'hostDomain',
      `hostDomain is ${valueText(domain)}; allowed: ${DOMAIN_DESCRIPTION}.`,
    );
  if (domain !== undefined && strategy !== undefined && !usesDomain(strategy))
    return problem(reader, 'hostDomain', `hostDomain is not possible with hostName "${strategy}".`);
  if (strategy === undefined && domain === undefined) return undefined;
  return { strategy: strategy ?? 'private-dns', ...(domain === undefined ? {} : { domain }) };
}

/** EC2's volume types. A root device cannot have those that do not boot. */
const ROOT_TYPES = { gp2: 'gp2', gp3: 'gp3', io1: 'io1', io2: 'io2', standard: 'standard' } as const;
const VOLUME_TYPES = { ...ROOT_TYPES, st1: 'st1', sc1: 'sc1' } as const;

interface VolumeKeys {
  readonly size: string;
  readonly type: string;
  readonly throughput: string;
  readonly encrypted: string;
}

function mapRootVolume(reader: TemplateReader): RootVolume | undefined {
  const keys = {
    size: 'rootDeviceVolumeSize',
    type: 'volumeType',
    throughput: 'rootVolumeThroughput',
    encrypted: 'rootVolumeEncrypted',
  };
  const volume = mapVolume(reader, keys, ROOT_TYPES);
  return Object.keys(volume).length === 0 ? undefined : volume;
}

const VOLUME_KEYS: readonly string[] = [
  'deviceName',
  'size',
  'type',
  'iops',
  'throughput',
  'encrypted',
  'kmsKeyId',
];

function mapVolumes(reader: TemplateReader): readonly Volume[] | undefined {
  const raw = reader.raw['volumes'];
  if (read.isBlank(raw)) return undefined;
  const allowed = `a list of objects with ${VOLUME_KEYS.join(', ')}`;
  if (!Array.isArray(raw))
    return problem(reader, 'volumes', `volumes is ${valueText(raw)}; allowed: ${allowed}.`);
  return raw.flatMap((entry: unknown, index) => {
    if (!isObject(entry)) {
      problem(reader, 'volumes', `volumes[${index}] is ${valueText(entry)}; allowed: ${allowed}.`);
      return [];
    }
    checkNestedKeys(reader, `volumes[${index}]`, entry, VOLUME_KEYS);
    const volumeReader = createReader(entry, reader.templateId);
    const deviceName = read.requiredString(volumeReader, 'deviceName', 'the name of a device, e.g. /dev/sdf');
    const keys = { size: 'size', type: 'type', throughput: 'throughput', encrypted: 'encrypted' };
    const volume = mapVolume(volumeReader, keys, VOLUME_TYPES);
    if (volume.sizeGiB === undefined)
      problem(volumeReader, 'size', 'size is missing; allowed: a whole number of GiB.');
    const prefixed = (text: string): string => `volumes[${index}]: ${text}`;
    for (const finding of volumeReader.problems) problem(reader, 'volumes', prefixed(finding.message));
    for (const finding of volumeReader.notes) note(reader, 'volumes', prefixed(finding.message));
    return [{ deviceName, ...volume }];
  });
}

function mapVolume(
  reader: TemplateReader,
  keys: VolumeKeys,
  types: Readonly<Record<string, VolumeType>>,
): RootVolume {
  const type = read.oneOf(reader, keys.type, types);
  const takesIops = type === 'io1' || type === 'io2' || type === 'gp3';
  const iops = read.integer(reader, 'iops', 100, 64_000);
  if (iops !== undefined && !takesIops)
    note(reader, 'iops', 'iops has an effect only on io1, io2 and gp3 volumes.');
  if ((type === 'io1' || type === 'io2') && !read.hasValue(reader, 'iops')) {
    problem(reader, 'iops', `iops is missing; AWS requires it for a volume of type ${type}.`);
  }
  const throughput = read.integer(reader, keys.throughput, 125, 1_000);
  if (throughput !== undefined && type !== 'gp3') {
    problem(reader, keys.throughput, `${keys.throughput} is only possible with volumes of type gp3.`);
  }
  const encrypted = read.boolean(reader, keys.encrypted);
  const kmsKeyId = read.string(reader, 'kmsKeyId', 'the id, alias or ARN of a KMS key');
  if (kmsKeyId !== undefined && encrypted !== true) {
    problem(reader, 'kmsKeyId', `kmsKeyId needs ${keys.encrypted}: true.`);
  }
  return withoutUndefined({
    sizeGiB: read.integer(reader, keys.size, 1, 16_384),
    type,
    iops: takesIops ? iops : undefined,
    throughput,
    encrypted,
    kmsKeyId,
  });
}
