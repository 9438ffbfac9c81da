import { setTimeout as delay } from 'node:timers/promises';
import { isSame } from '../lib/process-identity.mjs';

// The worker finishes running activities first.
const GRACE_MS = 15_000;

/** Ends a process group by its leader: SIGTERM first, SIGKILL after the grace period. */
export async function endGroup(leader) {
  signalGroup(leader.pid, 'SIGTERM');
  const until = Date.now() + GRACE_MS;
  while (isSame(leader) && Date.now() < until) await delay(50);
  // Also when the leader has exited: it may have left a child in its group.
  signalGroup(leader.pid, 'SIGKILL');
  while (isSame(leader)) await delay(20);
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
