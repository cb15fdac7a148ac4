// COSE_Sign1 with ES256 (RFC 9052, RFC 9053) and the COSE_Key of a P-256 point.

import { Tag, encode } from "./cbor.js";
import { utf8 } from "./bytes.js";

const ES256 = { name: "ECDSA", hash: "SHA-256" };
const PROTECTED = encode(new Map([[1, -7]]));
const [KTY, CURVE, X, Y] = [1, -1, -2, -3];
const KID = 4;
const POINT_BYTES = 65;

/** Sign `payload`, a Map; `purpose` is bound in, so that no message passes for another. */
export async function sign1(key, purpose, payload, kid) {
  const content = encode(payload);
  const signed = encode(["Signature1", PROTECTED, utf8(purpose), content]);
  const signature = new Uint8Array(await crypto.subtle.sign(ES256, key, signed));
  const header = kid ? new Map([[KID, kid]]) : new Map();
  return encode(new Tag(18, [PROTECTED, header, content, signature]));
}

/** The COSE_Key of an uncompressed point 04 || x || y, its y shortened to one bit. */
export function coseKey(point) {
  if (point.length !== POINT_BYTES || point[0] !== 4) throw new RangeError("not a P-256 point");
  const odd = (point[POINT_BYTES - 1] & 1) === 1;
  return new Map([[KTY, 2], [CURVE, 1], [X, point.slice(1, 33)], [Y, odd]]);
}

/** x and the oddness of y in a COSE_Key; throws unless it is exactly what `coseKey` makes. */
export function coseKeyParts(key) {
  const [x, odd] = [key.get(X), key.get(Y)];
  if (
    key.size !== 4 || key.get(KTY) !== 2 || key.get(CURVE) !== 1 ||
    !(x instanceof Uint8Array) || x.length !== 32 || typeof odd !== "boolean"
  ) throw new RangeError("not a P-256 key");
  return { x, odd };
}

/** The short name of a key: the first eight bytes of its point's SHA-256. */
export async function keyId(point) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", point)).slice(0, 8);
}
