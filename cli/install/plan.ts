import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DRAIN_MARK } from '../../config/hostFactory/draining.ts';
import { BusinessRuleError } from '../../domain/errors/errors.ts';
import { readIfAny, type Change } from './changes.ts';
import { jsonFileText } from './jsonText.ts';
import type { Layout } from './layout.ts';
import { readRecord, recorded, recordPath, sha256, type InstallRecord } from './record.ts';
import { isPluginShared, register, unregister, type RegistrationTexts } from './registration.ts';
import { OPERATIONS } from '../operations/registry.ts';
import { isOurScript } from './scriptFiles.ts';

type Files = ReadonlyMap<string, string>;
type Write = Extract<Change, { kind: 'write' }>;

/** What an installation consists of, beside the registration. */
export interface Parts {
  /** By file name. */
  readonly scripts: Files;
  /** By path. */
  readonly samples: Files;
  readonly requestors: readonly string[] | undefined;
}

/**
 * All that an installation has still to do, in an order in which nothing ever names what is not there yet;
 * empty when all is done.
 * @throws ConfigurationError, BusinessRuleError
 */
export function planInstall(layout: Layout, { scripts, samples, requestors }: Parts): readonly Change[] {
  const texts = readRegistrations(layout);
  const registered = register(texts, layout, requestors);
  const scriptWrites = [...scripts].flatMap(([name, after]) =>
    scriptWrite(join(layout.scriptsDir, name), after),
  );
  const sampleWrites = [...samples].flatMap(([path, after]): Write[] =>
    existsSync(path) ? [] : [{ kind: 'write', path, before: undefined, after }],
  );
  const registrationWrites = pairs(layout, texts, registered).flatMap(({ path, before, after }): Write[] =>
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
  const before = readIfAny(recordPath(layout));
  const record = recorded(readRecord(before), folders, writes);
  return [
    ...folders.map((path): Change => ({ kind: 'makeFolder', path })),
    { kind: 'write', path: recordPath(layout), before, after: jsonFileText(record) },
    ...writes,
  ];
}

/**
 * The reverse, in the reverse order. Files that the site changed stay, and so do folders with anything in them.
 * @throws ConfigurationError
 */
export function planUninstall(layout: Layout): readonly Change[] {
  const recordText = readIfAny(recordPath(layout));
  const record = readRecord(recordText);
  const texts = readRegistrations(layout);
  const registrations = pairs(layout, texts, unregister(texts, layout)).flatMap(({ path, before, after }) =>
    before === undefined || after === undefined || before === after
      ? []
      : restore(record, path, before, after),
  );
  const isShared = isPluginShared(texts.providers, layout);
  const registrationPaths = Object.values<string>({ ...layout.registrations });
  const untouched = Object.entries(record.files).flatMap(([path, { before, sha256: left }]): Change[] => {
    const text = readIfAny(path);
    const isPlain = !registrationPaths.includes(path) && dirname(path) !== layout.scriptsDir;
    return isPlain && before === null && text !== undefined && sha256(text) === left
      ? [{ kind: 'delete', path, before: text }]
      : [];
  });
  const deletions: Change[] = [
    ...(isShared ? [] : ourScripts(layout)),
    ...untouched,
    ...(recordText === undefined
      ? []
      : [{ kind: 'delete' as const, path: recordPath(layout), before: recordText }]),
  ];
  const mark = join(layout.providerConf, DRAIN_MARK);
  const drained = readIfAny(mark);
  if (drained !== undefined) deletions.push({ kind: 'delete', path: mark, before: drained });
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
    plugins: readIfAny(registrations.plugins),
    providers: readIfAny(registrations.providers),
    requestors: readIfAny(registrations.requestors),
  };
}

/** Plugin before provider before requestor: each names the one before. */
function pairs({ registrations }: Layout, before: RegistrationTexts, after: RegistrationTexts) {
  return (['plugins', 'providers', 'requestors'] as const).map((file) => ({
    path: registrations[file],
    before: before[file],
    after: after[file],
  }));
}

/** If nobody touched the file since, it becomes again what it was, byte by byte. */
function restore(record: InstallRecord, path: string, before: string, after: string): Change[] {
  const known = record.files[path];
  if (known === undefined || known.sha256 !== sha256(before)) return [{ kind: 'write', path, before, after }];
  if (known.before === null) return [{ kind: 'delete', path, before }];
  const isSame = isDeepStrictEqual(parsed(known.before), parsed(after));
  return [{ kind: 'write', path, before, after: isSame ? known.before : after }];
}

const parsed = (text: string): unknown => JSON.parse(text.replace(/^\uFEFF/, ''));

function scriptWrite(path: string, after: string): Write[] {
  const before = readIfAny(path);
  if (before === after) return [];
  if (before !== undefined && !isOurScript(before)) {
    throw new BusinessRuleError(
      `${path} is not of 'ohf install'. Choose another name of the plugin with --plugin.`,
    );
  }
  return [{ kind: 'write', path, before, after, executable: true }];
}

function ourScripts({ scriptsDir }: Layout): Change[] {
  return OPERATIONS.map(({ name }) => join(scriptsDir, `${name}.sh`)).flatMap((path): Change[] => {
    const before = readIfAny(path);
    return before !== undefined && isOurScript(before) ? [{ kind: 'delete', path, before }] : [];
  });
}

/** Outer folders first. */
function missingFolders(wanted: readonly string[]): string[] {
  const missing = new Set<string>();
  for (const folder of wanted) {
    for (let at = folder; !existsSync(at); at = dirname(at)) missing.add(at);
  }
  return [...missing].toSorted((a, b) => a.length - b.length);
}
