import type { Fake } from './fake.ts';
import { changing, inputOf, instead, memory, only, rows, say, type Document } from './replies.ts';

const REQUEST = 'requestMachines';
const STATUS = 'getRequestStatus';
const counting = (call: Parameters<typeof inputOf>[0]): number =>
  Number((inputOf(call)['template'] as Document)['machineCount']);
const made = (requestId: string) => say({ requestId, message: 'Request VM success.' });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Of requests for machines. */
export const requestFakes: readonly Fake[] = [
  {
    breaks: 19,
    it: 'returns no id',
    because: /requestId/,
    act: changing(REQUEST, (document) => ({ ...document, requestId: '' })),
  },
  {
    breaks: 20,
    it: 'launches one machine after another before it answers',
    because: /ms for 100/,
    act: only(REQUEST, async (call) => {
      await pause(counting(call) * 40);
      return call.really();
    }),
  },
  {
    breaks: 21,
    it: 'returns an id for an unknown template',
    because: /exit code 0/,
    act: instead(REQUEST, made('req-1')),
  },
  {
    breaks: 22,
    it: 'accepts 1.5 machines as one',
    because: /exit code 0/,
    act: only(REQUEST, (call) =>
      counting(call) === 1.5
        ? call.really({
            input: { template: { ...(inputOf(call)['template'] as Document), machineCount: 1 } },
          })
        : call.really(),
    ),
  },
  {
    breaks: 23,
    it: 'returns an id for more machines than maxNumber',
    because: /exit code 0/,
    act: instead(REQUEST, made('req-1')),
  },
  {
    breaks: 23,
    it: 'checks maxNumber per request',
    because: /4 machines are live/,
    act: only(REQUEST, (call) => {
      const template = inputOf(call)['template'] as Document;
      return call.really(
        template['templateId'] === 'few' ? { input: { template: { ...template, templateId: 'demo' } } } : {},
      );
    }),
  },
  {
    breaks: 24,
    it: 'returns an id without recording the request',
    because: /nothing can be recorded/,
    act: instead(REQUEST, made('req-1')),
  },
  {
    breaks: 25,
    it: 'forgets its requests when they end',
    because: /no good end/,
    act: changing(STATUS, (document) => ({
      requests: (document['requests'] as Document[]).map((row) =>
        (row['machines'] as unknown[]).length === 2
          ? { ...row, status: 'complete_with_error', message: 'Unknown.' }
          : row,
      ),
    })),
  },
  {
    breaks: 26,
    it: 'reports a request as complete while no worker runs',
    because: /complete/,
    act: changing(STATUS, (document) => ({
      requests: (document['requests'] as Document[]).map((row) => ({ ...row, status: 'complete' })),
    })),
  },
  {
    breaks: 27,
    it: 'reports a request as failed when its worker was killed',
    because: /the outcome is uncertain/,
    act: rows((row) => ({ ...row, status: 'complete_with_error', message: 'The worker died.' })),
  },
  {
    breaks: 28,
    it: 'returns the same id for the same input',
    because: /one id/,
    act: only(REQUEST, (call) => memory(call, call.input, () => call.really())),
  },
  {
    breaks: 29,
    it: 'derives ids from the time in seconds',
    because: /ids/,
    act: changing(REQUEST, (document) => ({
      ...document,
      requestId: `req-${Math.round(Date.now() / 1_000)}`,
    })),
  },
];
