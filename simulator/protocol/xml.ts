/** What an answer is made of: objects become elements, lists become `<item>`s, undefined is left out. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

const escapedCharacters = /[&<>"'\p{Cc}\ufffe\uffff]/gu;
const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escape(text: string): string {
  return text.replace(
    escapedCharacters,
    (char) => entities[char] ?? `&#x${char.charCodeAt(0).toString(16)};`,
  );
}

/** One element with its content; `item` is the name of a list's elements. */
export function element(name: string, content: Xml, item = 'item'): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return `<${name}>${escape(content)}</${name}>`;
  if (typeof content !== 'object') return `<${name}>${content}</${name}>`;
  return `<${name}>${children(content, item)}</${name}>`;
}

/** The content of an element. */
export function children(content: readonly Xml[] | { readonly [name: string]: Xml }, item = 'item'): string {
  let out = '';
  if (Array.isArray(content)) {
    for (const each of content as readonly Xml[]) out += element(item, each, item);
    return out;
  }
  for (const [name, value] of Object.entries(content)) out += element(name, value, item);
  return out;
}

const namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** The document EC2 answers to `action`. */
export function responseDocument(
  action: string,
  requestId: string,
  body: { readonly [name: string]: Xml },
): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="${namespace}">` +
    `${element('requestId', requestId)}${children(body)}</${action}Response>`
  );
}

/** The document EC2 answers when a call fails. */
export function errorDocument(requestId: string, code: string, message: string): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${element('Code', code)}` +
    `${element('Message', message)}</Error></Errors>${element('RequestID', requestId)}</Response>`
  );
}
