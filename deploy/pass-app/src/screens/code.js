// The resident's live code, and what is wrong with the clock if anything is.

import { all, me } from "../store.js";
import { amount, say } from "../words.js";
import { button, h, note } from "../dom.js";
import { now, skew } from "../clock.js";
import { live } from "../live.js";
import { show } from "../messages.js";

/** A place that fills itself if the clock turns out wrong. */
export function clockHint() {
  const place = h("div", { role: "status" });
  skew().then((ahead) => {
    if (ahead) {
      place.append(note("no", say(ahead > 0 ? "skew_fast" : "skew_slow", amount(Math.abs(ahead)))));
    }
  });
  return place;
}

export async function code(_, go) {
  const own = await me();
  const received = (await all("received")).some((pass) => pass.exp > now());
  const shown = live((second) => show(own, second));
  return {
    title: say("code_title"),
    tab: "code",
    stop: shown.stop,
    body: [
      clockHint(),
      shown.node,
      h("p", { class: "lead" }, say("code_hint")),
      received && button(say("code_received"), () => go("visitor")),
    ],
  };
}
