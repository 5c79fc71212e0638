import { formToken } from "./words.js";

/** Waits between two attempts, in milliseconds. Whatever arrives meanwhile starts them anew. */
const PAUSES = [300, 1000, 3000, 5000, 10000, 20000, 30000];

/**
 * Sends one file by the tus protocol: what a lost connection, a closed tab or a restarted server has swallowed is asked
 * for and sent again from there. What stands behind a `#` of the endpoint is not sent; it tells apart places that share it.
 */
export class Resumable {
  /**
   * @param {File} file @param {string} endpoint
   * @param {Record<string, string>} along headers that go along when it begins; what was begun with others is another upload
   * @param {(percent: number) => void} moved
   */
  constructor(file, endpoint, along, moved) {
    this.file = file;
    this.endpoint = endpoint;
    this.along = along;
    this.moved = moved;
    /** What became of it, once all is there. */
    this.document = "";
    /** Why the server asks to wait, where it does. */
    this.said = "";
    this.stopped = false;
    /** @type {XMLHttpRequest | null} what is on its way */
    this.request = null;
    this.key = `${Resumable.prefix(endpoint, along)}${file.name}:${file.size}:${file.lastModified}`;
  }

  /** @param {string} endpoint @param {Record<string, string>} along @returns {string} */
  static prefix(endpoint, along) { return `upload:${[endpoint, ...Object.values(along)].join("|")}:`; }

  /**
   * @param {string} endpoint @param {Record<string, string>} along
   * @returns {Promise<{ name: string, percent: number }[]>} what was begun here and waits for the rest
   */
  static async unfinished(endpoint, along) {
    const found = [];
    const prefix = Resumable.prefix(endpoint, along);
    for (const key of Object.keys(localStorage).filter((key) => key.startsWith(prefix))) {
      const told = await exchange("HEAD", localStorage.getItem(key) ?? "").catch(() => null);
      if (!told) continue;
      const [sent, size] = [number(told, "Upload-Offset"), number(told, "Upload-Length")];
      if (told.status !== 200 || sent >= size) localStorage.removeItem(key);
      else found.push({ name: key.slice(prefix.length).replace(/:\d+:\d+$/, ""), percent: Math.floor((sent / size) * 100) });
    }
    return found;
  }

  /** @returns {Promise<void>} resolves once the file is in its place; rejects with a `Refused` or a lost connection */
  async run() {
    let failures = 0;
    for (;;) {
      if (this.stopped) throw new Stopped();
      try {
        const before = this.sent ?? 0;
        if (await this.attempt()) return this.forget();
        if ((this.sent ?? 0) > before) failures = 0;
      } catch (error) {
        if (error instanceof Refused) { this.forget(); throw error; }
      }
      if (failures >= PAUSES.length) throw new Error("lost");
      await pause(PAUSES[failures]);
      failures += 1;
    }
  }

  /** @returns {Promise<boolean>} whether all is there */
  async attempt() {
    const place = localStorage.getItem(this.key);
    if (place) {
      const told = await exchange("HEAD", place);
      if (told.status === 410) throw new Refused(decodeURIComponent(told.getResponseHeader("Upload-Refused") ?? ""));
      if (told.status === 200) return this.from(place, number(told, "Upload-Offset"));
      if (told.status !== 404) return this.judge(told);
      localStorage.removeItem(this.key);
    }
    const name = btoa(String.fromCharCode(...new TextEncoder().encode(this.file.name)));
    const told = await exchange("POST", this.endpoint, { "Upload-Length": String(this.file.size), "Upload-Metadata": `filename ${name}`, ...this.along });
    const location = told.getResponseHeader("Location");
    if (told.status !== 201 || !location) return this.judge(told);
    localStorage.setItem(this.key, location);
    if (this.stopped) { await this.stop(); return false; }
    return this.from(location, 0);
  }

  /** Ends it for good: what has arrived is thrown away. */
  async stop() {
    this.stopped = true;
    this.request?.abort();
    const place = localStorage.getItem(this.key);
    this.forget();
    if (!place) return;
    // The server may still be busy with what was cut off a moment ago.
    for (const time of PAUSES) {
      const told = await exchange("DELETE", place);
      if (told.status !== 0 && told.status !== 423 && told.status < 500) return;
      await pause(time);
    }
  }

  /** @param {string} place @param {number} offset @returns {Promise<boolean>} */
  async from(place, offset) {
    this.sent = offset;
    this.moved(this.percent(offset));
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const told = await exchange("PATCH", place, headers, this.file.slice(offset), (loaded) => this.moved(this.percent(offset + loaded)), (request) => { this.request = request; });
    this.request = null;
    if (told.status !== 204) return this.judge(told);
    this.sent = number(told, "Upload-Offset");
    this.document = told.getResponseHeader("Upload-Document") ?? "";
    return this.sent >= this.file.size;
  }

  /** @param {number} sent @returns {number} */
  percent(sent) { return Math.min(100, Math.round((sent / this.file.size) * 100)); }

  /** @param {XMLHttpRequest} told @returns {boolean} never true: it may be tried again, or it is refused */
  judge(told) {
    const again = told.status === 0 || told.status >= 500 || [409, 423, 429, 460].includes(told.status);
    if (!again) throw new Refused(messageOf(told));
    this.said = told.status === 429 ? messageOf(told) : "";
    return false;
  }

  forget() { localStorage.removeItem(this.key); }
}

/** The server does not take the file; trying again would not help. */
export class Refused extends Error {}

/** Whoever sends the file has thought better of it. */
export class Stopped extends Error {}

/**
 * @param {string} method @param {string} path @param {Record<string, string>} [headers] @param {Blob} [body]
 * @param {(loaded: number) => void} [moved]
 * @param {(request: XMLHttpRequest) => void} [begun]
 * @returns {Promise<XMLHttpRequest>} once it has answered, or with status 0 where it has not
 */
function exchange(method, path, headers = {}, body = undefined, moved = undefined, begun = undefined) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const [name, value] of Object.entries({ "Tus-Resumable": "1.0.0", Accept: "application/json", "X-CSRF-Token": formToken(), ...headers })) {
      request.setRequestHeader(name, value);
    }
    if (moved) request.upload.onprogress = (event) => moved(event.loaded);
    request.onloadend = () => resolve(request);
    begun?.(request);
    request.send(body);
  });
}

/** @param {XMLHttpRequest} told @param {string} name @returns {number} */
function number(told, name) { return Number(told.getResponseHeader(name) ?? 0); }

/** @param {number} time @returns {Promise<void>} at once when the network is back */
function pause(time) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, time);
    function done() { clearTimeout(timer); removeEventListener("online", done); resolve(); }
    addEventListener("online", done);
  });
}

/** @param {XMLHttpRequest} request @returns {string} */
export function messageOf(request) {
  try { return String(JSON.parse(request.responseText).message ?? ""); } catch { return ""; }
}
