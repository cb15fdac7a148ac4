// Whether this phone's clock is right, by the time its own web host gives with every answer.

/** Seconds; a gate takes codes from 5 s ahead to 30 s behind, and a host's time is whole seconds. */
const TOLERATED = 5;
const SLOWEST_ANSWER_MS = 3000;

export const now = () => Math.floor(Date.now() / 1000);

/** Seconds this phone is ahead (+) or behind (-), 0 if near enough, undefined if nobody can say. */
export async function skew() {
  const asked = performance.now();
  try {
    const answer = await fetch("manifest.webmanifest", { method: "HEAD", cache: "no-store" });
    const told = Date.parse(answer.headers.get("date") ?? "");
    const took = performance.now() - asked;
    if (Number.isNaN(told) || took > SLOWEST_ANSWER_MS) return undefined;
    // The host cut its second short: on average it was half a second later.
    const ahead = Math.round((Date.now() - took / 2 - told - 500) / 1000);
    return Math.abs(ahead) > TOLERATED ? ahead : 0;
  } catch {
    return undefined;
  }
}
