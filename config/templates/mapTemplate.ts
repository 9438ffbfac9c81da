import type { PriceType, ProviderApi, Template } from '../../domain/template/template.ts';
import { valueText } from '../input/issues.ts';
import { describeType } from '../input/jsonFile.ts';
import { didYouMean } from '../input/suggest.ts';
import { mapAttributes } from './attributes.ts';
import * as read from './findings.ts';
import { note, problem, type TemplateReader } from './findings.ts';
import { mapInstanceTypes } from './instanceTypes.ts';
import { IBM_KEYS, OWN_KEYS, UNSUPPORTED_KEYS, IGNORED_KEYS } from './keys.ts';
import { mapMachine } from './machine.ts';
import { APIS, mapPriceType, mapPurchase, checkApi } from './purchase.ts';
import { mapTags } from './tags.ts';

export const MAX_MACHINES = 10_000;
/** EC2's limit for user data before its base64 encoding. */
export const MAX_USER_DATA_BYTES = 16_384;

/** A template without the content of its user data script, which only a request reads. */
export interface MappedTemplate {
  readonly template: Template;
  /** Absolute path on this host. */
  readonly userDataScript?: string;
}

/** Maps one template of IBM's file, and adds its findings to the reader. */
export function mapTemplate(reader: TemplateReader): MappedTemplate {
  checkKeys(reader);
  if (!/^[\w-]{1,64}$/.test(reader.templateId)) {
    problem(
      reader,
      'templateId',
      `templateId is ${valueText(reader.raw['templateId'])}; allowed: 1 to 64 of 0-9 A-Z a-z _ -.`,
    );
  }
  const maxNumber = read.integer(reader, 'maxNumber', -1, MAX_MACHINES);
  if (!read.hasValue(reader, 'maxNumber')) {
    problem(
      reader,
      'maxNumber',
      `maxNumber is missing; allowed: a whole number from -1 (unlimited) to ${MAX_MACHINES}.`,
    );
  }
  const keyName = read.string(reader, 'keyName');
  const instanceProfile = read.string(reader, 'instanceProfile');
  const userDataScript = mapUserDataScript(reader);
  const userData = mapUserDataText(reader);
  const providerApi = read.oneOf(reader, 'providerApi', APIS);
  const priceType = mapPriceType(reader);
  const launchTemplate = mapLaunchTemplate(reader);
  checkApi(reader, providerApi ?? 'EC2Fleet', priceType);
  const template: Template = {
    templateId: reader.templateId,
    maxNumber: maxNumber ?? 0,
    attributes: mapAttributes(reader),
    imageId: mapImage(reader),
    ...(launchTemplate === undefined ? {} : { launchTemplate }),
    ...(providerApi === undefined ? {} : { providerApi }),
    subnetIds: mapSubnets(reader, priceType, providerApi),
    ...mapInstanceTypes(reader, priceType),
    priceType,
    ...mapPurchase(reader, priceType, providerApi ?? 'EC2Fleet'),
    ...(keyName === undefined ? {} : { keyName }),
    securityGroupIds: read.stringList(reader, 'securityGroupIds'),
    ...(instanceProfile === undefined ? {} : { instanceProfile }),
    ...(userData === undefined ? {} : { userData }),
    tags: mapTags(reader),
    ...mapMachine(reader, priceType),
  };
  return { template, ...(userDataScript === undefined ? {} : { userDataScript }) };
}

/** IBM's editions differ in their keys, so an unknown key must not make a working file unusable. */
function checkKeys(reader: TemplateReader): void {
  for (const key of Object.keys(reader.raw)) {
    if (IBM_KEYS.includes(key) || OWN_KEYS.includes(key) || !read.hasValue(reader, key)) continue;
    const ignored = Object.hasOwn(IGNORED_KEYS, key) ? IGNORED_KEYS[key] : undefined;
    const unsupported = Object.hasOwn(UNSUPPORTED_KEYS, key) ? UNSUPPORTED_KEYS[key] : undefined;
    if (unsupported) problem(reader, key, `${key} is not supported: ${unsupported}.`);
    else if (ignored) note(reader, key, `${key} is ${ignored}.`);
    else
      note(
        reader,
        key,
        `${key} is not a known key and is ignored.${didYouMean(key, [...IBM_KEYS, ...OWN_KEYS])}`,
      );
  }
}

const NAME = String.raw`[\w.\-/]+(:[\w.-]+)?`;
const IMAGE = new RegExp(`^(ami-[0-9a-z]+|resolve:ssm:${NAME}|${NAME})$`);

/** An AMI's id, or AWS's alias for the parameter that contains one. */
function mapImage(reader: TemplateReader): string {
  const meaning = 'the id of an AMI, or resolve:ssm: and the name of the parameter that contains one';
  // The site's launch template may set it.
  if (read.hasValue(reader, 'launchTemplateId') && !read.hasValue(reader, 'imageId')) return '';
  const image = read.requiredString(reader, 'imageId', meaning);
  if (image === '' || IMAGE.test(image)) return image;
  problem(reader, 'imageId', `imageId is ${valueText(image)}; allowed: ${meaning}.`);
  return '';
}

function mapLaunchTemplate(reader: TemplateReader): Template['launchTemplate'] {
  const id = read.string(reader, 'launchTemplateId', 'the id of a launch template');
  const version = read.string(
    { ...reader, raw: { launchTemplateVersion: numberAsText(reader.raw['launchTemplateVersion']) } },
    'launchTemplateVersion',
  );
  if (id === undefined) {
    if (version !== undefined)
      problem(reader, 'launchTemplateVersion', 'launchTemplateVersion needs a launchTemplateId.');
    return undefined;
  }
  if (!/^lt-[0-9a-z]+$/.test(id)) {
    const allowed = 'the id of a launch template, e.g. lt-0123456789abcdef0';
    return problem(reader, 'launchTemplateId', `launchTemplateId is ${valueText(id)}; allowed: ${allowed}.`);
  }
  if (version !== undefined && !/^(\d+|\$Latest|\$Default)$/.test(version)) {
    const allowed = 'a number, $Latest or $Default';
    return problem(
      reader,
      'launchTemplateVersion',
      `launchTemplateVersion is ${valueText(version)}; allowed: ${allowed}.`,
    );
  }
  return { id, version: version ?? '$Default' };
}

const numberAsText = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value);

function mapSubnets(
  reader: TemplateReader,
  priceType: PriceType,
  providerApi: ProviderApi | undefined,
): readonly string[] {
  const subnets = read.stringList(reader, 'subnetId');
  if (subnets.length === 0 && !reader.problems.some(({ key }) => key === 'subnetId')) {
    problem(reader, 'subnetId', 'subnetId is missing; allowed: the id of a subnet, or several.');
  }
  // A template with our own key was not written for IBM's provider, and uses all its subnets.
  if (priceType !== 'ondemand' || providerApi !== undefined || subnets.length < 2) return subnets;
  note(reader, 'subnetId', `only ${subnets[0]} is used: IBM's on-demand templates have one subnet.`);
  return subnets.slice(0, 1);
}

function mapUserDataScript(reader: TemplateReader): string | undefined {
  const path = read.string(
    reader,
    'userDataScript',
    'the absolute path of a script on the Host Factory host',
  );
  if (path === undefined || path.startsWith('/')) return path;
  return problem(
    reader,
    'userDataScript',
    `userDataScript is ${valueText(path)}; allowed: the absolute path of a script on the Host Factory host.`,
  );
}

function mapUserDataText(reader: TemplateReader): string | undefined {
  const data = reader.raw['userDataText'];
  if (read.isBlank(data)) return undefined;
  if (read.hasValue(reader, 'userDataScript'))
    return problem(reader, 'userDataText', 'userDataText and userDataScript are both given; allowed: one.');
  if (typeof data !== 'string')
    return problem(reader, 'userDataText', `userDataText is ${describeType(data)}; allowed: a text.`);
  const bytes = Buffer.byteLength(data);
  if (bytes <= MAX_USER_DATA_BYTES) return data;
  return problem(
    reader,
    'userDataText',
    `userDataText has ${bytes} bytes; EC2 accepts at most ${MAX_USER_DATA_BYTES} (16 KiB).`,
  );
}
