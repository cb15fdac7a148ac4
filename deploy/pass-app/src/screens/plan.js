// A visit planned in five answers, and the pass sent as a link.

import { EARLIER, facts, make, named } from "./guests.js";
import { button, h } from "../dom.js";
import { say, span, times } from "../words.js";
import { get } from "../store.js";
import { now } from "../clock.js";
import { places } from "../places.js";

const DAYS = ["today", "tomorrow", "after"];
const LENGTHS = [1, 2, 4, 8, 12, 24, 48, 168];
const two = (number) => String(number).padStart(2, "0");
const isoDay = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

function dayAfter(days) {
  const date = new Date();
  date.setDate(date.getDate() + days);
  return isoDay(date);
}

function tiles(name, kind, options, chosen) {
  return h("div", { class: "tiles" }, options.map(([value, words]) => h("label", {},
    h("input", { type: kind, name, value, checked: chosen.includes(value) }), h("span", {}, words))));
}

const group = (key, ...content) =>
  h("fieldset", {}, h("legend", {}, say(key)), ...content);

function stepper(most) {
  const shown = h("output", { "aria-live": "polite" }, times(1));
  const field = h("input", { type: "hidden", name: "uses", value: 1 });
  const step = (by) => () => {
    field.value = Math.min(most, Math.max(1, Number(field.value) + by));
    shown.textContent = times(Number(field.value));
  };
  const press = (sign, key, by) => h("button",
    { type: "button", class: "step", "aria-label": say(key), onclick: step(by) }, sign);
  return h("div", { class: "stepper" }, press("−", "less", -1), shown, press("+", "plus", 1), field);
}

/** {nbf, exp, gates, uses} of the filled form, or the key of what is wrong with it. */
export function wish(answers, second) {
  const gates = answers.getAll("gate").reduce((sum, number) => sum + 2 ** Number(number), 0);
  if (gates === 0) return "new_no_gate";
  const day = answers.get("day") === "other" ? answers.get("date") : answers.get("day");
  const from = Math.floor(new Date(`${day}T${answers.get("from")}`).getTime() / 1000);
  const length = Number(answers.get("hours")) * 3600;
  if (!(from + length > second)) return "new_past";
  return { nbf: from, exp: from + length, gates, uses: Number(answers.get("uses")) };
}

export async function plan(_, go) {
  const told = await places();
  const start = new Date((now() - EARLIER) * 1000);
  const clock = `${two(start.getHours())}:${two(start.getMinutes())}`;
  const date = h("input", { type: "date", name: "date", value: dayAfter(3), min: dayAfter(0),
    max: dayAfter(358), "aria-label": say("other_day"), hidden: true });
  const wrong = h("p", { class: "failed", role: "alert" });
  const days = DAYS.map((key, after) => [dayAfter(after), say(key)]);
  const form = h("form", {},
    h("label", { class: "field" }, h("span", {}, say("new_who"), h("small", {}, say("new_who_small"))),
      h("input", { name: "who", maxlength: 30, autocomplete: "off" })),
    group("new_day", tiles("day", "radio", [...days, ["other", say("other_day")]], [days[0][0]]), date),
    h("label", { class: "field" }, h("span", {}, say("new_from")),
      h("input", { type: "time", name: "from", value: clock, required: true })),
    group("new_long", tiles("hours", "radio", LENGTHS.filter((one) => one <= told.hours)
      .map((one) => [one, say("hours", one)]), [Math.min(2, told.hours)])),
    group("new_gates", tiles("gate", "checkbox", told.gates, [told.gates[0][0]])),
    group("new_uses", stepper(told.uses)),
    wrong);
  form.addEventListener("change", () => { date.hidden = form.elements.day.value !== "other"; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const answers = new FormData(form);
    const made = wish(answers, now());
    if (typeof made === "string") {
      wrong.textContent = say(made);
      wrong.scrollIntoView({ block: "center" });
    } else make(made, answers.get("who").trim(), go);
  });
  const next = { words: say("new_go"), act: () => form.requestSubmit() };
  return { title: say("new_title"), back: "guests", next, body: [form] };
}

export async function share({ id, link }, go) {
  const [told, one] = [await places(), await get("made", id)];
  const copied = h("p", { class: "done", role: "status" });
  const field = h("input", { class: "link", value: link, readonly: true, "aria-label": say("share_copy"),
    onfocus: () => field.select() });
  async function copy() {
    try {
      await navigator.clipboard.writeText(link);
      copied.textContent = say("share_copied");
    } catch {
      field.focus(); // no permission: the person copies the marked text
    }
  }
  async function send() {
    try {
      await navigator.share({ text: say("share_text"), url: link });
    } catch (error) {
      if (error.name !== "AbortError") await copy();
    }
  }
  return {
    title: say("share_title"),
    next: { words: say("done"), act: () => go("guests"), kind: "plain" },
    body: [
      facts([["visitor_when", span(one.nbf, one.exp)],
        ["visitor_gates", named(told.gates, one.gates)],
        ["visitor_uses", times(one.uses)]]),
      h("p", { class: "lead" }, say("share_hint")),
      navigator.share && button(say("share_go"), send, "go"),
      button(say("share_copy"), copy, navigator.share ? "" : "go"),
      copied,
      field,
      h("p", {}, say("share_once")),
    ],
  };
}
