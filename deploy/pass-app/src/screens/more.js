// Settings and help: gates, large text, clock, lost phone, putting it on the home screen, deleting the key.

import { amount, say } from "../words.js";
import { button, call, h, note } from "../dom.js";
import { fromFragment, places, setPlaces } from "../places.js";
import { forgetMe } from "../store.js";
import { skew } from "../clock.js";

const LARGE = "sanmen-pass-large";

export function applyLarge() {
  document.documentElement.classList.toggle("large", localStorage.getItem(LARGE) === "1");
}

export async function more(_, go) {
  function large() {
    localStorage.setItem(LARGE, localStorage.getItem(LARGE) === "1" ? "0" : "1");
    applyLarge();
    go("more");
  }
  const isLarge = localStorage.getItem(LARGE) === "1";
  return {
    title: say("more_title"),
    tab: "more",
    body: [
      h("button", { type: "button", "aria-pressed": String(isLarge), onclick: large },
        `${say("more_large")} · ${say(isLarge ? "on" : "off")}`),
      button(say("more_lost"), () => go("lost")),
      button(say("more_clock"), () => go("help")),
      button(say("more_install"), () => go("install")),
      button(say("more_places"), () => go("places")),
      button(say("more_enrol"), () => go("enrol")),
      button(say("more_forget"), () => go("forget"), "stop"),
    ],
  };
}

/** `fragment` of a link from the office, or the list as it is. */
export async function gates(fragment, go) {
  const told = await places();
  const box = h("textarea", { rows: 6, "aria-label": say("places_label"), spellcheck: "false" });
  box.value = fragment ? fromFragment(fragment) : told.lines;
  const wrong = h("p", { class: "failed", role: "alert" });
  async function save() {
    try {
      // The whole link may be pasted as well: an app on the home screen is opened by no link.
      const [, pasted] = /#(g\.[\w-]+)$/.exec(box.value.trim()) ?? [];
      await setPlaces(pasted ? fromFragment(pasted) : box.value);
      go("guests");
    } catch (error) {
      wrong.textContent = say("places_wrong", error.message);
    }
  }
  return {
    title: say("places_title"),
    back: fragment ? "home" : "more",
    next: { words: say(fragment ? "places_use" : "places_save"), act: save },
    body: [
      h("p", { class: "lead" }, say(fragment ? "places_ask" : "places_hint")),
      box,
      wrong,
    ],
  };
}

export async function lostPhone() {
  const { office } = await places();
  return {
    title: say("lost_title"),
    back: "more",
    body: [
      h("ol", { class: "steps" }, ["lost_one", "lost_two", "lost_three"].map((key) => h("li", {}, say(key)))),
      call(office, "go"),
    ],
  };
}

export async function help() {
  const answer = h("div", { role: "status" });
  async function check() {
    const ahead = await skew();
    const words = ahead === undefined ? say("help_unknown") : say("help_right");
    const wrong = ahead ? say(ahead > 0 ? "skew_fast" : "skew_slow", amount(Math.abs(ahead))) : "";
    answer.replaceChildren(note(wrong || ahead === undefined ? "no" : "ok", wrong || words));
  }
  const part = (key, ...more) => [h("h2", {}, say(key)), h("p", {}, say(`${key}_do`)), ...more];
  return {
    title: say("help_title"),
    back: "more",
    body: [
      ...part("help_clock", button(say("help_check"), check), answer),
      ...part("help_read"),
      ...part("help_gone"),
    ],
  };
}

export async function install() {
  return {
    title: say("more_install"),
    back: "more",
    body: [h("ul", { class: "steps" }, h("li", {}, say("install_android")), h("li", {}, say("install_ios")))],
  };
}

export async function forget(_, go) {
  async function act() {
    await forgetMe();
    go("home");
  }
  return {
    title: say("forget_title"),
    back: "more",
    next: { words: say("forget_go"), act, kind: "stop" },
    body: [h("p", { class: "lead" }, say("forget_ask"))],
  };
}
