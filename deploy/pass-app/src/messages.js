// What a phone says to a gate: live codes, passes for visitors, their withdrawal, the first introduction.

import { Tag, decode } from "./cbor.js";
import { coseKey, coseKeyParts, keyId, sign1 } from "./cose.js";
import { fromLink, join, text, toLink, utf8 } from "./bytes.js";

const [EXP, NBF, IAT, CTI, CNF] = [4, 5, 6, 7, 8];
const [GATES, USES, GRANT, WITHDRAWN] = [-70001, -70002, -70003, -70004];
const LINK_FORM = "1";
const SECRET_BYTES = 64;
const GRANT_MOST = 400;
const NOTE_MOST = 200;

const P256 = { name: "ECDSA", namedCurve: "P-256" };

function oneUse() {
  return crypto.getRandomValues(new Uint8Array(8));
}

/** A resident's live code. `me` is {key, kid}, `now` Unix seconds. */
export function show(me, now) {
  return sign1(me.key, "gate/show/1", new Map([[IAT, now], [CTI, oneUse()]]), me.kid);
}

/** The public key with proof that this phone holds its other half; opens nothing. */
export function enrol(me, now) {
  const payload = new Map([[IAT, now], [CNF, new Map([[1, coseKey(me.point)]])]]);
  return sign1(me.key, "gate/enrol/1", payload);
}

/** Takes a pass back, at the gate this is shown to. `pass` is {cti, exp}. */
export function withdraw(me, pass, now) {
  const payload = new Map([
    [EXP, pass.exp], [IAT, now], [CTI, oneUse()], [WITHDRAWN, pass.cti],
  ]);
  return sign1(me.key, "gate/withdraw/1", payload, me.kid);
}

/** A visitor's live code. `pass` is {key, grant}. */
export function visitorShow(pass, now) {
  const payload = new Map([[IAT, now], [CTI, oneUse()], [GRANT, pass.grant]]);
  return sign1(pass.key, "gate/show/1", payload);
}

/**
 * Make a visitor's key and sign what it may do. `wish` is {nbf, exp, gates, uses, note}.
 *
 * Returns {cti, fragment}. The fragment holds the visitor's key, and nothing here keeps it: a
 * pass that was not sent is made again.
 */
export async function invite(me, wish) {
  const pair = await crypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const { d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const cti = oneUse();
  const payload = new Map([
    [EXP, wish.exp], [NBF, wish.nbf], [CTI, cti], [CNF, new Map([[1, coseKey(point)]])],
    [GATES, wish.gates], [USES, wish.uses],
  ]);
  const grant = await sign1(me.key, "gate/grant/1", payload, me.kid);
  const parts = [LINK_FORM, toLink(join(fromLink(d), point.slice(33), grant))];
  if (wish.note) parts.push(toLink(utf8(shortened(wish.note))));
  return { cti, fragment: parts.join(".") };
}

/** As much of `note` as a link may carry, in whole characters. */
function shortened(note) {
  let letters = [...note];
  while (utf8(letters.join("")).length > NOTE_MOST) letters = letters.slice(0, -1);
  return letters.join("");
}

/**
 * Take the pass out of a link's fragment; throws if it is not whole.
 *
 * Returns {id, key, grant, nbf, exp, gates, uses, note}, its key never to leave this browser.
 * The host's signature is not checked here: only a gate knows the host's key.
 */
export async function receive(fragment) {
  const [form, body, note = "", ...more] = fragment.split(".");
  if (form !== LINK_FORM || !body || more.length) throw new RangeError("not a pass");
  const bytes = fromLink(body);
  const grant = bytes.slice(SECRET_BYTES);
  if (!grant.length || grant.length > GRANT_MOST) throw new RangeError("not a pass");
  const [d, y] = [bytes.slice(0, 32), bytes.slice(32, SECRET_BYTES)];
  const told = read(grant);
  if (((y[31] & 1) === 1) !== told.odd) throw new RangeError("key and pass differ");
  const jwk = { kty: "EC", crv: "P-256", d: toLink(d), x: toLink(told.x), y: toLink(y) };
  const key = await crypto.subtle.importKey("jwk", jwk, P256, false, ["sign"]);
  const words = fromLink(note);
  if (words.length > NOTE_MOST) throw new RangeError("note too long");
  const { nbf, exp, gates, uses } = told;
  return { id: toLink(told.cti), key, grant, nbf, exp, gates, uses, note: text(words) };
}

function read(grant) {
  const outer = decode(grant);
  if (!(outer instanceof Tag) || outer.number !== 18 || outer.value.length !== 4) {
    throw new RangeError("not a pass");
  }
  const claims = decode(outer.value[2]);
  const [nbf, exp, cti] = [claims.get(NBF), claims.get(EXP), claims.get(CTI)];
  const [gates, uses] = [claims.get(GATES), claims.get(USES)];
  const whole = [nbf, exp, gates, uses].every((one) => Number.isSafeInteger(one) && one > 0);
  if (claims.size !== 6 || !whole || exp <= nbf || cti?.length !== 8) {
    throw new RangeError("not a pass");
  }
  return { nbf, exp, cti, gates, uses, ...coseKeyParts(claims.get(CNF).get(1)) };
}

/** Make this phone's key; not even this page can read it out again. */
export async function makeKey() {
  const pair = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { key: pair.privateKey, point, kid: await keyId(point) };
}
