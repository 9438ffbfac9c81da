import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DRAIN_MARKER } from '../../config/hostFactory/draining.ts';
import { BusinessRuleError } from '../../domain/errors/errors.ts';
import { readIfExists, type Change } from './changes.ts';
import { formatJsonFile } from './jsonText.ts';
import type { Layout } from './layout.ts';
import { readRecord, extendRecord, recordPath, sha256, type InstallRecord } from './record.ts';
import { isPluginShared, register, unregister, type RegistrationTexts } from './registration.ts';
import { HF_OPERATIONS } from '../operations/registry.ts';
import { isOurScript } from './scriptFiles.ts';

type Files = ReadonlyMap<string, string>;
type Write = Extract<Change, { kind: 'write' }>;

/** What an installation consists of, besides the registration. */
export interface InstallFiles {
  /** By file name. */
  readonly scripts: Files;
  /** By path. */
  readonly samples: Files;
  readonly requestors: readonly string[] | undefined;
}

/**
 * Plans the changes that an installation still needs, none if it is complete. Their order ensures that no file ever
 * refers to a missing one.
 * @throws ConfigurationError, BusinessRuleError
 */
export function planInstall(
  layout: Layout,
  { scripts, samples, requestors }: InstallFiles,
): readonly Change[] {
  const texts = readRegistrations(layout);
  const registered = register(texts, layout, requestors);
  const scriptWrites = [...scripts].flatMap(([name, after]) =>
    scriptWrite(join(layout.scriptsDir, name), after),
  );
  const sampleWrites = [...samples].flatMap(([path, after]): Write[] =>
    existsSync(path) ? [] : [{ kind: 'write', path, before: undefined, after }],
  );
  const registrationWrites = registrationChanges(layout, texts, registered).flatMap(
    ({ path, before, after }): Write[] =>
      after === undefined || after === before ? [] : [{ kind: 'write', path, before, after }],
  );
  const writes = [...scriptWrites, ...sampleWrites, ...registrationWrites];
  const folders = missingFolders([
    layout.scriptsDir,
    layout.providerConf,
    layout.providerWork,
    layout.logDir,
    join(layout.providerWork, 'data'),
    ...writes.map(({ path }) => dirname(path)),
  ]);
  if (writes.length === 0 && folders.length === 0) return [];
  const before = readIfExists(recordPath(layout));
  const record = extendRecord(readRecord(before), folders, writes);
  return [
    ...folders.map((path): Change => ({ kind: 'makeFolder', path })),
    { kind: 'write', path: recordPath(layout), before, after: formatJsonFile(record) },
    ...writes,
  ];
}

/**
 * Plans the reverse of an installation, in reverse order. Files that the site changed stay, and folders that are not
 * empty.
 * @throws ConfigurationError
 */
export function planUninstall(layout: Layout): readonly Change[] {
  const recordText = readIfExists(recordPath(layout));
  const record = readRecord(recordText);
  const texts = readRegistrations(layout);
  const registrations = registrationChanges(layout, texts, unregister(texts, layout)).flatMap(
    ({ path, before, after }) =>
      before === undefined || after === undefined || before === after
        ? []
        : restoreRegistration(record, path, before, after),
  );
  const isShared = isPluginShared(texts.providers, layout);
  const registrationPaths = Object.values<string>({ ...layout.registrations });
  const unmodifiedFiles = Object.entries(record.files).flatMap(
    ([path, { before, sha256: installedSha256 }]): Change[] => {
      const text = readIfExists(path);
      const isOtherFile = !registrationPaths.includes(path) && dirname(path) !== layout.scriptsDir;
      return isOtherFile && before === null && text !== undefined && sha256(text) === installedSha256
        ? [{ kind: 'delete', path, before: text }]
        : [];
    },
  );
  const deletions: Change[] = [
    ...(isShared ? [] : ourScripts(layout)),
    ...unmodifiedFiles,
    ...(recordText === undefined
      ? []
      : [{ kind: 'delete' as const, path: recordPath(layout), before: recordText }]),
  ];
  const drainMarker = join(layout.providerConf, DRAIN_MARKER);
  const markerText = readIfExists(drainMarker);
  if (markerText !== undefined) deletions.push({ kind: 'delete', path: drainMarker, before: markerText });
  if (registrations.length === 0 && deletions.length === 0) return [];
  const folders = [...record.folders, ...(isShared ? [] : [layout.pluginDir, layout.scriptsDir])];
  const removals = [...new Set(folders)]
    .filter((path) => existsSync(path) && !(isShared && path.startsWith(layout.pluginDir)))
    .toSorted((a, b) => b.length - a.length)
    .map((path): Change => ({ kind: 'removeFolder', path }));
  return [...registrations.toReversed(), ...deletions, ...removals];
}

function readRegistrations({ registrations }: Layout): RegistrationTexts {
  return {
    plugins: readIfExists(registrations.plugins),
    providers: readIfExists(registrations.providers),
    requestors: readIfExists(registrations.requestors),
  };
}

/** Plugin before provider before requestor: each refers to the previous one. */
function registrationChanges({ registrations }: Layout, before: RegistrationTexts, after: RegistrationTexts) {
  return (['plugins', 'providers', 'requestors'] as const).map((file) => ({
    path: registrations[file],
    before: before[file],
    after: after[file],
  }));
}

/** Restores the original file byte for byte, if it has not changed since the installation. */
function restoreRegistration(record: InstallRecord, path: string, before: string, after: string): Change[] {
  const recordedFile = record.files[path];
  if (recordedFile === undefined || recordedFile.sha256 !== sha256(before))
    return [{ kind: 'write', path, before, after }];
  if (recordedFile.before === null) return [{ kind: 'delete', path, before }];
  const isSame = isDeepStrictEqual(parseJson(recordedFile.before), parseJson(after));
  return [{ kind: 'write', path, before, after: isSame ? recordedFile.before : after }];
}

const parseJson = (text: string): unknown => JSON.parse(text.replace(/^\uFEFF/, ''));

function scriptWrite(path: string, after: string): Write[] {
  const before = readIfExists(path);
  if (before === after) return [];
  if (before !== undefined && !isOurScript(before)) {
    throw new BusinessRuleError(
      `${path} was not written by 'ohf install'. Choose another plugin name with --plugin.`,
    );
  }
  return [{ kind: 'write', path, before, after, isExecutable: true }];
}

function ourScripts({ scriptsDir }: Layout): Change[] {
  return HF_OPERATIONS.map(({ name }) => join(scriptsDir, `${name}.sh`)).flatMap((path): Change[] => {
    const before = readIfExists(path);
    return before !== undefined && isOurScript(before) ? [{ kind: 'delete', path, before }] : [];
  });
}

/** Outer folders first. */
function missingFolders(required: readonly string[]): string[] {
  const missing = new Set<string>();
  for (const folder of required) {
    for (let path = folder; !existsSync(path); path = dirname(path)) missing.add(path);
  }
  return [...missing].toSorted((a, b) => a.length - b.length);
}
