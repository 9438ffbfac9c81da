import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';

/** Certificates for `temporal.test` of an authority that nobody else knows; made for these tests only. */
export const certificate = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/fixtures/tls/${name}.pem`, import.meta.url));

/** Takes TLS connections for a server that knows plain ones only. */
export async function startTlsFront(target: string, options: { readonly mutual: boolean }) {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const server = createServer(
    {
      cert: await readFile(certificate('server')),
      key: await readFile(certificate('server-key')),
      ALPNProtocols: ['h2'],
      ...(options.mutual ? { requestCert: true, ca: await readFile(certificate('ca')) } : {}),
    },
    (near) => {
      const far = connect(Number(port), host);
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    },
  );
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
