/**
 * A part with `data-reading="/files/…/reading"` tells how long each page in it (`data-sheet="2"`) was before its reader: every
 * fifteen seconds, when they leave, and when they print. Only time counts in which the page is really to be seen.
 */
class ReadingTime {
  /** @param {HTMLElement} part */
  constructor(part) {
    this.url = part.dataset.reading ?? "";
    /** @type {Map<string, number>} */
    this.seconds = new Map();
    /** @type {Map<string, number>} */
    this.visible = new Map();
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const sheet = /** @type {HTMLElement} */ (entry.target);
        this.visible.set(sheet.dataset.sheet ?? "", entry.intersectionRect.height);
      }
    }, { threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] });
    for (const sheet of part.querySelectorAll("[data-sheet]")) watch.observe(sheet);
    setInterval(() => this.count(), 1000);
    setInterval(() => this.tell(false), 15000);
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.tell(false); });
    window.addEventListener("pagehide", () => this.tell(false));
    window.addEventListener("beforeprint", () => this.tell(true));
  }

  count() {
    if (document.hidden) return;
    const [page, height] = [...this.visible].reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0]);
    if (height > 0) this.seconds.set(page, (this.seconds.get(page) ?? 0) + 1);
  }

  /** @param {boolean} printed */
  tell(printed) {
    if (!printed && this.seconds.size === 0) return;
    const body = new URLSearchParams(printed ? { printed: "yes" } : {});
    for (const [page, seconds] of this.seconds) body.append(`page-${page}`, String(seconds));
    this.seconds.clear();
    const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
    fetch(this.url, { method: "POST", headers: { "X-CSRF-Token": token }, body, keepalive: true }).catch(() => {});
  }
}

for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-reading]"))) new ReadingTime(part);
