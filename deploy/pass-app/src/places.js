// The community's gates and limits, as the few lines of text the desk gives out.
//
// One line each: `0 East gate`, and at most once `hours 24`, `uses 10`, `office 0571-8888 6666`.

import { get, put } from "./store.js";
import { fromLink, text, toLink, utf8 } from "./bytes.js";
import { say } from "./words.js";

const LONGEST = 2000;
const HIGHEST_GATE = 31;

/** {gates: [[number, name]..], hours, uses, office}; throws RangeError naming a wrong line. */
export function parse(lines) {
  if (lines.length > LONGEST) throw new RangeError(lines.slice(0, 20));
  const places = { gates: [], hours: 24, uses: 10, office: "" };
  for (const line of lines.split("\n").map((one) => one.trim()).filter(Boolean)) {
    const [, word, rest] = /^(\d{1,2}|hours|uses|office)[ \t]+(\S.*)$/.exec(line) ?? [];
    const number = Number(rest);
    if (word === "office" && /^[\d +()-]{3,20}$/.test(rest)) places.office = rest;
    else if (word === "hours" && number >= 1 && number <= 168) places.hours = Math.floor(number);
    else if (word === "uses" && number >= 1 && number <= 100) places.uses = Math.floor(number);
    else if (/^\d+$/.test(word ?? "") && Number(word) <= HIGHEST_GATE && rest.length <= 30
      && !places.gates.some(([there]) => there === Number(word))) {
      places.gates.push([Number(word), rest]);
    } else throw new RangeError(line.slice(0, 40));
  }
  places.gates.sort(([a], [b]) => a - b);
  return places;
}

/** What is set, or one gate with number 0 as long as nothing is. */
export async function places() {
  const lines = (await get("settings", "places")) ?? "";
  const told = parse(lines);
  return { ...told, gates: told.gates.length ? told.gates : [[0, say("main_gate")]], lines };
}

/** Set lines that `parse` accepts. */
export async function setPlaces(lines) {
  parse(lines);
  await put("settings", "places", lines);
}

/** The lines in a fragment `g.` + base64url, as in the link the desk gives out. */
export function fromFragment(fragment) {
  const lines = text(fromLink(fragment.slice(2)));
  parse(lines);
  return lines;
}

export const toFragment = (lines) => `g.${toLink(utf8(lines))}`;
