() => {
  // What is wrong with the boxes of a screen: text cut off, targets under 12 mm, boxes outside or over each other.
  const cut = [], small = [], outside = [], over = [];
  const stage = document.querySelector(".stage"), u = Math.min(innerWidth, innerHeight) / 48;
  const name = (one) => `${one.tagName}.${one.getAttribute("class")} ${(one.textContent || "").trim().slice(0, 24)}`;
  const meant = "bdi, .field output, .place, .who span"; // typed by people: ends in an ellipsis
  const boxed = "button, .row, main, header, footer, .door, .field, .say, .fault, .left, .words, .entry, .instruction, .split, .rows, .notice, .column, .ways, .result";
  for (const one of stage.querySelectorAll("*")) {
    if (one.closest(".unseen") || (one.closest("svg") && one.tagName !== "svg")) continue;
    const box = one.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    if (box.left < -0.5 || box.top < -0.5 || box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5) outside.push(name(one));
    if (one.tagName === "BUTTON" && (box.width < 6.4 * u - 0.6 || box.height < 6.4 * u - 0.6)) small.push(`${name(one)} ${(box.width / u).toFixed(1)}x${(box.height / u).toFixed(1)}`);
    if (one.tagName !== "svg" && one.clientWidth && getComputedStyle(one).display !== "inline" && !one.closest(meant) && one.scrollWidth > one.clientWidth + 1) cut.push(name(one));
  }
  const walk = document.createTreeWalker(stage, NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const one = text.parentElement;
    if (!text.data.trim() || one.closest(".unseen") || one.closest("svg")) continue;
    const range = document.createRange(), size = parseFloat(getComputedStyle(one).fontSize) * 0.45;
    range.selectNodeContents(text);
    for (const line of range.getClientRects()) {
      const middle = (line.top + line.bottom) / 2;
      for (let box = one.closest(boxed); box; box = box.parentElement.closest(boxed)) {
        const edge = box.getBoundingClientRect();
        if (middle - size < edge.top - 1 || middle + size > edge.bottom + 1 || (!one.closest(meant) && (line.left < edge.left - 1 || line.right > edge.right + 1))) {
          cut.push(`${text.data.trim().slice(0, 20)} in ${name(box)}`);
          break;
        }
      }
    }
  }
  const boxes = [...stage.querySelectorAll("button, .say, .fault, h1, .row, .camera, .facts, .qr, .field, .who, .door, .window, .parts, .reason")].filter((one) => one.getBoundingClientRect().width && !one.closest(".unseen"));
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, b] = [boxes[i], boxes[j]];
    if (a.contains(b) || b.contains(a)) continue;
    const [p, q] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
    const w = Math.min(p.right, q.right) - Math.max(p.left, q.left), h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (w > 1 && h > 1) over.push(`${name(a)} / ${name(b)}`);
  }
  return { cut, small, outside, over };
}
