/**
 * The few sentences that scripts show, in the reader's language. The page hands them over in one meta element, so
 * that no text lives in a script.
 * @type {Record<string, string>}
 */
const sentences = JSON.parse(document.querySelector('meta[name="words"]')?.getAttribute("content") ?? "{}");

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values] replaces {name} in the sentence
 * @returns {string}
 */
export function say(key, values = {}) {
  return (sentences[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** @returns {string} the token that proves a request comes from our own page */
export function formToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/**
 * Tells screen readers, and for four seconds everybody, what happened.
 * @param {string} text
 */
export function announce(text) {
  const toast = document.getElementById("toast");
  if (!toast) return;
  toast.textContent = text;
  setTimeout(() => { if (toast.textContent === text) toast.textContent = ""; }, 4000);
}
