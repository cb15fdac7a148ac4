// A code that is signed anew every five seconds for as long as somebody looks at it.

import { blank, draw } from "./qr.js";
import { now } from "./clock.js";
import { h } from "./dom.js";
import { say, tag } from "./words.js";

const RENEW_SECONDS = 5;
/** After this the screen may sleep again: a phone left lying must lock itself. */
const AWAKE_MS = 120_000;
const WIDEST = 480;

async function keepAwake() {
  try {
    return await navigator.wakeLock?.request("screen");
  } catch {
    return undefined; // low battery: the person can still touch the screen
  }
}

/** {node, stop}; `sign` takes Unix seconds and gives a message. */
export function live(sign) {
  const canvas = h("canvas", { class: "qr", role: "img", "aria-label": say("code_label") });
  const left = h("p", { class: "left" });
  const dots = h("div", { class: "dots", "aria-hidden": "true" },
    Array.from({ length: RENEW_SECONDS }, () => h("i")));
  const clock = h("time", {});
  const failed = h("p", { class: "failed", role: "alert" });
  const node = h("section", { class: "live" }, canvas, failed, dots, left,
    h("p", { class: "clock" }, `${say("code_clock")} `, clock));
  let [seconds, timer, lock, gone] = [0, 0, undefined, false];

  async function renew() {
    const message = await sign(now());
    if (!gone && !document.hidden) draw(canvas, message, Math.min(document.documentElement.clientWidth, WIDEST));
  }

  async function tick() {
    clock.textContent = new Date().toLocaleTimeString(tag(), { hour12: false });
    if (seconds === 0) {
      seconds = RENEW_SECONDS;
      try {
        await renew();
        failed.textContent = "";
      } catch {
        blank(canvas);
        failed.textContent = say("code_failed");
      }
    }
    left.textContent = say("code_left", seconds);
    [...dots.children].forEach((dot, place) => dot.classList.toggle("on", place < seconds));
    seconds -= 1;
  }

  async function begin() {
    clearInterval(timer);
    seconds = 0;
    timer = setInterval(tick, 1000);
    tick();
    const held = await keepAwake();
    if (gone) return held?.release();
    lock = held;
    setTimeout(() => lock === held && held?.release(), AWAKE_MS);
    return undefined;
  }

  function halt() {
    clearInterval(timer);
    blank(canvas); // the picture in the phone's list of open apps must not be a code
    lock?.release();
    lock = undefined;
  }

  const look = () => (document.hidden ? halt() : begin());
  const fit = () => { seconds = 0; };
  document.addEventListener("visibilitychange", look);
  window.addEventListener("resize", fit);
  begin();
  return {
    node,
    stop() {
      gone = true;
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("resize", fit);
      halt();
    },
  };
}
