import { valueText } from '../input/issues.ts';
import { problem, text, type TemplateReader } from './findings.ts';

/** AWS allows 50 tags; the rest is left for our own. */
const MOST = 40;

/** IBM's `"k=v;k=v"`. A value may hold `=`; a key may stand once. */
export function mapTags(reader: TemplateReader): Readonly<Record<string, string>> {
  const key = 'instanceTags';
  const tags = new Map<string, string>();
  const parts = (text(reader, key, '"name=value;name=value"') ?? '').split(';').filter((part) => part.trim());
  for (const part of parts) {
    const at = part.indexOf('=');
    const name = (at < 0 ? part : part.slice(0, at)).trim();
    const value = at < 0 ? '' : part.slice(at + 1).trim();
    const wrong = at < 0 ? 'has no "="' : wrongTag(name, value, tags.has(name));
    if (wrong) problem(reader, key, `${key}: ${valueText(part.trim())} ${wrong}.`);
    else tags.set(name, value);
  }
  if (parts.length > MOST) problem(reader, key, `${key} has ${parts.length} tags; allowed: up to ${MOST}.`);
  return Object.fromEntries(tags);
}

function wrongTag(name: string, value: string, again: boolean): string | undefined {
  if (name === '') return 'has no name before the "="';
  if (/^(aws|ohf):/i.test(name)) return 'has a reserved name: names may not begin with aws: or ohf:';
  if (again) return 'has a name that stands twice';
  if (name.length > 128) return 'has a name of more than 128 characters';
  if (value.length > 256) return 'has a value of more than 256 characters';
  return undefined;
}
