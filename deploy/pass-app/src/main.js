// Puts one screen at a time on the page, and takes links apart when the app is opened with one.

import { able, all, me, put, tidy } from "./store.js";
import { applyLarge, forget, gates, help, install, lostPhone, more } from "./screens/more.js";
import { broken, visitor } from "./screens/visitor.js";
import { enrolment, start } from "./screens/start.js";
import { guests, pass, withdrawal } from "./screens/guests.js";
import { button, h, icon } from "./dom.js";
import { plan, share } from "./screens/plan.js";
import { say, switchLanguage, tag } from "./words.js";
import { code } from "./screens/code.js";
import { now } from "./clock.js";
import { receive } from "./messages.js";

const SCREENS = {
  start, enrol: enrolment, code, guests, plan, share, pass, withdraw: withdrawal,
  visitor, broken, more, places: gates, lost: lostPhone, help, install, forget,
};
/** Screens that need the resident's key. */
const OWN = ["enrol", "code", "guests", "plan", "share", "pass", "withdraw", "more", "forget"];
const TABS = [["code", "tab_code"], ["guests", "tab_guests"], ["more", "tab_more"]];

let current = { name: "home", stop() {} };
let turn = 0;

async function home() {
  if (await me()) return "code";
  return (await all("received")).some((one) => one.exp > now()) ? "visitor" : "start";
}

/** Show screen `name`; with `remember`, the phone's own back button returns from it. */
async function go(name, argument, remember = true) {
  turn += 1;
  const mine = turn;
  let wanted = name === "share" && !argument ? "guests" : name;
  if (!SCREENS[wanted] || (OWN.includes(wanted) && !(await me()))) wanted = await home();
  const screen = await SCREENS[wanted](argument, go);
  if (mine !== turn) return screen.stop?.(); // another touch came first
  current.stop?.();
  const again = current.name === wanted;
  current = { ...screen, name: wanted, argument };
  // A link with a visitor's key in it never enters the history.
  const kept = { name: wanted, argument: wanted === "share" ? undefined : argument };
  if (remember && !again) history.pushState(kept, "", location.pathname);
  else history.replaceState(kept, "", location.pathname);
  lay(screen, wanted);
  return undefined;
}

function lay(screen, name) {
  document.documentElement.lang = tag();
  document.title = `${screen.title} · ${say("app")}`;
  const title = h("h1", { tabindex: -1 }, screen.title);
  const speak = h("button", { type: "button", class: "speak", onclick: speakOther,
    lang: tag() === "en-GB" ? "zh-CN" : "en" }, say("other"));
  const tabs = () => h("nav", { "aria-label": say("app") }, TABS.map(([tab, words]) => h("button",
    { type: "button", onclick: () => go(tab), "aria-current": screen.tab === tab && "page" },
    icon(tab), say(words))));
  document.body.replaceChildren(
    h("header", {}, title, speak),
    h("main", { class: name }, screen.body),
    ...(screen.tab ? [tabs()] : foot(screen)));
  window.scrollTo(0, 0);
  title.focus({ preventScroll: true });
}

/** Back always bottom left, the next step always bottom right: where the thumb is. */
function foot({ back, next }) {
  if (!back && !next) return [];
  return [h("footer", {},
    back && h("button", { type: "button", class: "back", onclick: () => go(...[back].flat()) },
      icon("back"), say("back")),
    next && button(next.words, next.act, next.kind ?? "go"))];
}

function speakOther() {
  switchLanguage();
  go(current.name, current.argument, false);
}

/** Take what a link carries out of the address bar and the history before anything else. */
async function opened() {
  const fragment = location.hash.slice(1);
  if (!able()) return go("start", undefined, false);
  if (!fragment) return go("home", undefined, false);
  history.replaceState(null, "", location.pathname);
  if (fragment.startsWith("g.")) {
    try {
      return await go("places", fragment, false);
    } catch {
      return go("broken", undefined, false);
    }
  }
  try {
    const received = await receive(fragment);
    await put("received", received.id, received);
    return await go("visitor", received.id, false);
  } catch {
    return go("broken", undefined, false);
  }
}

async function workOffline() {
  // The page allows this one script address to become a worker, and no other.
  const policy = globalThis.trustedTypes?.createPolicy("worker", { createScriptURL: () => "sw.js" });
  await navigator.serviceWorker?.register(policy ? policy.createScriptURL("") : "sw.js",
    { updateViaCache: "none" });
}

window.addEventListener("popstate", ({ state }) => go(state?.name ?? "home", state?.argument, false));
window.addEventListener("hashchange", () => location.hash && opened());
applyLarge();
// A browser that keeps nothing (private windows of some) still gets a screen that says so.
(able() ? tidy(now()) : Promise.resolve()).then(opened, () => go("start", undefined, false));
workOffline();
