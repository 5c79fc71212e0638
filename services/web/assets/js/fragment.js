import { announce, formToken, say } from "./words.js";

/**
 * After a refused form the reader starts at the list of what is wrong; what is fetched again by itself, as when others
 * are at work, leaves them where they are.
 */
function focusErrors() {
  const summary = /** @type {HTMLElement | null} */ (document.querySelector(".error-summary"));
  summary?.focus();
}

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = /** @type {CustomEvent} */ (event).detail;
  if (ctx.request.method !== "GET") ctx.request.headers["X-CSRF-Token"] = formToken();
});

document.addEventListener("htmx:before:request", (event) => {
  /** @type {CustomEvent} */ (event).detail.ctx.target?.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:finally:request", (event) => {
  /** @type {CustomEvent} */ (event).detail.ctx.target?.removeAttribute("aria-busy");
});

document.addEventListener("htmx:error", () => announce(say("network")));
document.addEventListener("htmx:after:swap", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.ctx.request.method !== "GET") focusErrors();
});
focusErrors();

// A menu closes when the reader goes elsewhere, and on Escape gives the focus back to its button.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open");
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
  }
});

// On a phone the console's places stand in one line that scrolls; the reader's own is in sight.
const places = document.querySelector(".console .mainnav");
const place = /** @type {HTMLElement | null} */ (places?.querySelector("[aria-current]") ?? null);
if (places && place) places.scrollLeft = place.offsetLeft - (places.clientWidth - place.offsetWidth) / 2;

const worker = document.querySelector('meta[name="worker"]')?.getAttribute("content");
if (worker && "serviceWorker" in navigator) navigator.serviceWorker.register(worker).catch(() => {});
