import type { TemplateFinding } from '../../../config/templates/ibmTemplates.ts';
import { parseJsonText, type JsonNode } from '../../install/jsonText.ts';

/** The line of a template's key, found by searching the text between the template's id and the next one. */
export function lineOfTemplateKey(text: string, { templateId, key }: TemplateFinding): number | undefined {
  const ids = [...text.matchAll(/"templateId"\s*:\s*"([^"]*)"/g)];
  const templateIndex = ids.findIndex(([, id]) => id === templateId);
  const start = ids[templateIndex]?.index;
  if (start === undefined) return undefined;
  const keyOffset = text.slice(start, ids[templateIndex + 1]?.index).indexOf(`"${key}"`);
  return lineAt(text, keyOffset === -1 ? start : start + keyOffset);
}

/** The line of a setting's value, else of the section that lacks it; undefined if the file has neither. */
export function lineOfSetting(text: string, path: string): number | undefined {
  let node: JsonNode = parseJsonText(text);
  let found: JsonNode | undefined;
  for (const key of path.split('.')) {
    const child: JsonNode | undefined = node.kind === 'object' ? node.members.get(key) : undefined;
    if (child === undefined) break;
    found = node = child;
  }
  return found && lineAt(text, found.start);
}

/** Counted from 1. */
const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;
