import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What Linux says of a process at one moment. */
export interface Sample {
  /** ms since the first one. */
  readonly at: number;
  readonly rssMb: number;
  readonly sockets: number;
  readonly files: number;
}

export function sample(pid: number, since: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  return {
    at: Date.now() - since,
    rssMb: Number(status.match(/VmRSS:\s+(\d+)/)?.[1]) / 1_024,
    sockets: links.filter((link) => link.startsWith('socket:')).length,
    files: links.filter((link) => link.startsWith('/')).length,
  };
}

/** '' when it was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** By how much a value grows in a minute: the slope of the straight line through all samples. */
export function growth(samples: readonly Sample[], valueOf: (sample: Sample) => number): number {
  const minutes = samples.map(({ at }) => at / 60_000);
  const values = samples.map(valueOf);
  const [minute, value] = [mean(minutes), mean(values)];
  let [over, under] = [0, 0];
  for (const [index, each] of minutes.entries()) {
    over += (each - minute) * ((values[index] ?? 0) - value);
    under += (each - minute) ** 2;
  }
  return under === 0 ? 0 : over / under;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
