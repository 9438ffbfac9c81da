import type { AcquireResult, LaunchParameters, PrepareInput } from '../../../domain/activities.ts';
import type { Launch } from '../../../domain/request/launch.ts';
import type { Template } from '../../../domain/template/template.ts';

/** One way to get machines from AWS. All that is common to the ways stands above it. */
export interface Manager<P extends LaunchParameters> {
  /** Freezes everything that a launch call of this request says. @throws ProviderError */
  prepare(input: PrepareInput): Promise<P>;
  /**
   * Exactly one mutating call, with the launch's token. The same launch and parameters make the same
   * bytes, so that AWS answers a repetition with the first outcome. @throws ProviderError
   */
  launch(launch: Launch, parameters: P): Promise<AcquireResult>;
}

export interface Managers {
  readonly ec2FleetInstant: Manager<Extract<LaunchParameters, { manager: 'ec2FleetInstant' }>>;
  readonly runInstances: Manager<Extract<LaunchParameters, { manager: 'runInstances' }>>;
}

/** The manager that a template asks for, and the one that made a launch's parameters. */
export function chooseManager(managers: Managers): Manager<LaunchParameters> {
  return {
    prepare: (input) => byTemplate(managers, input.template).prepare(input),
    launch: (launch, parameters) => {
      switch (parameters.manager) {
        case 'ec2FleetInstant':
          return managers.ec2FleetInstant.launch(launch, parameters);
        case 'runInstances':
          return managers.runInstances.launch(launch, parameters);
      }
    },
  };
}

function byTemplate(
  managers: Managers,
  template: Template,
): { prepare(input: PrepareInput): Promise<LaunchParameters> } {
  return template.providerApi === 'RunInstances' ? managers.runInstances : managers.ec2FleetInstant;
}
