import { Client, QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import { QUERY } from '../../contract/messages.ts';
import type { MachineStanding } from '../../domain/request/ownershipStatus.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

/** An owner that needs longer is asked again later. */
const ANSWER_MS = 5_000;

/** Asks owners how their machines stand. Both reject when one is too busy, without a worker, or broken. */
export interface Standings {
  /** By the open owner, or else the open adopter; undefined when neither is open. */
  ofOpen(requestId: string, machineIds: readonly string[]): Promise<readonly MachineStanding[] | undefined>;
  /**
   * The open owner knows; else the adopter, who took over from it; else what the owner knew last. Where Temporal knows
   * none of them, all count as held.
   */
  ofAny(requestId: string, machineIds: readonly string[]): Promise<readonly MachineStanding[]>;
  /** What a closed adopter or else the closed owner knew last; undefined when Temporal knows the owner no more. */
  ofClosed(requestId: string, machineIds: readonly string[]): Promise<readonly MachineStanding[] | undefined>;
}

export function createStandings(client: Client): Standings {
  const { connection } = client;
  const { namespace } = client.options;
  const openOnly = new Client({ connection, namespace, workflow: { queryRejectCondition: 'NOT_OPEN' } });

  /** Undefined when the workflow is closed or not there. */
  async function ask(
    asked: Client,
    workflowId: string,
    machineIds: readonly string[],
  ): Promise<readonly MachineStanding[] | undefined> {
    try {
      return await connection.withDeadline(Date.now() + ANSWER_MS, () =>
        asked.workflow
          .getHandle(workflowId)
          .query<MachineStanding[], [readonly string[]]>(QUERY.standing, machineIds),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError) return undefined;
      throw error;
    }
  }

  /** What the adopter does not know is left to the owner before it. */
  const merged = (
    machineIds: readonly string[],
    adopted: readonly MachineStanding[] | undefined,
    owned: readonly MachineStanding[] | undefined,
  ): MachineStanding[] =>
    machineIds.map((_, index) => {
      const standing = adopted?.[index];
      return (standing === 'unknown' ? undefined : standing) ?? owned?.[index] ?? 'unknown';
    });

  return {
    ofOpen: async (requestId, machineIds) =>
      (await ask(openOnly, requestId, machineIds)) ?? ask(openOnly, adopterId(requestId), machineIds),

    async ofAny(requestId, machineIds) {
      const open = await ask(openOnly, requestId, machineIds);
      if (open) return open;
      const adopted = await ask(client, adopterId(requestId), machineIds);
      if (adopted && !adopted.includes('unknown')) return adopted;
      const owned = await ask(client, requestId, machineIds);
      // Temporal has lost the book: Host Factory may have been told of any.
      if (!adopted && !owned) return machineIds.map(() => 'held');
      return merged(machineIds, adopted, owned);
    },

    async ofClosed(requestId, machineIds) {
      const adopted = await ask(client, adopterId(requestId), machineIds);
      const owned = await ask(client, requestId, machineIds);
      if (owned) return merged(machineIds, adopted, owned);
      return adopted?.includes('unknown') ? undefined : adopted;
    },
  };
}
