// Touch once, page lists by what fits, draw the camera's picture, notice when the terminal is silent.
"use strict";
(() => {
  const SILENT = 3000, LOST = 10000, TELL = 5000;
  const root = () => document.getElementById("screen");
  let heard = performance.now(), replaced = false;

  // ---- touches: one finger, one touch, no menu, no selection, no drag

  for (const name of ["contextmenu", "selectstart", "dragstart", "gesturestart"]) {
    document.addEventListener(name, (event) => event.preventDefault());
  }
  document.addEventListener("touchstart", (event) => {
    if (event.touches.length > 1 && event.cancelable) event.preventDefault();
  }, { passive: false });
  document.addEventListener("wheel", (event) => event.ctrlKey && event.preventDefault(), { passive: false });

  let finger = null; // the pointer that began; another one changes nothing
  document.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary) return;
    finger = event.pointerId;
    event.target.closest?.(".b")?.classList.add("pressed");
  });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, (event) => {
      if (event.pointerId !== finger) return;
      for (const one of document.querySelectorAll(".pressed")) one.classList.remove("pressed");
    });
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    const stray = event.pointerId !== undefined && event.pointerId > 0 && event.pointerId !== finger;
    if (stray || button.classList.contains("sent")) return event.preventDefault();
    if (button.dataset.key || button.dataset.pick || button.dataset.field) return Pads.key(button);
    if (button.dataset.tell !== undefined) return tell(button);
    if (button.dataset.before !== undefined || button.dataset.after !== undefined) {
      if (turn(button.dataset.after !== undefined)) event.preventDefault();
    }
    return undefined;
  });

  // The button is dead from its first touch until the next screen; so are its neighbours.
  document.addEventListener("submit", (event) => {
    const screen = root(), button = event.submitter;
    if (screen.classList.contains("waits")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    const value = screen.querySelector("input[name=value]");
    if (value) value.value = button?.dataset.value ?? "";
    screen.classList.add("waits");
    button?.classList.add("sent");
    setTimeout(free, 1500); // an answer of "nothing changed" brings no new screen
  }, true);

  function free() {
    root().classList.remove("waits");
    for (const one of document.querySelectorAll(".sent")) one.classList.remove("sent");
  }

  function tell(button) {
    button.classList.add("telling");
    setTimeout(() => button.classList.remove("telling"), TELL);
  }

  // ---- lists: no scrolling; what does not fit is on the next leaf

  function leaves(list) {
    list.sheets ??= [];
    const rows = [...list.children];
    for (const row of rows) row.hidden = false;
    const starts = [0];
    const room = list.getBoundingClientRect().bottom + 1;
    const top = list.getBoundingClientRect().top;
    let shift = 0;
    rows.forEach((row, n) => {
      const box = row.getBoundingClientRect();
      if (box.bottom - shift > room && n > starts.at(-1)) {
        starts.push(n);
        shift = box.top - top;
      }
    });
    return starts;
  }

  function spread() {
    const list = document.querySelector("[data-leafed]"), turner = document.querySelector("[data-turn]");
    if (!list) return;
    const starts = leaves(list);
    list.sheet = Math.min(list.sheet ?? 0, starts.length - 1);
    const begin = starts[list.sheet], end = starts[list.sheet + 1] ?? list.children.length;
    [...list.children].forEach((row, n) => { row.hidden = n < begin || n >= end; });
    list.sheets = starts.length;
    const onward = document.querySelector("footer .onward"); // nobody goes on past what was not shown
    if (onward && list.dataset.whole !== undefined) onward.disabled = list.sheet + 1 < starts.length;
    if (!turner) return;
    const leaf = Number(turner.dataset.leaf), all = Number(turner.dataset.leaves);
    turner.hidden = starts.length < 2 && all < 2;
    const inner = starts.length > 1 ? `${list.sheet + 1}/${starts.length}` : "";
    turner.querySelector("[data-number]").textContent =
      all > 1 ? `${leaf}/${all}${inner && ` · ${inner}`}` : inner;
    const [before, after] = [turner.querySelector("[data-before]"), turner.querySelector("[data-after]")];
    before.disabled = list.sheet === 0 && !before.name;
    after.disabled = list.sheet + 1 >= starts.length && !after.name;
  }

  function turn(on) {
    const list = document.querySelector("[data-leafed]");
    if (!list) return false;
    const next = (list.sheet ?? 0) + (on ? 1 : -1);
    if (next < 0 || next >= (list.sheets || 1)) return false; // the counter turns its own leaf
    list.sheet = next;
    spread();
    return true;
  }

  // ---- the camera's picture: one frame asked for, one frame drawn, nothing kept

  let socket = null;
  function look() {
    const wanted = document.querySelector("[data-preview] #preview") !== null && !replaced;
    if (wanted && !socket) open();
    if (!wanted && socket) close();
  }

  function open() {
    const tab = encodeURIComponent(document.body.dataset.tab);
    const mine = new WebSocket(`ws://${location.host}/preview?tab=${tab}`);
    socket = mine;
    mine.binaryType = "arraybuffer";
    mine.onopen = () => mine.send("k");
    mine.onmessage = async (event) => {
      if (typeof event.data === "string" || event.data.byteLength === 0) return black();
      await draw(event.data).catch(black);
      if (mine.readyState === WebSocket.OPEN) mine.send("k");
    };
    mine.onclose = () => {
      black();
      if (socket === mine) socket = null;
      setTimeout(look, 500);
    };
  }

  function close() {
    const old = socket;
    socket = null;
    black();
    old.onclose = null;
    old.onmessage = null;
    old.close();
  }

  async function draw(bytes) {
    const canvas = document.getElementById("preview");
    if (!canvas) return;
    const decoder = new ImageDecoder({ data: bytes, type: "image/jpeg" });
    const { image } = await decoder.decode();
    canvas.getContext("2d", { alpha: false }).drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    decoder.close();
  }

  function black() {
    const canvas = document.getElementById("preview");
    canvas?.getContext("2d", { alpha: false }).fillRect(0, 0, canvas.width, canvas.height);
  }

  // ---- light: one soft step of colour at a time, told to gate once it is on the glass

  let dark = 0;
  document.addEventListener("light", (event) => {
    const [tint, percent, held] = event.detail.data.split(" ");
    const page = document.documentElement;
    page.dataset.tint = tint;
    page.dataset.percent = percent;
    clearTimeout(dark);
    dark = setTimeout(() => { delete page.dataset.tint; delete page.dataset.percent; }, Number(held));
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const form = new URLSearchParams(new FormData(document.getElementById("view")));
      form.set("tint", tint);
      form.set("percent", percent);
      fetch("/light", { method: "POST", body: form }).catch(() => {});
    }));
  });

  // ---- the watchdog: a silent terminal is told to people, then the page begins anew

  document.addEventListener("beat", () => { heard = performance.now(); });
  document.addEventListener("replaced", () => {
    replaced = true;
    look();
    document.getElementById("away").hidden = false;
  });
  setInterval(() => {
    if (replaced) return;
    const silent = performance.now() - heard;
    document.getElementById("away").hidden = silent < SILENT;
    if (silent > LOST) location.reload();
  }, 500);

  // ---- a new screen

  function ready() {
    // An answer without a screen is a swap of nothing: the button that was touched is still there.
    if (!document.querySelector(".sent")) free();
    fit();
  }

  function fit() {
    spread();
    Pads.ready();
    look();
    const stage = document.querySelector(".stage");
    if (stage) document.documentElement.lang = stage.lang;
  }
  document.addEventListener("htmx:after:swap", () => { heard = performance.now(); ready(); });
  document.addEventListener("htmx:response:error", () => location.reload());
  window.addEventListener("resize", fit); // turning the panel is no second touch
  document.fonts.ready.then(spread);
  ready();
})();
