import { Refused, Resumable, Stopped, messageOf } from "./resume.js";
import { announce, formToken, say } from "./words.js";

/**
 * `<file-upload data-max-bytes="52428800" data-refresh="#requests" data-resume="/uploads?for=item&id=…">` around a
 * multipart form with one file input and an empty `<ul class="uploads">`. Without scripts the form posts as it stands;
 * with them every file travels by itself, shows its own progress and its own error, and can be tried again. With
 * `data-resume` a file goes on where it was cut, also after the page was closed. The fields that `data-resume-with` names
 * travel along when it begins, and whoever fills them in otherwise begins anew. Where several files may be chosen, so may a
 * folder, with all that is in it.
 *
 * `<file-upload data-hold="passport.file" …>` stands within a form of other fields instead: what has arrived goes along with the
 * form, as hidden fields of that name that hold the document's id and the file's name, and a form that is sent waits for it.
 */
class FileUpload extends HTMLElement {
  connectedCallback() {
    this.hold = this.getAttribute("data-hold") ?? "";
    this.form = this.hold ? this.closest("form") : this.querySelector("form");
    this.input = /** @type {HTMLInputElement | null} */ (this.querySelector('input[type="file"]'));
    this.list = this.querySelector(".uploads");
    if (!this.form || !this.input || !this.list) return;
    this.running = 0;
    /** @type {(() => void)[]} */
    this.waiting = [];
    this.dress = () => this.adapt();
    this.dress();
    // A refresh brings the form back as it is without scripts.
    document.addEventListener("htmx:after:swap", this.dress);
    this.input.addEventListener("change", () => this.take(this.input?.files));
    this.endpoint = this.getAttribute("data-resume") ?? "";
    for (const field of this.fields()) field.addEventListener("change", () => this.remind());
    if (this.endpoint) this.remind();
    const drop = this.querySelector(".drop");
    drop?.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop?.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop?.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      this.takeDropped(/** @type {DragEvent} */ (event).dataTransfer);
    });
  }

  disconnectedCallback() {
    if (this.dress) document.removeEventListener("htmx:after:swap", this.dress);
  }

  /** Makes the form one of which each file travels by itself. */
  adapt() {
    this.querySelector("[data-upload-send]")?.setAttribute("hidden", "");
    const folders = this.input?.multiple && !this.hold && !matchMedia("(pointer: coarse)").matches;
    if (folders && !this.querySelector("[webkitdirectory]")) this.offerFolders();
  }

  /** A second way to choose: a folder, where there are folders to choose. */
  offerFolders() {
    const folders = document.createElement("input");
    folders.type = "file";
    folders.hidden = true;
    folders.webkitdirectory = true;
    folders.setAttribute("aria-label", say("upload-folder"));
    folders.addEventListener("change", () => { this.take(folders.files); folders.value = ""; });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button secondary small";
    button.textContent = say("upload-folder");
    button.onclick = () => folders.click();
    this.querySelector(".drop")?.append(button, folders);
  }

  /** @param {DataTransfer | null} dropped files, and folders with all that is in them */
  async takeDropped(dropped) {
    const entries = [...(dropped?.items ?? [])].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
    if (!entries.some((entry) => entry.isDirectory)) return this.take(dropped?.files);
    this.take((await Promise.all(entries.map((entry) => within(entry)))).flat());
  }

  /** @returns {HTMLInputElement[]} the fields whose values go along with every file */
  fields() {
    const names = (this.getAttribute("data-resume-with") ?? "").split(" ").filter(Boolean);
    return names.flatMap((name) => this.form?.elements.namedItem(name) ?? []).filter((field) => field instanceof HTMLInputElement);
  }

  /** @returns {Record<string, string>} those values, as headers */
  along() {
    return Object.fromEntries(this.fields().map(({ name, value }) => [`X-${name.replaceAll("_", "-")}`, encodeURIComponent(value.trim())]));
  }

  /** Says what was begun here before, by whoever the fields name, and waits for its rest. */
  async remind() {
    if (this.fields().some(({ value }) => !value.trim())) return;
    const found = await Resumable.unfinished(this.endpoint ?? "", this.along());
    for (const old of this.querySelectorAll("[data-unfinished]")) old.remove();
    for (const { name, percent } of found) {
      const row = document.createElement("li");
      row.className = "small";
      row.setAttribute("data-unfinished", name);
      row.textContent = say("upload-unfinished", { name, percent });
      this.list?.append(row);
    }
  }

  /** @param {Iterable<File> | null | undefined} files */
  take(files) {
    for (const file of files ?? []) this.queue(file, this.row(file));
    if (this.input) this.input.value = "";
  }

  /** @param {File} file @returns {HTMLLIElement} */
  row(file) {
    const row = document.createElement("li");
    const kind = document.createElement("span");
    kind.className = "file-icon";
    kind.setAttribute("aria-hidden", "true");
    kind.textContent = (file.name.split(".").pop() ?? "").slice(0, 4);
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = file.name;
    const state = document.createElement("span");
    state.className = "small muted";
    const bar = document.createElement("progress");
    bar.className = "progress";
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    row.append(kind, name, state, bar);
    this.list?.append(row);
    return row;
  }

  /** @param {File} file @param {HTMLLIElement} row */
  queue(file, row) {
    const problem = this.refuse(file);
    if (problem) return this.fail(file, row, problem, false);
    this.tell(row, say("upload-waiting"));
    const start = () => this.send(file, row);
    this.waiting?.push(start);
    this.offerStop(file, row, () => { this.waiting = this.waiting?.filter((one) => one !== start); });
    this.next();
  }

  /** @param {File} file @param {HTMLLIElement} row @param {() => void} stop */
  offerStop(file, row, stop) {
    row.querySelector("button")?.remove();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "linkish";
    button.textContent = say("upload-stop");
    button.setAttribute("aria-label", `${say("upload-stop")}: ${file.name}`);
    button.onclick = () => {
      row.remove();
      stop();
      announce(say("upload-stopped", { name: file.name }));
      this.next();
      this.settle();
    };
    row.append(button);
  }

  next() {
    this.toggleAttribute("data-busy", Boolean(this.running || this.waiting?.length));
    while ((this.running ?? 0) < 2 && this.waiting?.length) {
      this.running = (this.running ?? 0) + 1;
      this.waiting.shift()?.();
    }
  }

  /** @param {File} file @returns {string} why this file cannot be taken, or nothing */
  refuse(file) {
    const limit = Number(this.getAttribute("data-max-bytes") ?? 0);
    if (limit && file.size > limit) return say("upload-too-large", { limit: Math.floor(limit / 1048576) });
    if (file.size === 0) return say("upload-empty");
    const accepted = (this.input?.accept ?? "").toLowerCase().split(",").map((part) => part.trim()).filter(Boolean);
    const fits = accepted.some((kind) => kind.startsWith(".")
      ? file.name.toLowerCase().endsWith(kind)
      : kind.endsWith("/*") ? file.type.startsWith(kind.slice(0, -1)) : file.type === kind);
    return accepted.length && !fits ? say("upload-wrong-type") : "";
  }

  /** @param {File} file @param {HTMLLIElement} row */
  send(file, row) {
    if (this.endpoint) this.resume(file, row);
    else this.post(file, row);
  }

  /** @param {File} file @param {HTMLLIElement} row */
  async resume(file, row) {
    const bar = /** @type {HTMLProgressElement} */ (row.querySelector("progress"));
    for (const old of this.querySelectorAll("[data-unfinished]")) if (old.getAttribute("data-unfinished") === file.name) old.remove();
    announce(say("upload-started", { name: file.name }));
    const upload = new Resumable(file, this.endpoint ?? "", this.along(), (percent) => { bar.value = percent; this.tell(row, `${percent}%`); });
    this.offerStop(file, row, () => { upload.stop(); });
    try {
      await upload.run();
      this.finish(file, row);
      if (this.hold) this.keep(file, row, upload.document);
    } catch (error) {
      if (error instanceof Stopped) row.remove();
      else if (error instanceof Refused) this.fail(file, row, error.message || say("upload-failed"), false);
      else this.fail(file, row, upload.said || say("upload-lost"), true);
    }
    this.done();
  }

  done() {
    this.running = (this.running ?? 1) - 1;
    this.next();
    this.settle();
  }

  /** @param {File} file @param {HTMLLIElement} row */
  post(file, row) {
    const form = /** @type {HTMLFormElement} */ (this.form);
    const body = new FormData();
    for (const [key, value] of new FormData(form)) if (typeof value === "string") body.append(key, value);
    body.append(this.input?.name ?? "file", file, file.name);
    const request = new XMLHttpRequest();
    const bar = /** @type {HTMLProgressElement} */ (row.querySelector("progress"));
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", formToken());
    request.upload.onprogress = (event) => {
      bar.value = event.lengthComputable ? Math.round((event.loaded / event.total) * 100) : 0;
      this.tell(row, `${bar.value}%`);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) this.finish(file, row);
      else this.fail(file, row, messageOf(request) || say("upload-failed"), request.status >= 500 || request.status === 429);
    };
    request.onerror = () => this.fail(file, row, say("upload-lost"), true);
    request.onloadend = () => this.done();
    this.offerStop(file, row, () => request.abort());
    announce(say("upload-started", { name: file.name }));
    request.send(body);
  }

  /** @param {File} file @param {HTMLLIElement} row */
  finish(file, row) {
    row.querySelector("progress")?.remove();
    row.querySelector("button")?.remove();
    this.tell(row, say("upload-done"));
    announce(say("upload-arrived", { name: file.name }));
  }

  /**
   * Lets the form around carry a file, until it is taken off again. Where there can be one only, it takes the place of those before.
   * @param {File} file @param {HTMLLIElement} row @param {string} id the document's
   */
  keep(file, row, id) {
    if (!this.input?.multiple) for (const old of this.list?.querySelectorAll("input") ?? []) old.closest("li")?.remove();
    const field = document.createElement("input");
    [field.type, field.name, field.value] = ["hidden", this.hold ?? "", `${id} ${file.name}`];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "linkish";
    button.textContent = say("upload-take-off");
    button.setAttribute("aria-label", `${say("upload-take-off")}: ${file.name}`);
    const changed = () => this.form?.dispatchEvent(new Event("input", { bubbles: true }));
    button.onclick = () => { row.remove(); announce(say("upload-taken-off", { name: file.name })); changed(); };
    row.append(field, button);
    changed();
  }

  /** @param {File} file @param {HTMLLIElement} row @param {string} why @param {boolean} again */
  fail(file, row, why, again) {
    row.querySelector("progress")?.remove();
    row.querySelector("button")?.remove();
    this.tell(row, why, true);
    announce(`${file.name}: ${why}`);
    if (!again) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "linkish";
    button.textContent = say("retry");
    button.onclick = () => { row.remove(); this.queue(file, this.row(file)); };
    row.append(button);
  }

  /** @param {HTMLLIElement} row @param {string} text @param {boolean} [bad] */
  tell(row, text, bad = false) {
    const state = row.querySelector(".small");
    if (!state) return;
    state.textContent = text;
    state.classList.toggle("failed", bad);
    state.classList.toggle("muted", !bad);
  }

  /** When the last file has arrived, the checklist around us shows it. */
  settle() {
    if (this.running || this.waiting?.length) return;
    this.dispatchEvent(new CustomEvent("upload:settled", { bubbles: true }));
    const selector = this.getAttribute("data-refresh");
    const target = selector && document.querySelector(selector);
    if (target && !this.querySelector(".failed")) {
      const source = location.pathname + location.search;
      window.htmx?.ajax("GET", source, { source: target, target, select: selector, swap: "outerMorph" });
    }
  }
}

/** @param {FileSystemEntry} entry @returns {Promise<File[]>} the file, or those in the folder, however deep */
async function within(entry) {
  if (entry instanceof FileSystemFileEntry) return [await new Promise((resolve, reject) => { entry.file(resolve, reject); })];
  if (!(entry instanceof FileSystemDirectoryEntry)) return [];
  const reader = entry.createReader();
  const found = [];
  // A folder is told piece by piece; an empty piece is its end.
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (some.length === 0) return found;
    for (const one of some) found.push(...await within(one));
  }
}

// A refresh that was under way when a file was chosen knows nothing of it and would take its row away.
document.addEventListener("htmx:before:swap", (event) => {
  if (event.target instanceof Element && event.target.querySelector("file-upload[data-busy]")) event.preventDefault();
});

/** @type {Map<HTMLFormElement, HTMLElement | null>} forms that were sent while files for them travel, with the button */
const held = new Map();

// Before anybody else hears of it: for everybody else the form has not been sent yet.
window.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.querySelector("file-upload[data-hold][data-busy]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  held.set(form, event.submitter);
  event.submitter?.setAttribute("aria-busy", "true");
  announce(say("upload-then-send"));
}, true);

document.addEventListener("upload:settled", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form") : null;
  const pressed = form && held.get(form);
  if (!form || pressed === undefined || form.querySelector("file-upload[data-busy]")) return;
  held.delete(form);
  pressed?.removeAttribute("aria-busy");
  // What did not arrive is told at its row; whether to send the rest without it is for whoever sends.
  if (!form.querySelector(".uploads .failed")) form.requestSubmit(pressed);
});

customElements.define("file-upload", FileUpload);
