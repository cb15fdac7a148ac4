// Keypads and the keyboard: what is entered stands in the form's hidden field `entry`.
"use strict";
const Pads = (() => {
  const DIGIT = /^[0-9]$/;
  let table = null; // syllable -> characters, loaded when first needed
  let spelt = "", from = 0, mode = "pinyin", capital = false;

  const pad = () => document.querySelector("[data-pad]");
  const kind = (it) => it.dataset.pad;
  const input = (it) => it.querySelector("input[name=entry]");
  const fields = (it) => [...it.querySelectorAll("[data-field]")];
  const letters = (text) => [...text];

  // ---- digits, PIN, household, date

  const parts = (it) => {
    it.parts ??= input(it).value ? input(it).value.split("-") : [];
    const many = fields(it).length;
    while (it.parts.length < many) it.parts.push("");
    return it.parts;
  };

  function draw(it) {
    const each = parts(it), current = it.current ?? firstFree(it);
    fields(it).forEach((field, n) => {
      const text = kind(it) === "pin" ? "●".repeat(each[n].length) : each[n];
      field.querySelector("output").textContent = text || " ";
      field.classList.toggle("current", n === current);
    });
    input(it).value = each.some(Boolean) ? each.join("-") : "";
  }

  function firstFree(it) {
    const free = parts(it).findIndex((part) => !part);
    return free < 0 ? fields(it).length - 1 : free;
  }

  function digit(it, key) {
    it.current ??= firstFree(it);
    const each = parts(it), most = Number(fields(it)[it.current].dataset.most);
    if (DIGIT.test(key)) {
      if (each[it.current].length < most) each[it.current] += key;
      if (each[it.current].length >= most && it.current + 1 < each.length) it.current += 1;
    } else if (key === "delete") {
      if (!each[it.current] && it.current > 0) it.current -= 1;
      each[it.current] = each[it.current].slice(0, -1);
    } else if (key === "clear") {
      each.fill("");
      it.current = 0;
    } else if (key === "field" && it.current + 1 < each.length && each[it.current]) {
      it.current += 1;
    }
    draw(it);
  }

  // ---- the keyboard

  function write(it, text) {
    const now = letters(input(it).value), room = Number(it.dataset.longest) - now.length;
    const value = now.join("") + letters(text).slice(0, Math.max(0, room)).join("");
    input(it).value = value;
    show(it);
  }

  function show(it) {
    const place = it.querySelector("output bdi");
    place.textContent = letters(input(it).value).slice(-26).join("");
    it.querySelector("[data-spelt]").textContent = spelt;
    offer(it);
  }

  function offer(it) {
    const place = it.querySelector("[data-offered]");
    const found = mode === "digits" ? [] : spelt ? letters(table?.get(spelt) ?? "") : [];
    const size = window.innerWidth > window.innerHeight ? 5 : 4;
    place.replaceChildren(...found.slice(from, from + size).map((one) => {
      const key = document.createElement("button");
      key.type = "button";
      key.className = "b";
      key.lang = "zh-CN";
      key.dataset.pick = one;
      key.textContent = one;
      return key;
    }));
    for (const [name, right] of [["less", from > 0], ["more", from + size < found.length]]) {
      it.querySelector(`[data-key=${name}]`).disabled = !right;
    }
    it.turn = size;
  }

  function spells(text) {
    // A syllable, or the beginning of one: then its first whole syllable is offered.
    if (!table || table.has(text)) return true;
    for (const one of table.keys()) if (one.startsWith(text)) return true;
    return false;
  }

  function letter(it, key) {
    if (key === "more" || key === "less") {
      from = Math.max(0, from + (key === "more" ? it.turn : -it.turn));
      return offer(it);
    }
    if (key === "mode") {
      mode = { pinyin: "latin", latin: "digits", digits: "pinyin" }[mode];
      spelt = "";
      from = 0;
      label(it);
      return show(it);
    }
    if (key === "shift") {
      capital = !capital;
      label(it);
      return undefined;
    }
    if (key === "delete") {
      if (spelt) spelt = spelt.slice(0, -1);
      else input(it).value = letters(input(it).value).slice(0, -1).join("");
      from = 0;
      return show(it);
    }
    if (key === "space") {
      if (spelt) return pick(it, it.querySelector("[data-pick]")?.dataset.pick);
      return write(it, " ");
    }
    if (mode === "pinyin" && !capital) {
      const longer = spelt + (key === "v" ? "ü" : key);
      if (longer.length <= 6 && spells(longer)) spelt = longer;
      from = 0;
      return show(it);
    }
    write(it, capital ? key.toUpperCase() : key);
    return undefined;
  }

  function pick(it, one) {
    spelt = "";
    from = 0;
    if (one) write(it, one);
    else show(it);
  }

  const FIGURES = "1234567890-/:;()@#&.,?!'+=";
  function label(it) {
    const keys = [...it.querySelectorAll("[data-board] [class*=l-]")];
    keys.forEach((key, n) => {
      key.home ??= key.dataset.key;
      key.dataset.key = mode === "digits" ? FIGURES[n] : key.home;
      key.textContent = mode === "digits" ? FIGURES[n] : capital ? key.home.toUpperCase() : key.home;
    });
    it.querySelector("[data-key=shift]").setAttribute("aria-pressed", String(capital));
    const button = document.querySelector("[data-key=mode]");
    if (button) button.textContent = button.dataset[mode];
  }

  async function load() {
    if (table) return;
    const text = await (await fetch("/static/pinyin.txt")).text();
    table = new Map(text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => line.split(" ")));
  }

  return {
    key(button) {
      const it = pad();
      if (!it) return;
      if (button.dataset.pick) pick(it, button.dataset.pick);
      else if (button.dataset.field) {
        it.current = Number(button.dataset.field);
        draw(it);
      } else if (kind(it) === "text") letter(it, button.dataset.key);
      else digit(it, button.dataset.key);
    },
    ready() {
      const it = pad();
      if (!it || it.ready) return;
      it.ready = true;
      if (kind(it) === "text") {
        spelt = "";
        from = 0;
        mode = "pinyin";
        capital = false;
        label(it);
        show(it);
        load().then(() => it.isConnected && show(it), () => undefined);
      } else draw(it);
    },
  };
})();
