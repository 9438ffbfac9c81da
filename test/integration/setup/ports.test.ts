import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { lib, module } from './support.ts';

describe('choosing a port', () => {
  it('the port search skips ports that are in use or reserved for another service', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { output } = await module(`
      import { freePort } from ${JSON.stringify(lib('setup.mjs'))};
      console.log(await freePort(${port}, [${port + 1}]));`);
    server.close();
    assert.ok(Number(output) >= port + 2 && Number(output) < port + 100, output);
  });
});
