// Passes for visitors: the list, a new one in one touch, one of them in full, taking one back.

import { all, get, me, put } from "../store.js";
import { button, call, h } from "../dom.js";
import { say, span, times } from "../words.js";
import { live } from "../live.js";
import { now } from "../clock.js";
import { places } from "../places.js";
import { toLink } from "../bytes.js";
import { invite, withdraw } from "../messages.js";

const NOW_HOURS = 1;
/** Seconds a pass reaches back: the gate's clock may be a little behind the phone's. */
export const EARLIER = 60;

export const named = (gates, bitmap) =>
  gates.filter(([number]) => Math.floor(bitmap / 2 ** number) % 2)
    .map(([, name]) => name).join("、");

/** Sign a pass, remember it without its key, and go where it is sent from. */
export async function make(wish, who, go) {
  const told = await places();
  const note = named(told.gates, wish.gates);
  const { cti, fragment } = await invite(await me(), { ...wish, note });
  const id = toLink(cti);
  const { nbf, exp, gates, uses } = wish;
  await put("made", id, { id, cti, who, nbf, exp, gates, uses, withdrawn: false });
  const link = new URL(`./#${fragment}`, location.href).href;
  go("share", { id, link });
}

export async function guests(_, go) {
  const told = await places();
  const made = (await all("made")).sort((a, b) => b.nbf - a.nbf);
  function atOnce() {
    const from = now() - EARLIER;
    const first = told.gates[0][0];
    const wish = { nbf: from, exp: now() + NOW_HOURS * 3600, gates: 2 ** first, uses: 1 };
    // Never longer than the site's limit, which the minute before would exceed at one hour.
    wish.exp = Math.min(wish.exp, from + told.hours * 3600);
    return make(wish, "", go);
  }
  const two = (key, small) => [h("b", {}, say(key)), h("small", {}, small)];
  return {
    title: say("guests_title"),
    tab: "guests",
    body: [
      button(h("span", {}, ...two("guests_now", [told.gates[0][1], " · ",
        say("guests_now_small", NOW_HOURS, 1)].join(""))), atOnce, "go"),
      button(h("span", {}, ...two("guests_new", say("guests_new_small"))), () => go("plan")),
      h("h2", {}, say("guests_made")),
      made.length === 0 && h("p", {}, say("guests_none")),
      h("ul", { class: "list" }, made.map((pass) => h("li", {}, row(pass, told, go)))),
    ],
  };
}

function row(pass, told, go) {
  const state = (pass.withdrawn && "guests_withdrawn") || (pass.exp <= now() && "guests_over");
  return button(h("span", {},
    h("b", {}, pass.who || say("guests_someone")),
    h("small", {}, span(pass.nbf, pass.exp)),
    h("small", {}, state ? say(state) : `${named(told.gates, pass.gates)} · ${times(pass.uses)}`)), () => go("pass", pass.id), state ? "past" : "");
}

export async function pass(id, go) {
  const [told, one] = [await places(), await get("made", id)];
  return {
    title: one.who || say("pass_title"),
    back: "guests",
    body: [
      facts([["visitor_when", span(one.nbf, one.exp)],
        ["visitor_gates", named(told.gates, one.gates)],
        ["visitor_uses", times(one.uses)]]),
      one.exp > now() && button(say("pass_withdraw"), () => go("withdraw", id), "stop"),
    ],
  };
}

export const facts = (pairs) => h("dl", { class: "facts" },
  pairs.map(([key, value]) => h("div", {}, h("dt", {}, say(key)), h("dd", {}, value))));

export async function withdrawal(id, go) {
  const one = await get("made", id);
  if (one.withdrawn) return shown(one, go);
  async function take() {
    await put("made", id, { ...one, withdrawn: true });
    go("withdraw", id);
  }
  return {
    title: say("withdraw_title"),
    back: ["pass", id],
    next: { words: say("withdraw_go"), act: take, kind: "stop" },
    body: [
      h("p", { class: "lead" }, one.who || say("guests_someone"), h("br"), span(one.nbf, one.exp)),
      h("p", { class: "lead" }, say("withdraw_ask")),
    ],
  };
}

async function shown(one, go) {
  const [own, told] = [await me(), await places()];
  const code = live((second) => withdraw(own, one, second));
  return {
    title: say("withdraw_title"),
    back: "guests",
    next: { words: say("done"), act: () => go("guests") },
    stop: code.stop,
    body: [
      h("p", { class: "lead" }, say("withdraw_hint", named(told.gates, one.gates))),
      code.node,
      h("p", {}, say("withdraw_away")),
      call(told.office),
    ],
  };
}
