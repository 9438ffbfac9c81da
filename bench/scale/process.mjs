import { readFileSync, writeFileSync } from 'node:fs';

/** Clock ticks a second, as Linux reports CPU time. */
const TICKS = 100;

/** Memory and CPU time of a process from now on, as Linux tells them. */
export function watchProcess({ pid }) {
  // The peak starts anew (proc(5)).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const cpuBefore = cpuSeconds(pid);
  return () => ({ peakMb: statusMb(pid, 'VmHWM'), cpuSeconds: cpuSeconds(pid) - cpuBefore });
}

function cpuSeconds(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / TICKS;
}

function statusMb(pid, name) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(new RegExp(`${name}:\\s+(\\d+) kB`))[1]) / 1024;
}
