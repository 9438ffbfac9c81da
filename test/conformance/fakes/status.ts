import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Fake } from './fake.ts';
import { changing, each, inputOf, instead, only, rows, say, type Document } from './replies.ts';

const STATUS = 'getRequestStatus';
const machines = (change: (machine: Document) => object): Fake['act'] =>
  rows((row) => ({ ...row, machines: each(row['machines'], change) }));
const unsaid = (row: Document): Document => ({ ...row, message: '' });
const isOver = (row: Document): boolean => row['status'] !== 'running';

/** Of the status of requests. */
export const statusFakes: readonly Fake[] = [
  {
    breaks: 30,
    it: 'reports complete before anything is launched',
    because: /nothing is launched yet/,
    act: rows((row) => ({ ...row, status: 'complete' })),
  },
  {
    breaks: 31,
    it: 'reports launchtime in milliseconds',
    because: /future/,
    act: machines((machine) => ({ ...machine, launchtime: Number(machine['launchtime']) * 1_000 })),
  },
  {
    breaks: 31,
    it: 'invents host names',
    because: /not the host name/,
    act: machines((machine) => ({ ...machine, name: machine['machineId'] })),
  },
  {
    breaks: 32,
    it: 'reports a machine that AWS has only launched as succeed',
    because: /does not show|ended before/,
    act: rows((row) =>
      isOver(row)
        ? row
        : {
            ...row,
            machines: [
              {
                machineId: 'i-0123456789abcdef0',
                name: 'ip-10-0-0-1',
                result: 'succeed',
                privateIpAddress: '',
                launchtime: 1_734_619_942,
              },
            ],
          },
    ),
  },
  {
    breaks: 33,
    it: 'answers no more than one id',
    because: /each once/,
    act: changing(STATUS, (document) => ({ requests: (document['requests'] as Document[]).slice(0, 1) })),
  },
  {
    breaks: 34,
    it: 'has its own status for a partial failure',
    because: /status/,
    act: rows((row) => (row['status'] === 'complete_with_error' ? { ...row, status: 'partial' } : row)),
  },
  {
    breaks: 35,
    it: 'does not mention the missing machines',
    because: /what is missing/,
    act: rows(unsaid),
  },
  {
    breaks: 36,
    it: 'does not give the reason',
    because: /reason/,
    act: rows(unsaid),
  },
  {
    breaks: 36,
    it: 'reports a request without machines as complete',
    because: /'complete'/,
    act: rows((row) => (isOver(row) ? { ...row, status: 'complete' } : row)),
  },
  {
    breaks: 37,
    it: 'leaves out machines that never ran',
    because: /never ran/,
    act: rows((row) => ({
      ...row,
      machines: (row['machines'] as Document[]).filter(({ result }) => result !== 'fail'),
    })),
  },
  {
    breaks: 38,
    it: 'leaves out machines that failed',
    because: /is not reported/,
    act: rows((row) => ({
      ...row,
      machines: (row['machines'] as Document[]).filter(({ result }) => result !== 'fail'),
    })),
  },
  {
    breaks: 39,
    it: 'reports the time of the call as launchtime',
    because: /without a worker/,
    act: machines((machine) => ({ ...machine, launchtime: Math.floor(Date.now() / 1_000) })),
  },
  {
    breaks: 39,
    it: 'knows a request for four polls',
    because: /past the retention/,
    act: rows((row, { folder }) => {
      const file = path.join(folder, String(row['requestId']));
      if (isOver(row)) appendFileSync(file, '.');
      const polls = existsSync(file) ? readFileSync(file, 'utf8').length : 0;
      return polls > 3 ? { ...row, status: 'complete_with_error', message: 'Unknown.', machines: [] } : row;
    }),
  },
  {
    breaks: 40,
    it: 'answers for an unknown request while that is uncertain',
    because: /exit code 0/,
    act: instead(
      STATUS,
      say({
        requests: [{ requestId: 'x', status: 'complete_with_error', message: 'Unknown.', machines: [] }],
      }),
    ),
  },
  {
    breaks: 41,
    it: 'ends a request when AWS cannot be read',
    because: /cannot be read/,
    act: only(STATUS, async (call) => {
      const failing = (await call.aws.gates()).some(({ mode }) => mode === 'errorBefore');
      const [row] = inputOf(call)['requests'] as Document[];
      const over = { ...row, status: 'complete_with_error', message: 'DescribeInstances.', machines: [] };
      return failing ? say({ requests: [over] }) : call.really();
    }),
  },
  {
    breaks: 42,
    it: 'counts machines instead of units',
    because: /complete_with_error/,
    act: rows((row) =>
      isOver(row) && (row['machines'] as []).length < 10
        ? { ...row, status: 'complete_with_error', message: '7 are missing.' }
        : row,
    ),
  },
  {
    breaks: 43,
    it: 'needs the template of a request for its status',
    because: /no template/,
    act: only(STATUS, async (call) => {
      const { stdout } = await call.really({ operation: 'getAvailableTemplates', input: {} });
      const { templates } = JSON.parse(stdout) as { templates: Document[] };
      const found = templates.some(({ templateId }) => templateId === 'demo');
      return found ? call.really() : say({ message: 'no template' }, 1);
    }),
  },
  {
    breaks: 44,
    it: 'writes at most 64 KiB',
    because: /JSON/,
    needsProcess: true,
    act: async (call) => {
      const said = await call.really();
      return { ...said, stdout: said.stdout.slice(0, 65_536) };
    },
  },
];
