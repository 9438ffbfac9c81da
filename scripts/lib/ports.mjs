import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from './problem.mjs';

const HOST = '127.0.0.1';
// How far to look from the preferred port.
const TRIES = 100;

/** The preferred port, or the next one nobody listens on and that is not in `taken`. */
export async function freePort(preferred, taken = []) {
  for (let port = preferred; port < preferred + TRIES; port++) {
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Problem(
    `No free port from ${preferred} to ${preferred + TRIES - 1} on ${HOST}. ` +
      'End what listens there and run the same command again.',
  );
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, HOST);
    const end = (result) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Waits until something listens on the port; false when it took longer than that. */
export async function listens(port, timeoutMs, stillWorthIt = () => true) {
  const until = Date.now() + timeoutMs;
  while (Date.now() < until && stillWorthIt()) {
    if (await accepts(port)) return true;
    await delay(50);
  }
  return false;
}
