/**
 * `/` goes to the search field, `g` and a letter to a place (`data-go="h"` on its link), `?` shows what there is.
 * In lists with `data-keys`, `j` and `k` move and a row's `data-key="n"` controls answer their letter. The reader can
 * turn single keys off; the choice stays in this browser.
 */
const switchName = "shortcuts";
let leader = 0;

function shortcutsOn() {
  return localStorage.getItem(switchName) !== "off";
}

/** @param {number} step */
function moveInList(step) {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-keys] .row-link")]);
  const here = links.findIndex((link) => link.closest("li, tr")?.contains(document.activeElement));
  links[Math.max(0, Math.min(links.length - 1, here + step))]?.focus();
}

/** @param {KeyboardEvent} event @returns {boolean} whether the key was ours */
function act(event) {
  const key = event.key;
  if (key === "?") {
    /** @type {HTMLDialogElement | null} */ (document.getElementById("shortcuts"))?.showModal();
    return true;
  }
  if (key === "/") {
    const search = /** @type {HTMLElement | null} */ (document.querySelector("[data-search]"));
    search?.focus();
    return Boolean(search);
  }
  if (event.timeStamp - leader < 1200 && leader) {
    leader = 0;
    const link = /** @type {HTMLElement | null} */ (document.querySelector(`[data-go="${CSS.escape(key)}"]`));
    link?.click();
    return Boolean(link);
  }
  if (key === "g") { leader = event.timeStamp; return true; }
  if (key === "j" || key === "k") { moveInList(key === "j" ? 1 : -1); return true; }
  const row = document.activeElement?.closest("[data-keys] :is(li, tr)");
  const control = /** @type {HTMLElement | null} */ (row?.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? null);
  control?.click();
  return Boolean(control);
}

document.addEventListener("keydown", (event) => {
  const typing = /** @type {HTMLElement} */ (event.target).closest?.("input, select, textarea, [contenteditable], dialog");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = /** @type {HTMLElement} */ (event.target).closest?.("form[data-send-keys]");
    if (form) /** @type {HTMLFormElement} */ (form).requestSubmit();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !shortcutsOn()) return;
  if (act(event)) event.preventDefault();
});

const keysBox = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-shortcuts-switch]"));
if (keysBox) {
  keysBox.checked = shortcutsOn();
  keysBox.addEventListener("change", () => localStorage.setItem(switchName, keysBox.checked ? "on" : "off"));
}
for (const opener of document.querySelectorAll("[data-opens]")) {
  opener.removeAttribute("hidden");
  opener.addEventListener("click", () => {
    const dialog = document.getElementById(opener.getAttribute("data-opens") ?? "");
    /** @type {HTMLDialogElement | null} */ (dialog)?.showModal();
  });
}
