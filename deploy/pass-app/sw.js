// Keeps the whole app on the phone, so that it works without a network; one cache a version.

const VERSION = "12f8bac62bd901c8";
const FILES = [
  "app.css",
  "icons/icon-192.png",
  "icons/icon-512.png",
  "icons/icon.svg",
  "index.html",
  "manifest.webmanifest",
  "src/base45.js",
  "src/bytes.js",
  "src/cbor.js",
  "src/clock.js",
  "src/cose.js",
  "src/dom.js",
  "src/live.js",
  "src/main.js",
  "src/messages.js",
  "src/places.js",
  "src/qr.js",
  "src/screens/code.js",
  "src/screens/guests.js",
  "src/screens/more.js",
  "src/screens/plan.js",
  "src/screens/start.js",
  "src/screens/visitor.js",
  "src/store.js",
  "src/words.js",
  "vendor/qr.js",
];
const NAME = `sanmen-pass-${VERSION}`;

self.addEventListener("install", (event) => {
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(fresh)));
});

// A new version waits until every page of the old one is closed: one page never mixes the two.
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("sanmen-pass-") && name !== NAME);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  const wanted = request.mode === "navigate" ? "index.html" : request;
  event.respondWith((async () => {
    const cache = await caches.open(NAME);
    return (await cache.match(wanted, { ignoreSearch: true })) ?? fetch(request);
  })());
});
