import { readFileSync } from 'node:fs';
import { ConfigurationError, ResourceNotFoundError } from '../../domain/errors/errors.ts';
import type { Template } from '../../domain/template/template.ts';
import { decodeUtf8, describeType, readJsonObject, fileErrorReason } from '../input/jsonFile.ts';
import { isObject } from '../../domain/isObject.ts';
import { didYouMean } from '../input/suggest.ts';
import { createReader, type TemplateFinding, type TemplateReader } from './findings.ts';
import { mapTemplate, MAX_USER_DATA_BYTES, type MappedTemplate } from './mapTemplate.ts';

export { MAX_MACHINES } from './mapTemplate.ts';
export type { TemplateFinding } from './findings.ts';

export interface TemplatesFile {
  /** The usable ones without their user data, in the file's order, which Host Factory uses. */
  readonly templates: readonly Template[];
  /** Why the others are not usable. */
  readonly problems: readonly TemplateFinding[];
  /** What is ignored in usable ones. */
  readonly notes: readonly TemplateFinding[];
}

/**
 * Reads IBM's `<name>prov_templates.json`; every call reads it again, because Host Factory's console edits it in place.
 * @throws ConfigurationError when the file is missing, truncated or has no usable template
 */
export async function readTemplates(path: string): Promise<TemplatesFile> {
  const entries = await readEntries(path);
  const usable = entries.filter(isUsable);
  const problems = entries.flatMap(({ reader }) => reader.problems);
  if (usable.length === 0) {
    const reason = problems.length > 0 ? findingsText(problems) : 'Its list of templates is empty.';
    throw new ConfigurationError(`The templates file ${path} has no usable template. ${reason}`);
  }
  return {
    templates: usable.map(({ mapped }) => mapped.template),
    problems,
    notes: usable.flatMap(({ reader }) => reader.notes),
  };
}

/**
 * Reads one template for a request, with the content of its user data script.
 * @throws ResourceNotFoundError when the file has no such template
 * @throws ConfigurationError when the file, the template or its script is not usable
 */
export async function readTemplateForRequest(path: string, templateId: string): Promise<Template> {
  const entries = await readEntries(path);
  const found = entries.find((entry) => isUsable(entry) && entry.reader.templateId === templateId);
  if (!found) {
    const problems = entries.flatMap(({ reader }) =>
      reader.templateId === templateId ? reader.problems : [],
    );
    if (problems.length > 0) {
      throw new ConfigurationError(
        `Template '${templateId}' in ${path} is not usable. ${findingsText(problems)}`,
      );
    }
    const ids = entries.filter(isUsable).map(({ reader }) => reader.templateId);
    const list = ids.length > 0 ? ` It has: ${ids.slice(0, 20).join(', ')}.` : '';
    throw new ResourceNotFoundError(
      `Template '${templateId}' not found in ${path}.${didYouMean(templateId, ids)}${list}`,
    );
  }
  const { template, userDataScript } = found.mapped;
  if (userDataScript === undefined) return template;
  return { ...template, userData: readScript(userDataScript, templateId) };
}

/** Findings as sentences, for a message. */
export const findingsText = (findings: readonly TemplateFinding[]): string =>
  findings.map(({ templateId, message }) => `'${templateId}': ${message}`).join(' ');

interface Entry {
  readonly reader: TemplateReader;
  readonly mapped: MappedTemplate;
}
const isUsable = ({ reader }: Entry): boolean => reader.problems.length === 0;

async function readEntries(path: string): Promise<readonly Entry[]> {
  const file = await readJsonObject(path, 'templates file');
  const list = file['templates'];
  if (!Array.isArray(list)) {
    const found = list === undefined ? 'no "templates"' : `${describeType(list)} as "templates"`;
    throw new ConfigurationError(`The templates file ${path} has ${found}; a list is expected.`);
  }
  const ids = new Set<string>();
  return list.map((raw: unknown, index) => {
    const values = isObject(raw) ? raw : {};
    const id = values['templateId'];
    const reader = createReader(values, typeof id === 'string' && id !== '' ? id : `(number ${index + 1})`);
    const mapped = mapTemplate(reader);
    if (ids.has(reader.templateId)) {
      const message = 'templateId occurs twice in the file; the first one is used.';
      reader.problems.push({ templateId: reader.templateId, key: 'templateId', message });
    }
    ids.add(reader.templateId);
    return { reader, mapped };
  });
}

function readScript(path: string, templateId: string): string {
  const label = `The userDataScript ${path} of template '${templateId}'`;
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(`${label} cannot be read: ${fileErrorReason(error)}.`, { cause: error });
  }
  if (content.length > MAX_USER_DATA_BYTES) {
    throw new ConfigurationError(
      `${label} has ${content.length} bytes; EC2 accepts at most ${MAX_USER_DATA_BYTES} (16 KiB).`,
    );
  }
  try {
    return decodeUtf8(content);
  } catch (error) {
    throw new ConfigurationError(`${label} is not text in UTF-8.`, { cause: error });
  }
}
