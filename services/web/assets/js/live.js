/**
 * One stream a browser. The tab that holds the lock listens and tells the others; when it closes, the next takes
 * over from the last event it heard of. A message carries an id and a name, never content: what changed is fetched
 * again as the reader, with the reader's own permission.
 *
 * `<section id="tasks" data-live="task.changed step.changed">` is fetched again from the page's own address (or from
 * `data-live-src`) and morphed in place, so that focus and half-typed text stay. Where the page names no stream, nothing is.
 *
 * @typedef {{ id: string, name: string }} Told
 */
const streamUrl = document.querySelector('meta[name="live"]')?.getAttribute("content");
const liveChannel = "BroadcastChannel" in window ? new BroadcastChannel("live") : null;
/** @type {EventSource | null} */
let stream = null;
let lastHeard = "";
/** @type {(() => void) | null} */
let stepDown = null;
/** @type {Set<Element>} */
const stale = new Set();
let refreshTimer = 0;

/** @param {Told} told */
function hear(told) {
  if (told.id) lastHeard = told.id;
  if (told.name === "signed-out") return streamUrl ? location.reload() : location.replace("/");
  // The answer to a refused form has no address of its own to be fetched from again.
  if (!streamUrl) return;
  document.dispatchEvent(new CustomEvent(`live:${told.name}`, { detail: told }));
  for (const part of document.querySelectorAll("[data-live]")) {
    const names = (part.getAttribute("data-live") ?? "").split(/\s+/);
    if (told.name === "reset" || names.includes(told.name)) stale.add(part);
  }
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refreshStale, 60);
}

function refreshStale() {
  for (const part of stale) {
    const pill = document.getElementById(part.getAttribute("data-live-pill") ?? "");
    if (pill && !atItsEnd(part)) {
      pill.hidden = false;
      pill.onclick = () => { pill.hidden = true; refetch(part, true); };
    } else {
      refetch(part, Boolean(pill));
    }
  }
  stale.clear();
}

/** @param {Element} part whether the reader sees the end of it, so that new rows do not pull the text away */
function atItsEnd(part) {
  return part.getBoundingClientRect().bottom <= window.innerHeight + 80;
}

/**
 * @param {Element} part
 * @param {boolean} toEnd
 */
async function refetch(part, toEnd) {
  if (!part.isConnected || !part.id) return;
  const source = part.getAttribute("data-live-src") ?? location.pathname + location.search;
  const select = `#${CSS.escape(part.id)}`;
  await window.htmx?.ajax("GET", source, { source: part, target: part, select, swap: "outerMorph" });
  // While a file travels nothing is swapped around it; what was missed is fetched when it has arrived.
  if (part.querySelector("file-upload[data-busy]")) part.addEventListener("upload:settled", () => refetch(part, toEnd), { once: true });
  if (toEnd) document.getElementById(part.id)?.lastElementChild?.scrollIntoView({ block: "nearest" });
}

let listenAgainIn = 5000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let listenTimer;

function listen() {
  if (!streamUrl || stream) return;
  const from = lastHeard ? `?after=${encodeURIComponent(lastHeard)}` : "";
  stream = new EventSource(streamUrl + from);
  stream.onmessage = (message) => {
    const told = { id: message.lastEventId, name: JSON.parse(message.data).name };
    liveChannel?.postMessage(told);
    hear(told);
  };
  stream.onopen = () => { listenAgainIn = 5000; };
  // A stream that was refused, as in an outage, does not come back by itself.
  stream.onerror = () => {
    if (stream?.readyState !== EventSource.CLOSED) return;
    stream = null;
    listenTimer = setTimeout(listen, listenAgainIn);
    listenAgainIn = Math.min(listenAgainIn * 2, 60000);
  };
}

function stopListening() {
  clearTimeout(listenTimer);
  stream?.close();
  stream = null;
  stepDown?.();
  stepDown = null;
}

function standForLeader() {
  if (!streamUrl) return;
  if (!liveChannel || !navigator.locks) return listen();
  navigator.locks.request("live", () => new Promise((release) => {
    stepDown = () => release(undefined);
    listen();
  })).catch(() => {});
}

if (liveChannel) liveChannel.onmessage = (message) => hear(message.data);
window.addEventListener("pagehide", stopListening);
window.addEventListener("pageshow", (event) => { if (event.persisted) { standForLeader(); hear({ id: "", name: "reset" }); } });
standForLeader();
