import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isExecutable } from '../command.mjs';
import { cached, fillCache } from '../cache.mjs';

const child = fileURLToPath(new URL('./sdk-download-child.mjs', import.meta.url));

// Offline the download fails in milliseconds; only this timeout ends it behind a firewall that drops packets.
const MAX_IDLE_MS = 8000;

/**
 * Lets Temporal's SDK download the server that it uses by default. `kind` is `dev-server` or `time-skipping`.
 * @returns the path of the program in the cache, or undefined when the download failed
 */
export async function downloadWithSdk(kind, say) {
  const name = `${kind}-downloaded`;
  try {
    await fillCache(name, say, (folder) => runDownload(kind, folder));
  } catch {
    // Not an error: there are other sources, and the last one's error lists them all.
    return undefined;
  }
  return findDownloaded(kind);
}

/** The program that an earlier download left in the cache. */
export function findDownloaded(kind) {
  return programIn(cached(`${kind}-downloaded`));
}

function programIn(folder) {
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .map((name) => path.join(folder, name))
    .find(isExecutable);
}

/** Ends the download when it makes no progress. */
function runDownload(kind, folder) {
  return new Promise((resolve, reject) => {
    const download = spawn(process.execPath, [child, kind, folder], { stdio: 'ignore' });
    let size = 0;
    let lastGrowth = Date.now();
    const timer = setInterval(() => {
      const now = sizeOf(folder);
      if (now > size) lastGrowth = Date.now();
      size = now;
      if (Date.now() - lastGrowth > MAX_IDLE_MS) download.kill('SIGKILL');
    }, 500);
    download.on('exit', (code) => {
      clearInterval(timer);
      if (code === 0 && programIn(folder)) resolve();
      else reject(new Error(`the download of ${kind} failed`));
    });
  });
}

function sizeOf(folder) {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}
