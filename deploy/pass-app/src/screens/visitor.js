// What a guest sees: when, where, how often, and the live code while it is valid.

import { all, me } from "../store.js";
import { button, h, note } from "../dom.js";
import { say, span, times } from "../words.js";
import { clockHint } from "./code.js";
import { facts } from "./guests.js";
import { live } from "../live.js";
import { now } from "../clock.js";
import { visitorShow } from "../messages.js";

/** The pass to show first: valid now, else the next to become so, else the last. */
export function foremost(passes, second) {
  const open = passes.filter((one) => one.exp > second).sort((a, b) => a.nbf - b.nbf);
  return open[0] ?? passes.sort((a, b) => b.exp - a.exp)[0];
}

export async function visitor(id, go) {
  const passes = await all("received");
  const pass = passes.find((one) => one.id === id) ?? foremost(passes, now());
  const own = await me();
  const others = passes.filter((one) => one !== pass && one.exp > now());
  const [early, over] = [pass.nbf > now(), pass.exp <= now()];
  const code = early || over ? undefined : live((second) => visitorShow(pass, second));
  // The page turns by itself when the pass begins or ends; a timer cannot wait longer than 24 days.
  const turn = (early ? pass.nbf : pass.exp) - now();
  const timer = !over && turn < 86400 ? setTimeout(() => go("visitor", pass.id), turn * 1000 + 500) : 0;
  return {
    title: say("visitor_title"),
    stop() {
      clearTimeout(timer);
      code?.stop();
    },
    body: [
      clockHint(),
      early && note("no", say("visitor_early")),
      over && note("no", say("visitor_over")),
      code && code.node,
      code && h("p", { class: "lead" }, say("code_hint")),
      facts([["visitor_when", span(pass.nbf, pass.exp)],
        ...(pass.note ? [["visitor_gates", pass.note]] : []),
        ["visitor_uses", times(pass.uses)]]),
      h("p", {}, say("visitor_kept")),
      others.map((one) => button(h("span", {}, h("b", {}, say("pass_title")),
        h("small", {}, span(one.nbf, one.exp))), () => go("visitor", one.id))),
      own ? button(say("code_own"), () => go("code")) : button(say("visitor_resident"), () => go("start")),
    ],
  };
}

export async function broken() {
  return { title: say("visitor_title"), back: "home", body: [note("no", say("visitor_bad"))] };
}
