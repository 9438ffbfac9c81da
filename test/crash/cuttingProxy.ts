import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly address: string;
  /** Resolves when the message comes that is not passed on. */
  readonly reached: Promise<void>;
  stop(): void;
}

/** A TCP proxy that passes on what goes by, in both directions, until the n-th message (from 1), which it keeps. */
export async function startCuttingProxy(target: string, n: number): Promise<CuttingProxy> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let passed = 0;
  let reach = (): void => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
      from.on('data', (message) => {
        passed += 1;
        if (passed < n) to.write(message);
        else reach();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    address: `127.0.0.1:${address.port}`,
    reached,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
