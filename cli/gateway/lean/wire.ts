/**
 * The part of Protocol Buffers' wire format that the generated messages need: varints and length-delimited fields.
 * Unknown fields are skipped, so that newer servers may send more.
 */
export class Writer {
  readonly #parts: Uint8Array[] = [];

  /** A number, enum or boolean; up to 2^53. */
  varint(tag: number, value: number | boolean): void {
    this.#parts.push(varintBytes(tag), varintBytes(Number(value)));
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#parts.push(varintBytes(tag), varintBytes(value.length), value);
  }

  string(tag: number, value: string): void {
    this.bytes(tag, Buffer.from(value));
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

export class Reader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next field's number and wire type as one number, or 0 at the end. */
  tag(): number {
    return this.#offset < this.#bytes.length ? this.varint() : 0;
  }

  /** Exact up to 2^53; the numbers that are read here are smaller. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined || factor > 2 ** 63) throw malformed();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  }

  bytes(): Uint8Array {
    const from = this.#advance(this.varint());
    return this.#bytes.subarray(from, this.#offset);
  }

  string(): string {
    const from = this.#advance(this.varint());
    return this.#bytes.toString('utf8', from, this.#offset);
  }

  skip(tag: number): void {
    const wireType = tag & 7;
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 2) this.#advance(this.varint());
    else if (wireType === 5) this.#advance(4);
    else throw malformed();
  }

  /** @returns the offset before */
  #advance(length: number): number {
    const from = this.#offset;
    this.#offset += length;
    if (this.#offset > this.#bytes.length) throw malformed();
    return from;
  }
}

const malformed = (): RangeError => new RangeError('the answer is truncated or damaged');
