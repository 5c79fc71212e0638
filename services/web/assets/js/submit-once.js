/**
 * A second click while the first is on its way does nothing. The server is idempotent as well; this spares the
 * reader the doubt.
 */
/** @type {Map<HTMLFormElement, Element | null>} */
const onTheirWay = new Map();

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method === "get" || form.method === "dialog") return;
  if (onTheirWay.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  onTheirWay.set(form, event.submitter);
  event.submitter?.setAttribute("aria-busy", "true");
}, true);

function letGo() {
  for (const submitter of onTheirWay.values()) submitter?.removeAttribute("aria-busy");
  onTheirWay.clear();
}

document.addEventListener("htmx:finally:request", letGo);
window.addEventListener("pageshow", letGo);
