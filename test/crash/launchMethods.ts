import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProviderApi } from '../../domain/template/template.ts';

/** Every way to get machines, and the price that it is tried with. */
export const LAUNCH_METHODS: readonly {
  readonly api: ProviderApi;
  readonly priceType: 'ondemand' | 'spot';
}[] = [
  { api: 'EC2Fleet', priceType: 'ondemand' },
  { api: 'RunInstances', priceType: 'spot' },
  { api: 'EC2FleetRequest', priceType: 'ondemand' },
  { api: 'EC2FleetMaintain', priceType: 'spot' },
  { api: 'SpotFleetRequest', priceType: 'spot' },
  { api: 'SpotFleetMaintain', priceType: 'spot' },
  { api: 'AutoScalingGroup', priceType: 'ondemand' },
];

const FIXTURE = fileURLToPath(new URL('../../../test/fixtures/awsinstprov_templates.json', import.meta.url));

/** A template of its own for each way, named as the way is. */
export function templatesOfAllLaunchMethods(): readonly object[] {
  const { templates } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as { templates: readonly object[] };
  return LAUNCH_METHODS.map(({ api, priceType }, index) => ({
    ...templates[0],
    // No two share a launch template.
    metadataHopLimit: index + 1,
    templateId: api,
    providerApi: api,
    priceType,
    ...(priceType === 'spot' ? { vmType: undefined, vmTypes: { 't3.medium': 1 } } : {}),
    ...(api.startsWith('SpotFleet') ? { fleetRole: 'arn:aws:iam::000000000000:role/fleet' } : {}),
  }));
}
