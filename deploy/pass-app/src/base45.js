// Base45 of RFC 9285: bytes as the 45 characters a QR code packs densest.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

export function base45(bytes) {
  let letters = "";
  for (let i = 0; i < bytes.length; i += 2) {
    const pair = i + 1 < bytes.length;
    let number = pair ? bytes[i] * 256 + bytes[i + 1] : bytes[i];
    for (let digit = 0; digit < (pair ? 3 : 2); digit += 1) {
      letters += ALPHABET[number % 45];
      number = Math.floor(number / 45);
    }
  }
  return letters;
}
