import { templatesPath } from '../../config/hostFactory/hfPaths.ts';
import type { CliConfig, Environment } from '../../config/index.ts';
import { UnavailableError } from '../../domain/errors/errors.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type * as visibilityModule from '../gateway/visibility.ts';
import type { CallLog } from '../log.ts';
import type { CommandContext, QueryContext, QueryEffects } from './context.ts';

/** One call of the command line: its contexts, and the connections that they open when they need them. */
export interface Session {
  readonly commandContext: CommandContext;
  readonly queryContext: QueryContext & QueryEffects;
  close(): Promise<void>;
}

/** Opens the connections. Host Factory's calls have no visibility, which needs Temporal's whole SDK. */
export interface Connections {
  readonly gateway?: () => Promise<Gateway>;
  readonly visibility?: () => Promise<VisibilityModule>;
  readonly loadConfig?: (env: Environment) => Promise<CliConfig>;
}
type VisibilityModule = typeof visibilityModule;

export function openSession(env: Environment, log: CallLog, connections: Connections = {}): Session {
  const loaded = once(() => loadConfig(env, log, connections.loadConfig));
  const config = async (): Promise<CliConfig['config']> => (await loaded()).config;
  const gateway = once(
    connections.gateway ??
      (async () => (await import('../gateway/open.ts')).openGateway(await config(), env)),
  );
  const loadVisibility = (): Promise<VisibilityModule> =>
    connections.visibility?.() ?? Promise.reject(new Error('this call has no access to visibility'));
  const visibility = once(async () => (await loadVisibility()).openVisibility((await config()).temporal));
  const templates = () => import('../../config/templates/ibmTemplates.ts');
  const monitorId = async (): Promise<string> => {
    const { provider } = await config();
    return (await import('../../contract/ids.ts')).monitorId(provider.deployment, provider.name);
  };

  const base = {
    env,
    log,
    callId: log.callId,
    now: Date.now,
    config,
    configNotes: async () => (await loaded()).notes,
    templates: {
      list: async () => {
        const path = templatesPath(env);
        return { path, ...(await (await templates()).readTemplates(path)) };
      },
      get: async (templateId: string) =>
        (await templates()).readTemplateForRequest(templatesPath(env), templateId),
    },
    requests: {
      statuses: async (ids) => (await gateway()).readStatuses(ids, Date.now()),
      list: async (filter, limit) => {
        const { requestQuery } = await loadVisibility();
        return (await visibility()).list(requestQuery(await config(), filter), limit);
      },
    },
    machines: {
      lost: async (hosts) => (await gateway()).readLostHosts(hosts),
      report: async () => {
        const report = await (await visibility()).report(await monitorId());
        if (report?.isReady) return report;
        const reason = report ? 'has not read AWS yet' : 'does not run';
        const { provider } = await config();
        throw new UnavailableError(
          `The monitor of ${provider.name} ${reason}; a worker starts it: see 'ohf health'.`,
        );
      },
    },
    diagnostics: async () => {
      const connection = await visibility();
      return {
        monitor: (id) => connection.monitor(id),
        searchAttributes: () => connection.searchAttributes(),
        pollers: (taskQueue, kind) => connection.pollers(taskQueue, kind),
      };
    },
  } satisfies QueryContext;

  return {
    queryContext: {
      ...base,
      acknowledge: async (requestId, machineIds) => (await gateway()).acknowledge(requestId, machineIds),
      ensureMonitor: async () => (await gateway()).ensureMonitor(),
      updateHostList: async (update) => (await gateway()).updateHostList(update),
    },
    commandContext: {
      ...base,
      newUuid: async () => (await import('uuid')).v7(),
      workflows: {
        startRequest: async (input) => (await gateway()).startRequest(input),
        startReturn: async (input) => (await gateway()).startReturn(input),
        cancel: async (id) => {
          const { provider } = await config();
          const { taskQueues } = await import('../../contract/taskQueues.ts');
          await (await visibility()).cancel(id, taskQueues(provider.deployment, provider.name).workflows);
        },
        forceAdoption: async (requestIds) => (await visibility()).adopt(await monitorId(), requestIds),
      },
    },
    close: async () => {
      for (const connection of [gateway.opened(), visibility.opened()]) {
        const opened = await connection?.catch(() => undefined);
        await opened?.close();
      }
    },
  };
}

/** Calls `open` at most once. */
function once<T>(open: () => Promise<T>): (() => Promise<T>) & { opened(): Promise<T> | undefined } {
  let opened: Promise<T> | undefined;
  return Object.assign(() => (opened ??= open()), { opened: () => opened });
}

async function loadConfig(
  env: Environment,
  log: CallLog,
  load: Connections['loadConfig'],
): Promise<CliConfig> {
  const loaded = await (load ?? (await import('../../config/index.ts')).loadCliConfig)(env);
  log.configure(loaded.config.logging);
  if (loaded.notes.length > 0) log.warn('settings are ignored', { notes: loaded.notes });
  return loaded;
}
