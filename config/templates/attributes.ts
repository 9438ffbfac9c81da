import { isScalar, describeType } from '../input/jsonFile.ts';
import { isObject } from '../../domain/isObject.ts';
import { valueText } from '../input/issues.ts';
import { isBlank, note, problem, toInteger, type TemplateReader } from './findings.ts';

type Attribute = readonly [type: string, value: string];

/** Host Factory multiplies cores and cpus, so both are mandatory. The order is that of IBM's output. */
const MANDATORY: readonly string[] = ['type', 'ncpus', 'ncores', 'nram'];
const NUMERIC: readonly string[] = ['ncpus', 'ncores', 'nram', 'rank'];
const COUNTS: readonly string[] = ['ncpus', 'ncores', 'nram'];

/**
 * EGO resource attributes, from either form of IBM's files (`"ncpus": 1` or `"ncpus": ["Numeric", "1"]`),
 * as Host Factory expects them: pairs of texts.
 */
export function mapAttributes(reader: TemplateReader): Readonly<Record<string, Attribute>> {
  const raw = reader.raw['attributes'];
  if (!isObject(raw)) {
    const found = raw === undefined ? 'missing' : describeType(raw);
    problem(reader, 'attributes', `attributes is ${found}; allowed: an object with type, ncpus, nram.`);
    return {};
  }
  const values = { ...raw };
  if (isBlank(values['ncores'])) values['ncores'] = 1;
  if (isBlank(values['nram']) && !isBlank(values['mem'])) {
    values['nram'] = values['mem'];
    delete values['mem'];
    note(reader, 'attributes', `attributes.mem is used as nram.`);
  }
  const attributes = new Map<string, Attribute>();
  for (const name of new Set([...MANDATORY, ...Object.keys(values)])) {
    const attribute = mapAttribute(reader, name, values[name]);
    if (attribute) attributes.set(name, attribute);
  }
  return Object.fromEntries(attributes);
}

function mapAttribute(reader: TemplateReader, name: string, raw: unknown): Attribute | undefined {
  const key = `attributes.${name}`;
  if (isBlank(raw)) {
    return MANDATORY.includes(name) ? problem(reader, key, `${key} is missing; it is mandatory.`) : undefined;
  }
  const pair = pairOf(name, raw);
  if (!pair) {
    const allowed = 'a text, a number, or a pair like ["Numeric", "1"]';
    return problem(reader, key, `${key} is ${valueText(raw)}; allowed: ${allowed}.`);
  }
  const count = toInteger(pair[1]);
  if (COUNTS.includes(name) && (count === undefined || count < 1)) {
    return problem(reader, key, `${key} is ${valueText(raw)}; allowed: a whole number from 1.`);
  }
  return pair;
}

function pairOf(name: string, raw: unknown): Attribute | undefined {
  if (Array.isArray(raw)) {
    const [type, value, ...more]: readonly unknown[] = raw;
    if (typeof type !== 'string' || more.length > 0 || !isScalar(value)) return undefined;
    return [type, String(value).trim()];
  }
  if (!isScalar(raw)) return undefined;
  const isNumeric = NUMERIC.includes(name) || typeof raw === 'number';
  return [isNumeric ? 'Numeric' : 'String', String(raw).trim()];
}
