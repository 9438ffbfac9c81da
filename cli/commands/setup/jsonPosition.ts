import type { TemplateFinding } from '../../../config/templates/ibmTemplates.ts';
import { parseJsonText, type JsonNode } from '../../install/jsonText.ts';

/** JSON tells no places: the key is looked for behind the template's id, up to the next template's. */
export function lineOfTemplateKey(text: string, { templateId, key }: TemplateFinding): number | undefined {
  const ids = [...text.matchAll(/"templateId"\s*:\s*"([^"]*)"/g)];
  const at = ids.findIndex(([, id]) => id === templateId);
  const from = ids[at]?.index;
  if (from === undefined) return undefined;
  const found = text.slice(from, ids[at + 1]?.index).indexOf(`"${key}"`);
  return lineAt(text, found === -1 ? from : from + found);
}

/** Of a setting's value, else of the section that lacks it; undefined where the file has neither. */
export function lineOfSetting(text: string, path: string): number | undefined {
  let node: JsonNode = parseJsonText(text);
  let found: JsonNode | undefined;
  for (const key of path.split('.')) {
    const below: JsonNode | undefined = node.kind === 'object' ? node.members.get(key) : undefined;
    if (below === undefined) break;
    found = node = below;
  }
  return found && lineAt(text, found.start);
}

/** From 1. */
const lineAt = (text: string, place: number): number => text.slice(0, place).split('\n').length;
