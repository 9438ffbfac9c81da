import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface PageServer {
  readonly close: () => void;
}

export type Pages = Readonly<Partial<Record<string, () => Promise<Page>>>>;

export const jsonPage = (status: number, value: object): Page => ({
  status,
  contentType: 'application/json',
  body: `${JSON.stringify(value)}\n`,
});

/**
 * Serves these read-only pages to everyone who can reach the address.
 * @throws ConfigurationError when the worker cannot listen on the address
 */
export async function servePages(address: string, pages: Pages): Promise<PageServer> {
  const server = createServer((request, response) => void respond(pages, request, response));
  await listen(server, address);
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function respond(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, contentType, body } = await renderPage(pages, request).catch((error: unknown) =>
    jsonPage(500, { error: String(error) }),
  );
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(body);
}

async function renderPage(pages: Pages, { method, url = '/' }: IncomingMessage): Promise<Page> {
  const page = pages[url.replace(/\?.*$/, '')];
  if (!page) return jsonPage(404, { error: `not found; the pages are ${Object.keys(pages).join(', ')}` });
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'GET only' });
  return page();
}

async function listen(server: Server, address: string): Promise<void> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  server.listen(Number(port), host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = messageOf(error);
    throw new ConfigurationError(
      `The worker cannot listen on metrics.listen (${address}): ${reason}. ` +
        'Give each worker of a host its own port.',
      { cause: error },
    );
  }
}
