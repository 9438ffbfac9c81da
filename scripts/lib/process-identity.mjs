import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A pid read from a file may belong to another process by now. Together with the start time and the boot id it
 * identifies one process.
 */
export function identify(pid) {
  return { pid, identity: processStartTime(pid) };
}

/** Whether exactly this process still runs. */
export function isSame(process) {
  if (!process?.pid || !process.identity) return false;
  return processStartTime(process.pid) === process.identity;
}

function processStartTime(pid) {
  try {
    // The command name (field 2) may contain spaces and brackets, so count from its closing bracket: state is field 3,
    // starttime is field 22 of proc_pid_stat(5).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has exited; its parent has not reaped it yet.
    if (fields[0] === 'Z' || fields[0] === 'X') return '';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
  } catch {
    if (process.platform === 'linux') return '';
  }
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return ps.status === 0 ? ps.stdout.trim() : '';
}
