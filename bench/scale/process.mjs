import { readFileSync, writeFileSync } from 'node:fs';

/** Linux reports CPU time in clock ticks. */
const TICKS_PER_SECOND = 100;

/** Measures peak memory and CPU time of a process from now on. @returns a function that reads both */
export function watchProcess({ pid }) {
  // Resets the peak (proc(5)).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const cpuBefore = cpuSeconds(pid);
  return () => ({ peakMb: statusMb(pid, 'VmHWM'), cpuSeconds: cpuSeconds(pid) - cpuBefore });
}

function cpuSeconds(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

function statusMb(pid, name) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(new RegExp(`${name}:\\s+(\\d+) kB`))[1]) / 1024;
}
