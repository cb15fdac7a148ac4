// The few kinds of CBOR (RFC 8949) that codes are made of, in their one canonical form.
//
// Values: whole numbers, Uint8Array, string, boolean, Array, Map, Tag. Anything else is refused.

import { compare, join, same, text, utf8 } from "./bytes.js";

const DEEPEST = 8;

export class Tag {
  constructor(number, value) {
    this.number = number;
    this.value = value;
  }
}

function head(major, number) {
  const kind = major << 5;
  if (number < 24) return Uint8Array.of(kind | number);
  if (number < 0x100) return Uint8Array.of(kind | 24, number);
  if (number < 0x10000) return Uint8Array.of(kind | 25, number >>> 8, number & 255);
  if (number > 0xffffffff) throw new RangeError("number too large for a code");
  return Uint8Array.of(kind | 26, number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255);
}

export function encode(value) {
  if (Number.isSafeInteger(value)) return value < 0 ? head(1, -1 - value) : head(0, value);
  if (value instanceof Uint8Array) return join(head(2, value.length), value);
  if (typeof value === "string") return join(head(3, utf8(value).length), utf8(value));
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (Array.isArray(value)) return join(head(4, value.length), ...value.map(encode));
  if (value instanceof Tag) return join(head(6, value.number), encode(value.value));
  if (value instanceof Map) {
    const pairs = [...value].map(([key, held]) => [encode(key), encode(held)]);
    pairs.sort(([a], [b]) => compare(a, b));
    return join(head(5, pairs.length), ...pairs.flat());
  }
  throw new TypeError("no part of a code");
}

/** The one value of `bytes`; throws RangeError unless they are exactly its canonical form. */
export function decode(bytes) {
  let at = 0;

  function take(count) {
    if (at + count > bytes.length) throw new RangeError("cut short");
    at += count;
    return bytes.subarray(at - count, at);
  }

  function number(low) {
    if (low < 24) return low;
    if (low > 26) throw new RangeError("a length no code has");
    return take(2 ** (low - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  function value(depth) {
    if (depth > DEEPEST) throw new RangeError("nested too deep");
    const [first] = take(1);
    const [major, low] = [first >> 5, first & 31];
    if (major === 7) {
      if (low !== 20 && low !== 21) throw new RangeError("no part of a code");
      return low === 21;
    }
    const count = number(low);
    if (major === 0) return count;
    if (major === 1) return -1 - count;
    if (major === 2) return take(count).slice();
    if (major === 3) return text(take(count));
    if (major === 6) return new Tag(count, value(depth + 1));
    if (count > bytes.length) throw new RangeError("cut short");
    if (major === 4) return Array.from({ length: count }, () => value(depth + 1));
    return new Map(Array.from({ length: count }, () => [value(depth + 1), value(depth + 1)]));
  }

  const whole = value(0);
  // Writing it again finds doubled keys, wrong order, long forms and trailing bytes at once.
  if (!same(encode(whole), bytes)) throw new RangeError("not in canonical form");
  return whole;
}
