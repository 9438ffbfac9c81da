import type { TemporalConfig } from '../../../config/index.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';

/** The type of a search attribute as Temporal's command line spells it, e.g. `Keyword`. */
export const attributeTypeName = (type: string): string => type.charAt(0) + type.slice(1).toLowerCase();

/** Temporal Cloud, which no client may set up. An API key also means Temporal Cloud. */
export const isTemporalCloud = ({ address, apiKey }: TemporalConfig): boolean =>
  apiKey !== undefined || /\.(tmprl\.cloud|api\.temporal\.io):\d+$/i.test(address);

/** The commands with which an operator sets Temporal up. */
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
    '# For a new namespace; for an existing one, use "update" instead of "create".',
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
    '# For a new namespace:',
    `tcld namespace create --namespace ${shellQuoted(name ?? '')} --region REGION --retention-days ${days} ${access}`,
    '# For an existing namespace:',
    `tcld namespace retention set --namespace ${shellQuoted(namespace)} --retention-days ${days}`,
    '# For both:',
    `tcld namespace search-attributes add --namespace ${shellQuoted(namespace)} ${attributes.join(' ')}`,
  ];
}

/** Quotes a text for a POSIX shell. */
const shellQuoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
