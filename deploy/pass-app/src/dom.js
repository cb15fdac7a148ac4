// Elements built from plain calls; text is only ever text.

import { say } from "./words.js";

/** h("button", {class: "go", onclick: f}, "text", otherElement): booleans and null are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => typeof child !== "boolean" && child != null));
  return element;
}

const DRAWINGS = {
  code: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2",
  guests: "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21v-2a5 5 0 0 1 5-5h4a5 5 0 0 1 5 5v2M19 8v6M16 11h6",
  more: "M4 6h16M4 12h16M4 18h16",
  back: "M15 5l-7 7 7 7",
  warn: "M12 4L2.5 20h19zM12 10v5M12 17.5v.5",
  done: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zM7.5 12.5l3 3 6-6.5",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  picture.setAttribute("class", "icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", DRAWINGS[name]);
  picture.append(path);
  return picture;
}

export const button = (label, onclick, kind = "") =>
  h("button", { type: "button", class: kind, onclick }, label);

/** A button that dials the office, if its number is known. */
export const call = (office, kind = "") => office && h("a",
  { class: `button ${kind}`, href: `tel:${office.replace(/[^\d+]/g, "")}` }, say("call", office));

export const note = (kind, ...words) =>
  h("div", { class: `note ${kind}` }, icon(kind === "ok" ? "done" : "warn"), h("div", {}, ...words));
