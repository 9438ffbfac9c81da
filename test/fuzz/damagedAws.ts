import { createServer, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { text } from './values.ts';

/** What becomes of one answer of AWS on its way. Never does it lack an item of a list: that nobody could notice. */
export type Damage =
  | { readonly kind: 'none' }
  | { readonly kind: 'cut'; readonly share: number }
  | {
      readonly kind: 'other';
      readonly status: number;
      readonly body: string;
      /** AWS heard of the call. */
      readonly isHeard: boolean;
    }
  | { readonly kind: 'without'; readonly pick: number }
  | { readonly kind: 'replaced'; readonly pick: number; readonly text: string }
  | { readonly kind: 'emptied'; readonly pick: number }
  | { readonly kind: 'more'; readonly name: string; readonly text: string }
  | { readonly kind: 'reordered' };

/** What stands between an answer and its reader: a proxy, a newer AWS, a cut line. */
export const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('cut'), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant('other'),
    isHeard: fc.boolean(),
    status: fc.constantFrom(200, 200, 204, 302, 400, 403, 404, 407, 429, 500, 502, 503),
    body: fc.constantFrom(
      '',
      '{}',
      '<html><body>Sign in</body></html>',
      '<Response/>',
      '<?xml version="1.0"?>',
      '<a>'.repeat(5_000),
      'x'.repeat(100_000),
    ),
  }),
  fc.record({ kind: fc.constant('without'), pick: fc.nat(200) }),
  fc.record({ kind: fc.constant('emptied'), pick: fc.nat(200) }),
  fc.record({ kind: fc.constant('replaced'), pick: fc.nat(200), text }),
  fc.record({
    kind: fc.constant('more'),
    name: fc.constantFrom('newKey', 'item', 'constructor', 'tagSet'),
    text,
  }),
  fc.constant({ kind: 'reordered' }),
);

/** Whether the answer still says what AWS said, in other bytes. */
export const isHarmless = ({ kind }: Damage): boolean => ['none', 'more', 'reordered'].includes(kind);

/** Stands before a simulated AWS and damages its answers, one damage for each call, in order; later ones pass. */
export async function startDamagedAws(upstream: string) {
  let pending: Damage[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const next = pending.shift() ?? { kind: 'none' };
      // A refusal is no refusal when the call was done.
      const isHeard = next.kind !== 'other' || (next.isHeard && (next.status < 400 || next.status >= 500));
      if (!isHeard) return send(response, 200, '', next);
      const answer = await fetch(upstream + (request.url ?? '/'), {
        method: request.method ?? 'POST',
        headers: { authorization: request.headers.authorization ?? '' },
        ...(body.length > 0 ? { body: body.toString() } : {}),
      });
      send(response, answer.status, await answer.text(), next);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    damage(next: readonly Damage[]): void {
      pending = [...next];
    },
    async close(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, status: number, body: string, damaged: Damage): void {
  const type = { 'content-type': 'text/xml;charset=UTF-8' };
  if (damaged.kind === 'cut') {
    // Under the length that was announced: the line breaks in the middle.
    response.writeHead(status, { ...type, 'content-length': Buffer.byteLength(body) });
    response.write(body.slice(0, Math.floor(body.length * damaged.share)), () => response.destroy());
    return;
  }
  if (damaged.kind === 'other') {
    response.writeHead(damaged.status, type).end(damaged.status === 204 ? undefined : damaged.body);
    return;
  }
  response.writeHead(status, type).end(changed(body, damaged));
}

const LEAF = /<(\w+)>([^<]*)<\/\1>/g;
const escaped = (value: string): string =>
  value
    .replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '')
    .replaceAll(/[&<>]/g, (char) => `&#x${char.charCodeAt(0).toString(16)};`);

function changed(body: string, damaged: Damage): string {
  const leaves = [...body.matchAll(LEAF)];
  const picked = 'pick' in damaged ? leaves[damaged.pick % Math.max(1, leaves.length)] : undefined;
  const [whole = '', name = ''] = picked ?? [];
  const at = picked?.index ?? 0;
  const instead = (xml: string): string => body.slice(0, at) + xml + body.slice(at + whole.length);
  switch (damaged.kind) {
    case 'without':
      return name === 'item' ? body : instead('');
    case 'emptied':
      return name === 'item' ? body : instead(`<${name}/>`);
    case 'replaced':
      return instead(`<${name}>${escaped(damaged.text)}</${name}>`);
    case 'more':
      return body.replace(
        /<\/(\w+)>\s*$/,
        `<${damaged.name}>${escaped(damaged.text)}</${damaged.name}></$1>`,
      );
    case 'reordered':
      return body.replaceAll(/(?:<item>(?:(?!<\/?item>).)*<\/item>){2,}/gs, (items) =>
        items
          .split(/(?<=<\/item>)/)
          .toReversed()
          .join(''),
      );
    case 'none':
    case 'cut':
    case 'other':
      return body;
  }
}
