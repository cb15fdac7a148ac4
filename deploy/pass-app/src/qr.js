// A QR code drawn as whole screen pixels, always dark on white.

import encodeQR from "../vendor/qr.js";
import { base45 } from "./base45.js";

/** Modules of white around the code (ISO/IEC 18004 section 5.3.8). */
const QUIET = 4;

/** Draw `message` as large as `width` CSS pixels allow: level L, alphanumeric. */
export function draw(canvas, message, width) {
  const rows = encodeQR(base45(message), "raw", {
    ecc: "low", encoding: "alphanumeric", border: QUIET,
  });
  const dots = window.devicePixelRatio || 1;
  // Modules of equal, whole screen pixels: an uneven grid costs the gate's camera the far codes.
  const scale = Math.max(1, Math.floor((width * dots) / rows.length));
  const side = rows.length * scale;
  canvas.width = side;
  canvas.height = side;
  canvas.style.width = `${side / dots}px`;
  canvas.style.height = `${side / dots}px`;
  const ink = canvas.getContext("2d");
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, side, side);
  ink.fillStyle = "#000";
  rows.forEach((row, y) => row.forEach((dark, x) => {
    if (dark) ink.fillRect(x * scale, y * scale, scale, scale);
  }));
}

/** Leave a white square of the same size: a code that is no longer valid must not stand there. */
export function blank(canvas) {
  const ink = canvas.getContext("2d");
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, canvas.width, canvas.height);
}
