import { valueText } from '../input/issues.ts';
import { problem, string, type TemplateReader } from './findings.ts';

/** AWS allows 50 tags; the others are ours. */
const MAX_TAGS = 40;

/** IBM's `"k=v;k=v"`. A value may contain `=`; a key may occur once. */
export function mapTags(reader: TemplateReader): Readonly<Record<string, string>> {
  const key = 'instanceTags';
  const tags = new Map<string, string>();
  const parts = (string(reader, key, '"name=value;name=value"') ?? '')
    .split(';')
    .filter((part) => part.trim());
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    const value = equals < 0 ? '' : part.slice(equals + 1).trim();
    const problemText = equals < 0 ? 'has no "="' : tagProblem(name, value, tags.has(name));
    if (problemText) problem(reader, key, `${key}: ${valueText(part.trim())} ${problemText}.`);
    else tags.set(name, value);
  }
  if (parts.length > MAX_TAGS)
    problem(reader, key, `${key} has ${parts.length} tags; allowed: up to ${MAX_TAGS}.`);
  return Object.fromEntries(tags);
}

function tagProblem(name: string, value: string, isDuplicate: boolean): string | undefined {
  if (name === '') return 'has no name before the "="';
  if (/^(aws|ohf):/i.test(name)) return 'has a reserved name: names may not begin with aws: or ohf:';
  if (isDuplicate) return 'has a name that occurs twice';
  if (name.length > 128) return 'has a name of more than 128 characters';
  if (value.length > 256) return 'has a value of more than 256 characters';
  return undefined;
}
