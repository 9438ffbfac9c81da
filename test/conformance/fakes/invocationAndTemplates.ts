import { accessSync, appendFileSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Fake } from './fake.ts';
import { changing, each, instead, memory, only, say, type Document } from './replies.ts';

const LIST = 'getAvailableTemplates';

const templates = (change: (list: Document[]) => object[]): Fake['act'] =>
  changing(LIST, (document) => ({ ...document, templates: change(document['templates'] as Document[]) }));

/** Of invocation and of templates. */
export const earlyFakes: readonly Fake[] = [
  {
    breaks: 1,
    it: 'prints a line of log before its document',
    because: /not one JSON document/,
    act: async ({ really }) => ({ ...(await really()), stderr: 'connected\n' }),
  },
  {
    breaks: 2,
    it: 'writes debug logs to stderr',
    because: /not one JSON document/,
    act: async ({ env, really }) => ({
      ...(await really()),
      stderr: env['HF_LOGLEVEL'] === 'LOG_DEBUG' ? 'debug: called\n' : '',
    }),
  },
  {
    breaks: 2,
    it: 'writes its log beside its templates',
    because: /outside of the log folder/,
    act: ({ env, really }) => {
      const file = path.join(env['HF_PROVIDER_CONFDIR'] ?? '', 'debug.log');
      if (env['HF_LOGLEVEL'] === 'LOG_DEBUG') appendFileSync(file, 'called\n');
      return really();
    },
  },
  {
    breaks: 3,
    it: 'cannot list templates without an input file',
    because: /No input/,
    act: (call) => (call.args.length === 0 ? say({ message: 'No input.' }, 1) : call.really()),
  },
  {
    breaks: 4,
    it: 'answers invalid input with a stack',
    because: /one line/,
    act: async ({ really }) => {
      const said = await really();
      return said.code === 1 ? say({ message: 'SyntaxError\n    at parse (cli.js:1:2)' }, 1) : said;
    },
  },
  {
    breaks: 4,
    it: 'lists its templates for any input',
    because: /exit code 0/,
    act: only(LIST, ({ really }) => really({ input: {} })),
  },
  {
    breaks: 4,
    it: 'requests a machine before it validates the count',
    because: /bad input was/,
    act: only('requestMachines', async ({ really }) => {
      const said = await really();
      if (said.code === 1) await really({ input: { template: { templateId: 'demo', machineCount: 1 } } });
      return said;
    }),
  },
  {
    breaks: 5,
    it: 'refuses a byte order mark',
    because: /BOM/,
    act: ({ input, really }) => (input.startsWith('\uFEFF') ? say({ message: 'BOM' }, 1) : really()),
  },
  {
    breaks: 6,
    it: 'needs variables that Host Factory 1.1 does not set',
    because: /HF_PROVIDER_WORKDIR/,
    act: ({ env, really }) =>
      env['HF_PROVIDER_WORKDIR'] ? really() : say({ message: 'HF_PROVIDER_WORKDIR is not set.' }, 1),
  },
  {
    breaks: 7,
    it: 'fails if it cannot log',
    because: /cannot log/,
    act: ({ env, really }) => {
      try {
        writeFileSync(path.join(env['HF_PROVIDER_LOGDIR'] ?? '', 'fake.log'), 'called');
        return really();
      } catch {
        return say({ message: 'cannot log' }, 1);
      }
    },
  },
  {
    breaks: 7,
    it: 'fails if its log folder is read-only',
    because: /read-only/,
    needsProcess: true,
    act: ({ env, really }) => {
      const folder = env['HF_PROVIDER_LOGDIR'] ?? '';
      if (!existsSync(folder)) return really();
      try {
        accessSync(folder, constants.W_OK);
        return really();
      } catch {
        return say({ message: 'read-only' }, 1);
      }
    },
  },
  {
    breaks: 8,
    it: 'exits with 2 for an invalid option',
    because: /other exit codes/,
    act: async ({ args, really }) => ({ ...(await really()), ...(args[0] !== '-f' && { code: 2 }) }),
  },
  {
    breaks: 9,
    it: 'reads an input file that was deleted',
    because: /ENOENT/,
    act: only('getRequestStatus', (call) => {
      const kept = path.join(call.folder, 'input-file');
      const [file = ''] = existsSync(kept) ? [readFileSync(kept, 'utf8')] : call.args.slice(1);
      writeFileSync(kept, file);
      return existsSync(file) ? call.really() : say({ message: `ENOENT ${file}` }, 1);
    }),
  },
  {
    breaks: 10,
    it: 'shows the templates of one instance to the other',
    because: /templates of another instance/,
    act: only(LIST, ({ env, really }) => {
      const [, confDir = ''] = /^(.*)\/twin$/.exec(env['HF_PROVIDER_CONFDIR'] ?? '') ?? [];
      if (!confDir) return really();
      return really({ env: { HF_PROVIDER_NAME: 'awsinst', HF_PROVIDER_CONFDIR: `${confDir}/awsinst` } });
    }),
  },
  {
    breaks: 10,
    it: 'shows the requests of one instance to the other',
    because: /requests of another instance/,
    act: only('getRequestStatus', ({ env, really }) => {
      const [, confDir = ''] = /^(.*)\/twin$/.exec(env['HF_PROVIDER_CONFDIR'] ?? '') ?? [];
      if (!confDir) return really();
      return really({ env: { HF_PROVIDER_NAME: 'awsinst', HF_PROVIDER_CONFDIR: `${confDir}/awsinst` } });
    }),
  },
  {
    breaks: 11,
    it: 'sorts the templates by their ids',
    because: /SpotTemplate/,
    act: templates((list) =>
      list.toSorted((a, b) => String(a['templateId']).localeCompare(String(b['templateId']))),
    ),
  },
  {
    breaks: 12,
    it: 'shows plain numbers as attributes',
    because: /attributes|ncpus/,
    act: templates((list) =>
      each(list, (entry) => ({ ...entry, attributes: { ...(entry['attributes'] as object), ncpus: 1 } })),
    ),
  },
  {
    breaks: 13,
    it: 'shows an unlimited template as one of 10000',
    because: /10000/,
    act: templates((list) =>
      each(list, (entry) => ({
        ...entry,
        maxNumber: entry['maxNumber'] === -1 ? 10_000 : entry['maxNumber'],
      })),
    ),
  },
  {
    breaks: 14,
    it: 'shows an empty list if there is no file',
    because: /exit code 0/,
    act: instead(LIST, say({ templates: [], message: '' })),
  },
  {
    breaks: 15,
    it: 'does not name the template that it leaves out',
    because: /not named/,
    act: changing(LIST, (document) => ({ ...document, message: 'Success.' })),
  },
  {
    breaks: 15,
    it: 'does not log the template that it leaves out',
    because: /not in the log/,
    act: only(LIST, ({ really }) =>
      really({ env: { HF_PROVIDER_LOGDIR: '/dev/null', HF_LOGDIR: '/dev/null' } }),
    ),
  },
  {
    breaks: 16,
    it: 'caches its templates forever',
    because: /edit does not count/,
    act: only(LIST, (call) => memory(call, LIST, () => call.really())),
  },
  {
    breaks: 17,
    it: 'needs Temporal for its templates',
    because: /Temporal/,
    act: only(LIST, async ({ really }) => {
      const input = { requests: [{ requestId: 'req-1' }] };
      const { code } = await really({ operation: 'getRequestStatus', input });
      return code === 0 ? really() : say({ message: 'Temporal is away.' }, 1);
    }),
  },
  {
    breaks: 18,
    it: 'shows every template with the id twice',
    because: /first does not win|twice/,
    act: templates((list) => list.flatMap((entry) => [entry, entry])),
  },
];
