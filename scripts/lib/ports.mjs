import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from './problem.mjs';

const HOST = '127.0.0.1';
// The search covers this many ports from the preferred one.
const MAX_TRIES = 100;

/** The preferred port, or the next one that is free and not in `taken`. */
export async function freePort(preferred, taken = []) {
  for (let port = preferred; port < preferred + MAX_TRIES; port++) {
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Problem(
    `No free port from ${preferred} to ${preferred + MAX_TRIES - 1} on ${HOST}. ` +
      'Stop a process that listens there and run the same command again.',
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

/** Waits until a process listens on the port; false after the timeout, or when `shouldWait` returns false. */
export async function listens(port, timeoutMs, shouldWait = () => true) {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && shouldWait()) {
    if (await accepts(port)) return true;
    await delay(50);
  }
  return false;
}
