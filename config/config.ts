import type * as z from 'zod';
import type { settingsSchema } from './schema.ts';

/**
 * The settings of one provider instance, after all sources are merged and checked. Worker and command line read the
 * same settings, each from its own files; see index.ts. schema.ts says what each setting means.
 */
export type Config = DeepReadonly<z.output<typeof settingsSchema>>;

export type TemporalConfig = Config['temporal'];
export type TlsFiles = Exclude<TemporalConfig['tls'], boolean | undefined>;
export type ProviderConfig = Config['provider'];
export type ProviderType = ProviderConfig['type'];
export type AwsConfig = ProviderConfig['aws'];
export type LoggingConfig = Config['logging'];
export type LogLevel = LoggingConfig['level'];
export type SyslogConfig = NonNullable<LoggingConfig['syslog']>;
export type SyslogFacility = NonNullable<SyslogConfig['facility']>;
export type OtlpConfig = NonNullable<LoggingConfig['otlp']>;

/** `temporal.address`, ...: the path of every single value that a Config may have. */
export type SettingPath = PathsOf<Config, ''>;

type Value = string | number | boolean;

type DeepReadonly<T> = T extends Value ? T : { readonly [K in keyof T]: DeepReadonly<T[K]> };

type PathsOf<T, Path extends string> = T extends Value
  ? Path
  : { [K in keyof T & string]-?: PathsOf<NonNullable<T[K]>, Path extends '' ? K : `${Path}.${K}`> }[keyof T &
      string];
