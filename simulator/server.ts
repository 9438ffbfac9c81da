import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { serveControl } from './control.ts';
import { isQueueCall, serveQueueCall } from './queue/service.ts';
import { serveCall } from './serveCall.ts';
import { openSimulation } from './state/simulation.ts';
import type { Simulation, SimulationOptions } from './state/simulation.ts';

/**
 * `port` 0 (default): any free one. `host` default 127.0.0.1. `stateFile`: where the state survives a restart;
 * without it the state ends with the process. `pendingSeconds` and `shuttingDownSeconds` (s, default 2): time in
 * those states. `consistencyLagMs` (ms, default 0): how long Describe* does not see what has happened.
 * `faults`: gates that are there from the start. `clock`: the time in epoch ms.
 */
export type SimulatorOptions = SimulationOptions & { port?: number; host?: string };

export type Simulator = {
  /** The endpoint for the AWS SDK, and with `/_simulator/` the control endpoint. */
  url: string;
  port: number;
  /** Closes all connections, aborts held calls and closes the state file. */
  close(): Promise<void>;
};

/** Starts a simulated AWS. Throws when the port is taken or the state file is damaged. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, host = '127.0.0.1' } = options;
  const simulation = openSimulation(options);
  const server = createServer((request, response) => {
    serve(simulation, request, response).catch((error: unknown) => {
      // A client may disconnect in the middle of its request.
      if (!request.socket.destroyed) console.error('simulated AWS:', error);
      request.socket.destroy();
    });
  });
  // Longer than any client's idle timeout: closing first would look like a lost call.
  server.keepAliveTimeout = 600_000;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    simulation.journal.close();
    throw error;
  }
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      simulation.gates.abort();
      simulation.journal.close();
    },
  };
}

/**
 * Runs a simulated AWS for the command line: starts it and resolves when it listens; the caller prints the url.
 * It keeps the process alive until `close()`. Killing the process is safe: every answered call is in the state
 * file.
 */
export async function runSimulateAws(options: SimulatorOptions): Promise<Simulator> {
  return await startSimulator(options);
}

async function serve(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://simulator');
  const body = await text(request);
  if (url.pathname.startsWith('/_simulator/')) {
    const answer = await serveControl(simulation, request.method ?? 'GET', url, body);
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
    return;
  }
  if (isQueueCall(request)) return await serveQueueCall(simulation, request, response, body);
  // EC2 also takes its parameters from the query string of a GET.
  await serveCall(simulation, request, response, request.method === 'GET' ? url.search.slice(1) : body);
}
