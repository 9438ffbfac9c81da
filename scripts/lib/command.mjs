import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

// Ended with this process, so that no compiler or download goes on after the user pressed Ctrl-C.
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

function track(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends this process, and the commands it runs, at once on SIGTERM, SIGINT or SIGHUP. Returns a function that undoes it. */
export function endOnSignals() {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
  for (const signal of signals) process.on(signal, endNow);
  return () => {
    for (const signal of signals) process.off(signal, endNow);
  };
}

function endNow(_signal, number) {
  process.exit(128 + number);
}

/** Runs a command and resolves to `{code, signal, output}`; output is stdout and stderr, interleaved. Never rejects. */
export function capture(command, args, { timeoutMs, onOutput, ...options } = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = track(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options }));
    const timer = timeoutMs && setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        onOutput?.(text);
      });
    }
    const end = (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output: output.trim() });
    };
    child.on('error', (error) => {
      output += error.message;
      end(127, null);
    });
    child.on('close', end);
  });
}

/** Runs a command that shares our stdio. Resolves to `{code, signal}`; never rejects. */
export function show(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = track(spawn(command, args, { stdio: 'inherit', ...options }));
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve({ code: 127, signal: null });
    });
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The first executable of that name on PATH. */
export function onPath(name) {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter(Boolean)
    .map((folder) => path.resolve(folder, name))
    .find(isExecutable);
}

/** The last lines of a long output, where an error usually is. */
export function tail(text, lines = 15) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
