import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
import type { Fake, FakeCall, Said } from './fake.ts';

/* The ways in which fakes are wrong. */
export type Document = Record<string, unknown>;
export type Act = Fake['act'];

const parse = (text: string): Document => JSON.parse(text) as Document;
export const inputOf = ({ input }: FakeCall): Document => parse(input);

export const say = (document: object, code = 0): Said => ({ code, stdout: `${JSON.stringify(document)}\n` });

/** Where the true script refuses, it says this instead. */
export const instead = (operation: HfOperation, answer: Said): Act =>
  only(operation, async (call) => {
    const said = await call.really();
    return said.code === 1 ? answer : said;
  });

/** What was said first under this key is said for ever. */
export async function memory({ folder }: FakeCall, key: string, first: () => Promise<Said>): Promise<Said> {
  const file = path.join(folder, Buffer.from(key).toString('base64url').slice(0, 200));
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(await first()));
  return JSON.parse(readFileSync(file, 'utf8')) as Said;
}

/** Of one operation, it answers this way. */
export const only =
  (operation: HfOperation, act: Act): Act =>
  (call) =>
    call.operation === operation ? act(call) : call.really();

/** Where the true script answers, it changes the document. */
export const changing = (
  operation: HfOperation,
  change: (document: Document, call: FakeCall) => object,
): Act =>
  only(operation, async (call) => {
    const said = await call.really();
    return said.code === 0 ? say(change(parse(said.stdout), call)) : said;
  });

/** A list of objects in a document, each changed. */
export const each = (list: unknown, change: (entry: Document) => object): object[] =>
  (list as Document[]).map((entry) => change(entry));

/** Each row of a status, changed. */
export const rows = (change: (row: Document, call: FakeCall) => object): Act =>
  changing('getRequestStatus', ({ requests }, call) => ({
    requests: each(requests, (row) => change(row, call)),
  }));
