import { spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tail } from '../lib/command.mjs';
import { shown } from '../lib/paths.mjs';
import { Problem } from '../lib/problem.mjs';
import { identify } from '../lib/process-identity.mjs';
import { endGroup } from './end-group.mjs';
import { forgetProcess, logFile, rememberProcess } from './state.mjs';

const RESTART_MS = 5000;

/**
 * A child process of the stack, supervised as by a service manager: when it exits, it is restarted after 5 s.
 * `definition` is `{name, command, args, env, readyWithin, isReady({alive, printed})}`. `isReady` resolves to true once
 * the child is ready, or to false when it will not be.
 */
export class Service {
  #definition;
  #say;
  #child;
  #leader;
  #stop = new AbortController();

  constructor(definition, say) {
    this.#definition = definition;
    this.#say = say;
  }

  get name() {
    return this.#definition.name;
  }

  get pid() {
    return this.#leader?.pid;
  }

  /** Starts it and waits until it is ready. @throws Problem with the end of its log when it does not become ready */
  async start() {
    if (await this.#launch()) {
      this.#watch();
      return;
    }
    const log = logFile(this.name);
    await this.stop();
    throw new Problem(
      `${tail(readFileSync(log, 'utf8'))}\n\nThe ${this.name} did not become ready. ` +
        `These are the last lines of its log, ${shown(log)}.`,
    );
  }

  /** Ends it and all it started. */
  async stop() {
    this.#stop.abort();
    if (!this.#leader) return;
    await endGroup(this.#leader);
    forgetProcess(this.name);
    this.#leader = undefined;
  }

  async #launch() {
    const { name, command, args, env, readyWithin, isReady } = this.#definition;
    const log = createWriteStream(logFile(name), { flags: 'a' });
    // Its own process group, so that Ctrl-C does not reach all children at once: they are stopped in order.
    const child = spawn(command, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    child.on('error', (error) => log.write(`${error.message}\n`));
    if (child.pid === undefined) return false;
    this.#leader = identify(child.pid);
    rememberProcess(name, child.pid);

    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.pipe(log, { end: false });
      stream.on('data', (chunk) => {
        // `isReady` needs only what the child prints at its start; the log has everything.
        if (printed.length < 1_000_000) printed += chunk;
      });
    }
    const until = Date.now() + readyWithin;
    const alive = () => child.exitCode === null && child.signalCode === null && Date.now() < until;
    return (await isReady({ alive, printed: () => printed })) && alive();
  }

  #watch() {
    const onExit = () => {
      if (!this.#stop.signal.aborted) void this.#restart();
    };
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) onExit();
    else this.#child.once('exit', onExit);
  }

  async #restart() {
    const { exitCode, signalCode } = this.#child;
    this.#say(
      `The ${this.name} exited (${signalCode ?? `exit code ${exitCode}`}); restarting it in ${RESTART_MS / 1000} s` +
        (signalCode === 'SIGKILL' ? '' : ` (its log: ${shown(logFile(this.name))})`),
    );
    forgetProcess(this.name);
    this.#leader = undefined;
    try {
      await delay(RESTART_MS, undefined, { signal: this.#stop.signal });
    } catch {
      return;
    }
    if (await this.#launch()) this.#say(`The ${this.name} runs again (process ${this.pid})`);
    if (!this.#stop.signal.aborted) this.#watch();
  }
}
