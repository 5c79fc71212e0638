import { formToken } from "./words.js";

/**
 * `<p data-presence="/tasks/…/editing">` says every twenty seconds that its reader is filling the form in, and shows who else is.
 * When somebody comes or goes the stream tells it, and it asks at once; whoever leaves says so.
 * @param {HTMLElement} line
 */
function bePresent(line) {
  const url = line.dataset.presence ?? "";
  const headers = { "X-CSRF-Token": formToken(), "Content-Type": "application/x-www-form-urlencoded" };
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(url, { method: "POST", headers, body: "" });
      if (!answer.ok) return;
      const text = await answer.text();
      if (line.textContent !== text) line.textContent = text;
    } catch {
      // Away from the network nobody can be seen.
    }
  };
  window.addEventListener("pagehide", () => {
    fetch(url, { method: "POST", headers, body: "leaving=yes", keepalive: true }).catch(() => {});
  });
  document.addEventListener("live:step_changed", ask);
  document.addEventListener("visibilitychange", ask);
  setInterval(ask, 20000);
  ask();
}

for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-presence]"))) bePresent(line);

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-print]"))) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
