import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Fake, FakeCall } from './fake.ts';
import { changing, each, inputOf, only, rows, say, type Document } from './replies.ts';

const RETURN = 'requestReturnMachines';
const GOING = 'getReturnRequests';
const hostsOf = (call: FakeCall): Document[] => {
  const { machines } = inputOf(call);
  return Array.isArray(machines) ? (machines as Document[]) : [];
};
const isReturn = ({ requestId }: Document): boolean => String(requestId).startsWith('ret-');

async function terminate({ aws }: FakeCall, wanted: (id: string) => boolean): Promise<void> {
  const { liveIds } = await aws.summary();
  for (const id of liveIds.filter(wanted)) await aws.terminate(id);
}

/** Of returns, of machines that are taken away, and of it all. */
export const returnFakes: readonly Fake[] = [
  {
    breaks: 45,
    it: 'accepts machines only as a list',
    because: /a list/,
    act: only(RETURN, (call) =>
      Array.isArray(inputOf(call)['machines']) ? call.really() : say({ message: 'machines: a list' }, 1),
    ),
  },
  {
    breaks: 46,
    it: 'terminates every machine of a return',
    because: /machines of somebody else/,
    act: only(RETURN, async (call) => {
      const ids = new Set(hostsOf(call).map(({ machineId }) => String(machineId)));
      await terminate(call, (id) => ids.has(id));
      return call.really();
    }),
  },
  {
    breaks: 47,
    it: 'refuses machines that were returned before',
    because: /given before/,
    act: only(RETURN, (call) => {
      const files = hostsOf(call).map(({ machineId }) => path.join(call.folder, String(machineId)));
      if (files.some((file) => existsSync(file))) return say({ message: 'given before' }, 1);
      for (const file of files) writeFileSync(file, '');
      return call.really();
    }),
  },
  {
    breaks: 48,
    it: 'takes an empty return for a return of all machines',
    because: /something was terminated/,
    act: only(RETURN, async (call) => {
      if (hostsOf(call).length === 0) await terminate(call, () => true);
      return call.really();
    }),
  },
  {
    breaks: 49,
    it: 'finds a machine by its name and ignores the id',
    because: /of that id/,
    act: only(RETURN, (call) =>
      call.really({ input: { machines: hostsOf(call).map(({ name }) => ({ name })) } }),
    ),
  },
  {
    breaks: 50,
    it: 'reports a return as complete while machines shut down',
    because: /while machines shut down/,
    act: rows((row) =>
      isReturn(row) && row['status'] === 'running' ? { ...row, status: 'complete', machines: [] } : row,
    ),
  },
  {
    breaks: 51,
    it: 'reports a machine that may not be terminated as succeed',
    because: /results/,
    act: rows((row) => ({
      ...row,
      machines: each(row['machines'], (machine) =>
        machine['result'] === 'fail' ? { ...machine, result: 'succeed', launchtime: 1_734_619_942 } : machine,
      ),
    })),
  },
  {
    breaks: 52,
    it: 'launches replacements for returned machines',
    because: /in their place/,
    act: only(RETURN, async (call) => {
      const input = { template: { templateId: 'demo', machineCount: hostsOf(call).length } };
      await call.really({ operation: 'requestMachines', input });
      return call.really();
    }),
  },
  {
    breaks: 53,
    it: 'returns an id for a return that it did not record',
    because: /nothing was recorded/,
    act: only(RETURN, () => say({ requestId: 'ret-1', message: 'Delete VM success.' })),
  },
  {
    breaks: 54,
    it: 'reports every host as lost',
    because: /nothing is wrong/,
    act: changing(GOING, (document, call) => ({
      ...document,
      requests: hostsOf(call).map(({ name }) => ({ machine: name, gracePeriod: 0 })),
    })),
  },
  {
    breaks: 55,
    it: 'reports hosts by the names that AWS gives them',
    because: /not the name/,
    act: changing(GOING, ({ requests, ...document }) => ({
      ...document,
      requests: each(requests, (entry) => ({ ...entry, machine: 'ip-10-0-0-1.ec2.internal' })),
    })),
  },
  {
    breaks: 56,
    it: 'reports each loss once',
    because: /as long as Host Factory asks/,
    act: changing(GOING, ({ requests, ...document }, call) => {
      const marker = path.join(call.folder, 'reported');
      if (existsSync(marker)) return { ...document, requests: [] };
      if ((requests as Document[]).length > 1) writeFileSync(marker, '');
      return { ...document, requests };
    }),
  },
  {
    breaks: 57,
    it: 'refuses an empty host list',
    because: /no hosts/,
    act: only(GOING, (call) => (hostsOf(call).length > 0 ? call.really() : say({ message: 'no hosts' }, 1))),
  },
  {
    breaks: 58,
    it: 'reports hosts as lost that it cannot read',
    because: /while that is uncertain/,
    act: only(GOING, async (call) => {
      const failing = (await call.aws.gates()).some(
        ({ mode, released }) => mode === 'errorBefore' && !released,
      );
      const requests = hostsOf(call).map(({ name }) => ({ machine: name, gracePeriod: 0 }));
      return failing ? say({ status: 'complete', message: '', requests }) : call.really();
    }),
  },
  {
    breaks: 58,
    it: 'takes the first page of a list for all of it',
    because: /while that is uncertain/,
    act: only(GOING, async (call) => {
      const partly = (await call.aws.gates()).some(({ having, released }) => having && !released);
      const requests = hostsOf(call).map(({ name }) => ({ machine: name, gracePeriod: 0 }));
      return partly ? say({ status: 'complete', message: '', requests: requests.slice(1) }) : call.really();
    }),
  },
  {
    breaks: 59,
    it: 'returns only the first machine of a list',
    because: /left alive/,
    act: only(RETURN, (call) => call.really({ input: { machines: hostsOf(call).slice(0, 1) } })),
  },
  {
    breaks: 60,
    it: 'accepts one call at a time',
    because: /locked/,
    act: async (call) => {
      const lock = path.join(call.folder, 'lock');
      try {
        closeSync(openSync(lock, 'wx'));
      } catch {
        return say({ message: 'locked' }, 1);
      }
      try {
        return await call.really();
      } finally {
        rmSync(lock);
      }
    },
  },
];
