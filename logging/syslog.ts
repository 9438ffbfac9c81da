import { createSocket, type Socket } from 'node:dgram';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogLevel, SyslogConfig, SyslogFacility } from '../config/config.ts';
import { forwardingTarget, UndeliverableError, type ForwardedLine } from './forward.ts';
import type { TargetDefinition } from './target.ts';

interface UdpSender {
  /** Sends one datagram. @throws when it did not leave this host */
  send(message: Buffer): Promise<void>;
  close(): void;
}

/** Sends each line as one RFC 5424 datagram with the JSON object as its message. The network may lose datagrams. */
export function syslogTarget({ address, facility = 'daemon' }: SyslogConfig, app: string): TargetDefinition {
  let sender: Promise<UdpSender> | undefined;
  return forwardingTarget({
    name: `syslog at ${address}`,
    batchSize: 1,
    lingerMs: 0,
    async deliver(lines) {
      sender ??= openUdp(address);
      try {
        for (const line of lines) await (await sender).send(syslogMessage(line, facility, app));
      } catch (error) {
        // The next delivery resolves the name and connects again.
        void sender.then((old) => old.close()).catch(() => undefined);
        sender = undefined;
        throw isTooLong(error) ? new UndeliverableError(`a line is too long: ${String(error)}`) : error;
      }
    },
    close: () => void sender?.then((open) => open.close()).catch(() => undefined),
  });
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { trace: 7, debug: 7, info: 6, warn: 4, error: 3 };
const FACILITY: Readonly<Record<SyslogFacility, number>> = {
  user: 1,
  daemon: 3,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
};

/** `<priority>1 time host app pid - - {...}` */
export function syslogMessage({ entry, line }: ForwardedLine, facility: SyslogFacility, app: string): Buffer {
  const priority = FACILITY[facility] * 8 + SEVERITY[entry.level];
  const time = new Date(entry.at).toISOString();
  return Buffer.from(`<${priority}>1 ${time} ${hostname()} ${app.slice(0, 48)} ${process.pid} - - ${line}`);
}

const isTooLong = (error: unknown): boolean =>
  error instanceof Error && /EMSGSIZE|message too long/i.test(error.message);

/** How long the first datagram waits for "port unreachable" (ICMP). */
const ICMP_WAIT_MS = 100;

/** A connected socket: the kernel then reports it when no process listens on a reachable host. */
async function openUdp(address: string): Promise<UdpSender> {
  const { hostname: host, port } = new URL(address);
  const socket = createSocket(host.startsWith('[') ? 'udp6' : 'udp4');
  socket.unref();
  let failure: Error | undefined;
  let isReachable = false;
  socket.on('error', (error) => (failure = error));
  await connectSocket(socket, Number(port), host.replaceAll(/[[\]]/g, ''));
  return {
    async send(message) {
      if (!failure) await sendDatagram(socket, message);
      if (!isReachable) await delay(ICMP_WAIT_MS, undefined, { ref: false });
      isReachable = true;
      if (failure) throw failure;
    },
    close: () => socket.close(),
  };
}

const sendDatagram = (socket: Socket, message: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.send(message, (error) => (error ? reject(error) : resolve()));
  });

function connectSocket(socket: Socket, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.connect(port, host, (error?: Error) => (error ? reject(error) : resolve()));
  });
}
