// First start: two sentences, one button; then the code for the desk.

import { h, note } from "../dom.js";
import { enrol, makeKey } from "../messages.js";
import { hex } from "../bytes.js";
import { able, keepMe, lost, me } from "../store.js";
import { live } from "../live.js";
import { say } from "../words.js";

export async function start(_, go) {
  const wrong = h("div", { role: "alert" });
  async function make() {
    try {
      await keepMe(await makeKey());
    } catch {
      return wrong.replaceChildren(note("no", say("start_none")));
    }
    return go("enrol");
  }
  return {
    title: say("start_title"),
    next: able() && { words: say("start_go"), act: make },
    body: [
      able() && (await lost()) && note("no", say("start_lost")),
      h("ol", { class: "steps" }, h("li", {}, say("start_one")), h("li", {}, say("start_two"))),
      !able() && note("no", say("start_none")),
      wrong,
    ],
  };
}

export async function enrolment(_, go) {
  const own = await me();
  const code = live((now) => enrol(own, now));
  const name = hex(own.kid).toUpperCase().match(/.{4}/g).join(" ");
  return {
    title: say("enrol_title"),
    next: { words: say("enrol_done"), act: () => go("code") },
    stop: code.stop,
    body: [
      h("p", { class: "lead" }, say("enrol_hint")),
      code.node,
      h("p", { class: "name" }, `${say("enrol_name")} `, h("b", {}, name)),
    ],
  };
}
