import { setTimeout as delay } from 'node:timers/promises';
import { isSame } from '../lib/process-identity.mjs';

// The worker lets running activities end first.
const GRACE_MS = 15_000;

/** Ends a process, which leads a process group, with all of its group: asks first, kills after the grace. */
export async function endGroup(leader) {
  signalGroup(leader.pid, 'SIGTERM');
  const until = Date.now() + GRACE_MS;
  while (isSame(leader) && Date.now() < until) await delay(50);
  // Also when the leader is gone: it may have left a child in its group.
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
