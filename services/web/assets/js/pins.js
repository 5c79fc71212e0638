/**
 * Pages with `data-page` in a part with `data-pin-board`: a place that is drawn on a page, or pressed, goes into the first line of the
 * `data-pins` form that has no comment yet. By keyboard the same lines take page and place from lists. Where there is a `data-pin-arm`
 * button, pages are for reading until it is pressed: one place is taken, then they are for reading again.
 */
class PinBoard {
  /** @param {HTMLElement} board */
  constructor(board) {
    this.board = board;
    /** @type {HTMLButtonElement | null} */
    this.arm = document.querySelector("button[data-pin-arm]");
    this.arm?.removeAttribute("hidden");
    this.arm?.addEventListener("click", () => {
      this.set(!this.armed());
      if (this.armed()) board.scrollIntoView({ block: "start" });
    });
    for (const sheet of /** @type {NodeListOf<HTMLElement>} */ (board.querySelectorAll("[data-page]"))) this.watch(sheet);
  }

  armed() {
    return !this.arm || this.arm.getAttribute("aria-pressed") === "true";
  }

  /** @param {boolean} armed */
  set(armed) {
    this.arm?.setAttribute("aria-pressed", String(armed));
    this.board.classList.toggle("pointing", Boolean(this.arm) && armed);
  }

  /** @param {HTMLElement} sheet */
  watch(sheet) {
    /** @type {{ x: number, y: number } | null} */
    let from = null;
    const at = (/** @type {PointerEvent} */ event) => {
      const box = sheet.getBoundingClientRect();
      const part = (/** @type {number} */ value) => Math.min(1, Math.max(0, value));
      return { x: part((event.clientX - box.left) / box.width), y: part((event.clientY - box.top) / box.height) };
    };
    sheet.addEventListener("pointerdown", (event) => { if (event.isPrimary && event.button === 0 && this.armed()) from = at(event); });
    sheet.addEventListener("pointercancel", () => { from = null; });
    sheet.addEventListener("pointerup", (event) => {
      if (!from) return;
      const to = at(event);
      // A press without a drag marks a small place around it; a finger that scrolls is cancelled before.
      const small = Math.abs(to.x - from.x) < 0.02 && Math.abs(to.y - from.y) < 0.02;
      const [left, right] = small ? [to.x - 0.04, to.x + 0.04] : [Math.min(from.x, to.x), Math.max(from.x, to.x)];
      const [top, bottom] = small ? [to.y - 0.03, to.y + 0.03] : [Math.min(from.y, to.y), Math.max(from.y, to.y)];
      from = null;
      const area = [Math.max(0, left), Math.max(0, top)];
      area.push(Math.min(1, right) - area[0], Math.min(1, bottom) - area[1]);
      this.take(sheet.dataset.page ?? "1", area.map((each) => each.toFixed(4)).join(","));
    });
  }

  /** @param {string} page @param {string} place */
  take(page, place) {
    this.set(false);
    const rows = [...document.querySelectorAll("[data-pins] .pin-row")];
    const row = rows.find((each) => !each.querySelector("textarea")?.value) ?? rows.at(-1);
    const input = row?.querySelector("input");
    const select = row?.querySelector("select");
    const text = row?.querySelector("textarea");
    if (!(row instanceof HTMLDetailsElement) || !input || !select || !text) return;
    const disclosure = row.parentElement?.closest("details");
    if (disclosure) disclosure.open = true;
    row.open = true;
    input.value = page;
    const label = row.closest("[data-pins]")?.getAttribute("data-drawn") ?? "";
    const drawn = new Option(label, place, true, true);
    select.append(drawn);
    text.focus();
  }
}

for (const board of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-pin-board]"))) new PinBoard(board);
