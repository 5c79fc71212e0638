import { formToken, say } from "./words.js";

/** How long the browser keeps what could not be saved because the session had ended, in milliseconds. */
const KEPT_FOR = 3600 * 1000;

/**
 * `<form data-autosave="/forms/…/draft" data-etag='"3"'>` saves itself 800 ms after the last change. The answer's
 * ETag is the next request's If-Match; 412 means that the same form was saved elsewhere: nothing typed here is lost,
 * and the reader decides. While the network is away, saving waits.
 */
class Draft {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.url = form.dataset.autosave ?? "";
    this.etag = form.dataset.etag ?? "";
    this.state = form.querySelector(".save-state");
    this.dirty = false;
    this.saving = false;
    this.stopped = false;
    this.waiting = false;
    this.timer = 0;
    this.pause = 2000;
    form.addEventListener("input", () => this.soon(800));
    form.addEventListener("submit", (event) => this.handIn(event));
    window.addEventListener("online", () => { if (this.dirty) this.soon(0); });
    document.addEventListener("visibilitychange", () => { if (document.hidden && this.dirty) this.save(); });
    this.recall();
  }

  /** Where this form keeps what meets the end of a session, for `data-keep="whose"` alone; empty for other forms. */
  get kept() { return this.form.dataset.keep ? `kept:${this.form.dataset.keep}:${this.form.getAttribute("action")}` : ""; }

  /** Keeps what is typed in this browser: whether the session still lives is known only once it is sent. */
  keep() {
    if (!this.kept) return;
    const typed = [...new FormData(this.form)].filter(([name]) => name !== "_csrf");
    try { localStorage.setItem(this.kept, JSON.stringify({ at: Date.now(), typed })); } catch { /* The browser keeps nothing; what was saved before is there all the same. */ }
  }

  /** Puts back what was kept, now that the same reader is here again, and saves it. Ticks that agree to something are given anew. */
  recall() {
    const typed = this.kept ? take(this.kept) : [];
    if (!typed.length) return;
    for (const [name, value] of typed) {
      const field = this.form.elements.namedItem(name);
      if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement)) continue;
      if (field.closest(".intent") || (field.type === "hidden" && !field.closest("signature-pad"))) continue;
      if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = field.value === value;
      else field.value = value;
      for (const told of ["change", "input"]) field.dispatchEvent(new Event(told, { bubbles: true }));
    }
    this.soon(0);
  }

  /**
   * Sending by hand waits for the save under way: its answer has the tag without which the server would take the
   * form for one that somebody else saved meanwhile.
   * @param {SubmitEvent} event
   */
  handIn(event) {
    this.stopped = true;
    clearTimeout(this.timer);
    this.keep();
    if (!this.saving) return;
    event.preventDefault();
    this.waiting = true;
    // Sent by the script, the form would not say which button was pressed.
    const pressed = event.submitter;
    if (!(pressed instanceof HTMLButtonElement) || !pressed.name) return;
    const field = document.createElement("input");
    [field.type, field.name, field.value] = ["hidden", pressed.name, pressed.value];
    this.form.append(field);
  }

  /** @param {number} wait */
  soon(wait) {
    if (this.stopped) return;
    this.dirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  async save() {
    if (this.saving || this.stopped) return;
    this.saving = true;
    this.dirty = false;
    this.show("saving");
    const body = new URLSearchParams(/** @type {any} */ (new FormData(this.form))).toString();
    try {
      const answer = await fetch(this.url, {
        method: "PUT",
        headers: { "X-CSRF-Token": formToken(), "If-Match": this.etag, Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8" },
        body,
        // Browsers let a page that is left send no more than this.
        keepalive: body.length < 60000,
      });
      this.settle(answer);
    } catch {
      this.later("offline");
    }
    this.saving = false;
    // Not requestSubmit: a second event of submitting counts as a second click.
    if (this.waiting) return this.form.submit();
    if (this.dirty && this.pause === 2000) this.soon(200);
  }

  /** @param {Response} answer */
  settle(answer) {
    if (answer.ok) {
      this.etag = answer.headers.get("ETag") ?? this.etag;
      // Sent by hand, the form then carries the same tag as the script.
      const field = this.form.elements.namedItem("etag");
      if (field instanceof HTMLInputElement) field.value = this.etag.replaceAll('"', "");
      this.pause = 2000;
      showAsTold(this.form, (answer.headers.get("X-Shown") ?? "").split(" "));
      return this.show("saved");
    }
    if (answer.status === 412) {
      this.stopped = true;
      return this.show("changed");
    }
    if (answer.status >= 500 || answer.status === 429) return this.later("failed");
    this.dirty = true;
    this.keep();
    this.show(answer.status === 401 || answer.status === 403 ? "signed-out" : "failed");
  }

  /** @param {"offline" | "failed"} state */
  later(state) {
    this.dirty = true;
    this.show(state);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), this.pause);
    this.pause = Math.min(this.pause * 2, 60000);
  }

  /** @param {string} state */
  show(state) {
    if (!this.state) return;
    this.state.setAttribute("data-state", state);
    this.state.textContent = say(`draft-${state}`);
    if (state !== "changed") return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = say("draft-load");
    this.state.append(" ", link);
  }
}

/**
 * Hides a question, and what was answered to it is not sent; or shows it again.
 * @param {HTMLFieldSetElement} part
 * @param {boolean} shown
 */
function showPart(part, shown) {
  if (part.hidden !== shown) return false;
  part.hidden = !shown;
  part.disabled = !shown;
  const group = part.closest("[data-group]");
  if (group instanceof HTMLElement) group.hidden = !group.querySelector(".form-section:not([hidden])");
  return true;
}

/**
 * `data-visible-when="has_system=yes"` or `"kind=a|b"` shows its question while the answer holds; what that hides hides in turn. The
 * server decides by the same rule again.
 * @param {HTMLFormElement} form
 */
function showConditional(form) {
  const parts = /** @type {NodeListOf<HTMLFieldSetElement>} */ (form.querySelectorAll("[data-visible-when]"));
  for (let round = 0; round < 10; round++) {
    let changed = false;
    for (const part of parts) {
      const [field, wanted] = (part.dataset.visibleWhen ?? "").split("=");
      const given = new FormData(form).getAll(field ?? "").map(String).filter(Boolean);
      changed = showPart(part, given.some((value) => (wanted ?? "").split("|").includes(value))) || changed;
    }
    if (!changed) return;
  }
}

/**
 * `data-shown="question"` shows its question while the server says so: it answers every save with the names of all that show.
 * @param {HTMLFormElement} form
 * @param {string[]} names
 */
function showAsTold(form, names) {
  for (const part of /** @type {NodeListOf<HTMLFieldSetElement>} */ (form.querySelectorAll("[data-shown]"))) {
    showPart(part, names.includes(part.dataset.shown ?? ""));
  }
}

/** @param {Document | Element} root */
function enhanceForms(root) {
  for (const form of root.querySelectorAll("form")) {
    if (form.dataset.enhanced) continue;
    form.dataset.enhanced = "yes";
    if (form.dataset.autosave) new Draft(form);
    if (form.querySelector("[data-visible-when]")) {
      form.addEventListener("input", () => showConditional(form));
      showConditional(form);
    }
  }
}

/**
 * What was kept under a key, which it is no longer; nothing where it cannot be read.
 * @param {string} key
 * @returns {[string, string][]}
 */
function take(key) {
  try {
    const text = localStorage.getItem(key);
    localStorage.removeItem(key);
    return text ? JSON.parse(text).typed : [];
  } catch {
    return [];
  }
}

/**
 * When something was kept; never where that cannot be read.
 * @param {string} key
 */
function keptAt(key) {
  try { return Number(JSON.parse(localStorage.getItem(key) ?? "").at); } catch { return 0; }
}

/** The keys under which something is kept. A browser that stores nothing keeps nothing. */
function keptKeys() {
  try { return Object.keys(localStorage).filter((key) => key.startsWith("kept:")); } catch { return []; }
}

/** Forgets what was kept and has arrived since, what nobody came back for, and what somebody else had typed here. */
function forgetKept() {
  const arrived = [...document.querySelectorAll("[data-kept]")].map((part) => `kept:${part.getAttribute("data-kept")}:`);
  const places = [...document.querySelectorAll("[data-keep], [data-kept]")].map((part) => part.getAttribute("data-keep") ?? part.getAttribute("data-kept") ?? "");
  const readers = places.filter((place) => place).map((place) => `kept:${place.split("/")[0]}/`);
  for (const key of keptKeys()) {
    const others = readers.length > 0 && !readers.some((reader) => key.startsWith(reader));
    if (others || !(Date.now() - keptAt(key) < KEPT_FOR) || arrived.some((one) => key.startsWith(one))) localStorage.removeItem(key);
  }
}

document.addEventListener("submit", (event) => {
  if (!(event.target instanceof HTMLFormElement) || event.target.getAttribute("action") !== "/sign-out") return;
  for (const key of keptKeys()) localStorage.removeItem(key);
});
document.addEventListener("htmx:after:swap", () => { forgetKept(); enhanceForms(document); });
forgetKept();
enhanceForms(document);
