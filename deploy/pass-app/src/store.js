// What this phone keeps: its key, passes made, passes received, settings; IndexedDB, nothing else.

const NAME = "sanmen-pass";
const SHELVES = ["own", "made", "received", "settings"];
/** Beside the database: says that there was a key here, so that its loss can be told. */
const MARK = "sanmen-pass-had-key";

/** Whether this browser has what a key needs; pages without https have not. */
export const able = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => SHELVES.forEach((shelf) => request.result.createObjectStore(shelf));
  return settled(request);
}

async function on(shelf, mode, work) {
  const database = await open();
  try {
    const transaction = database.transaction(shelf, mode, { durability: "strict" });
    const result = await settled(work(transaction.objectStore(shelf)));
    if (mode === "readwrite") {
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
    }
    return result;
  } finally {
    database.close();
  }
}

export const get = (shelf, id) => on(shelf, "readonly", (store) => store.get(id));
export const all = (shelf) => on(shelf, "readonly", (store) => store.getAll());
export const put = (shelf, id, value) => on(shelf, "readwrite", (store) => store.put(value, id));
export const remove = (shelf, id) => on(shelf, "readwrite", (store) => store.delete(id));

export const me = () => get("own", "key");

/** Keep a new key, and ask the browser not to clear it when space runs short. */
export async function keepMe(own) {
  await put("own", "key", own);
  localStorage.setItem(MARK, "1");
  await navigator.storage?.persist?.();
}

export async function forgetMe() {
  await remove("own", "key");
  localStorage.removeItem(MARK);
}

/** Whether a key was made here that the browser has cleared since. */
export async function lost() {
  return localStorage.getItem(MARK) !== null && (await me()) === undefined;
}

/** Throw away what ended more than a day before `now`. */
export async function tidy(now) {
  for (const shelf of ["made", "received"]) {
    for (const pass of await all(shelf)) {
      if (pass.exp + 86400 < now) await remove(shelf, pass.id);
    }
  }
}
