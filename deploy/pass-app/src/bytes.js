// Bytes joined, compared and written as text that fits into a link.

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function compare(a, b) {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export function same(a, b) {
  return compare(a, b) === 0;
}

export function utf8(text) {
  return new TextEncoder().encode(text);
}

export function text(bytes) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** base64url without padding, RFC 4648 section 5. */
export function toLink(bytes) {
  const letters = btoa(String.fromCharCode(...bytes));
  return letters.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes of base64url; throws on any other spelling, so that one link has one meaning. */
export function fromLink(letters) {
  if (!/^[A-Za-z0-9_-]*$/.test(letters)) throw new RangeError("not base64url");
  const plain = atob(letters.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  if (toLink(bytes) !== letters) throw new RangeError("not the one spelling of these bytes");
  return bytes;
}
