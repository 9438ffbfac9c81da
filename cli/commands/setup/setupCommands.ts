import type { TemporalConfig } from '../../../config/index.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';

/** Temporal's own word for the type of a search attribute: `Keyword`. */
export const attributeTypeName = (type: string): string => type.charAt(0) + type.slice(1).toLowerCase();

/** No client may set it up: an API key is Temporal Cloud's too. */
export const isTemporalCloud = ({ address, apiKey }: TemporalConfig): boolean =>
  apiKey !== undefined || /\.(tmprl\.cloud|api\.temporal\.io):\d+$/i.test(address);

/** The commands that set Temporal up, to be read and typed by a person. */
export const setupCommands = (temporal: TemporalConfig, retentionDays: number): string =>
  (isTemporalCloud(temporal)
    ? cloudCommands(temporal, retentionDays)
    : clusterCommands(temporal, retentionDays)
  )
    .map((line) => `${line}\n`)
    .join('');

function clusterCommands(temporal: TemporalConfig, days: number): readonly string[] {
  const { namespace } = temporal;
  const operator = (action: string): string =>
    `temporal operator ${action} --namespace ${shellQuoted(namespace)} ${connectionFlags(temporal)}`;
  return [
    '# A new namespace; for one that is there, "update" instead of "create".',
    operator(`namespace create --retention ${days}d`),
    ...Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) =>
      operator(`search-attribute create --name ${name} --type ${attributeTypeName(type)}`),
    ),
  ];
}

function connectionFlags({ address, tls }: TemporalConfig): string {
  const addressFlag = `--address ${shellQuoted(address)}`;
  if (typeof tls !== 'object') return tls === true ? `${addressFlag} --tls` : addressFlag;
  const files = [
    ['--tls-server-name', tls.serverNameOverride],
    ['--tls-ca-path', tls.caFile],
    ['--tls-cert-path', tls.certFile],
    ['--tls-key-path', tls.keyFile],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${shellQuoted(value)}`]));
  return [addressFlag, '--tls', ...files].join(' ');
}

function cloudCommands({ namespace, apiKey }: TemporalConfig, days: number): readonly string[] {
  const access = apiKey === undefined ? '--ca-certificate-file CA.pem' : '--auth-method api_key';
  const attributes = Object.entries(SEARCH_ATTRIBUTES).map(
    ([name, type]) => `--sa ${name}=${attributeTypeName(type)}`,
  );
  const [name] = namespace.split('.');
  return [
    '# Temporal Cloud: with tcld after `tcld login`, or in the web interface at https://cloud.temporal.io.',
    '# A new namespace:',
    `tcld namespace create --namespace ${shellQuoted(name ?? '')} --region REGION --retention-days ${days} ${access}`,
    '# For one that is there:',
    `tcld namespace retention set --namespace ${shellQuoted(namespace)} --retention-days ${days}`,
    '# For both:',
    `tcld namespace search-attributes add --namespace ${shellQuoted(namespace)} ${attributes.join(' ')}`,
  ];
}

/** For a shell. */
const shellQuoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
