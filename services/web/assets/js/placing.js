/**
 * `<field-board>` around the pages of a paper (`data-sheet="paper-page"`) and the list of its fields (`data-row`), which works without
 * scripts as well. Each field is drawn on its page: a pointer drags it, or its corner; by keyboard the arrows move it, with Shift they
 * change its size, Enter goes to its row and Delete removes it. The numbers of the list are what counts and what is sent; what was
 * wrong with them is drawn and told with their field.
 */
const SVG = "http://www.w3.org/2000/svg";
/** How far one press of a key goes, in percent of the page. */
const STEP = 0.5;

class FieldBoard extends HTMLElement {
  connectedCallback() {
    const rows = this.querySelector("[data-rows]");
    const palette = /** @type {HTMLElement | null} */ (this.querySelector("[data-palette]"));
    const fresh = this.querySelector("template[data-fresh]");
    if (!rows || !palette || !(fresh instanceof HTMLTemplateElement)) return;
    this.rows = rows;
    this.fresh = fresh;
    this.added = 0;
    /** @type {Map<HTMLElement, SVGGElement>} */
    this.drawn = new Map();
    palette.hidden = false;
    for (const svg of this.querySelectorAll("[data-sheet] svg")) {
      svg.replaceChildren();
      svg.setAttribute("class", "pins places");
      svg.removeAttribute("aria-hidden");
    }
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (palette.querySelectorAll("[data-add]"))) this.offer(button);
    rows.addEventListener("input", (event) => {
      const row = event.target instanceof Element ? event.target.closest("[data-row]") : null;
      if (row instanceof HTMLElement) this.draw(row);
    });
    for (const row of this.list()) this.draw(row);
  }

  /** @returns {HTMLElement[]} */
  list() {
    return [...(this.rows?.querySelectorAll("[data-row]") ?? [])].filter((row) => row instanceof HTMLElement);
  }

  /** @param {Element} row @param {string} part @returns {HTMLInputElement | HTMLSelectElement | null} */
  input(row, part) {
    return row.querySelector(`input[name^="${part}-"], select[name^="${part}-"]`);
  }

  /** @param {Element} row @returns {{ x: number, y: number, width: number, height: number }} */
  box(row) {
    const of = (/** @type {string} */ part) => Number(this.input(row, part)?.value) || 0;
    return { x: of("x"), y: of("y"), width: of("width"), height: of("height") };
  }

  /** @param {HTMLElement} row @param {{ x: number, y: number, width: number, height: number }} box */
  put(row, box) {
    const within = (/** @type {number} */ value, /** @type {number} */ least, /** @type {number} */ most) => Math.min(Math.max(value, least), Math.max(least, most));
    const width = within(box.width, 1.5, 100);
    const height = within(box.height, 1, 100);
    const fit = { x: within(box.x, 0, 100 - width), y: within(box.y, 0, 100 - height), width, height };
    for (const [part, value] of Object.entries(fit)) {
      const input = this.input(row, part);
      if (input) input.value = String(Math.round(value * 10) / 10);
    }
    this.draw(row);
  }

  /** What a field is called: its kind, whose it is and what for. @param {Element} row */
  called(row) {
    const chosen = (/** @type {string} */ part) => {
      const select = this.input(row, part);
      return select instanceof HTMLSelectElement ? select.selectedOptions[0]?.text ?? "" : "";
    };
    const label = this.input(row, "label")?.value ?? "";
    return (this.dataset.name ?? "").replace("[kind]", chosen("kind")).replace("[signer]", chosen("signer")).replace("[label]", label).trim();
  }

  /** @param {string} text */
  say(text) {
    const status = this.querySelector("[data-status]");
    if (status) status.textContent = text;
  }

  /** @param {Element} row */
  tell(row) {
    const box = this.box(row);
    let text = (this.dataset.said ?? "").replace("[field]", this.called(row));
    for (const [part, value] of Object.entries(box)) text = text.replace(`[${part}]`, String(value));
    this.say(text);
  }

  /** Draws a field where its row says, or draws it anew. @param {HTMLElement} row */
  draw(row) {
    const at = `${this.input(row, "paper")?.value ?? "1"}-${this.input(row, "page")?.value ?? "1"}`;
    const svg = this.querySelector(`[data-sheet="${CSS.escape(at)}"] svg`);
    let group = this.drawn?.get(row);
    if (!group) {
      group = this.shape(row);
      this.drawn?.set(row, group);
    }
    if (!svg) return group.remove();
    if (group.parentNode !== svg) svg.append(group);
    const box = this.box(row);
    const [x, y, width, height] = [box.x * 10, box.y * 14.14, box.width * 10, box.height * 14.14];
    const [area, corner] = group.querySelectorAll("rect");
    const number = group.querySelector("text");
    const set = (/** @type {Element} */ shape, /** @type {Record<string, number>} */ values) => {
      for (const [name, value] of Object.entries(values)) shape.setAttribute(name, value.toFixed(1));
    };
    set(area, { x, y, width, height });
    set(corner, { x: x + width - 14, y: y + height - 14, width: 22, height: 22 });
    const place = String(this.list().indexOf(row) + 1);
    if (number) {
      set(number, { x: x + 8, y: y + Math.min(height - 4, 30) });
      number.textContent = place;
    }
    const notes = [...row.querySelectorAll(".field-error")].map((note) => note.textContent ?? "");
    group.classList.toggle("wrong", notes.length > 0);
    // Its number stands in the drawing: whoever names what they see finds it.
    group.setAttribute("aria-label", [`${place} ${this.called(row)}`, ...notes].join(". "));
  }

  /** @param {HTMLElement} row @returns {SVGGElement} */
  shape(row) {
    const group = document.createElementNS(SVG, "g");
    const corner = document.createElementNS(SVG, "rect");
    corner.setAttribute("class", "corner");
    group.append(document.createElementNS(SVG, "rect"), document.createElementNS(SVG, "text"), corner);
    for (const [name, value] of [["tabindex", "0"], ["role", "button"], ["aria-describedby", "placing-keys"]]) group.setAttribute(name, value);
    /** @type {{ x: number, y: number, box: ReturnType<FieldBoard["box"]>, sizes: boolean } | null} */
    let held = null;
    group.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      held = { x: event.clientX, y: event.clientY, box: this.box(row), sizes: event.target === corner };
      group.setPointerCapture(event.pointerId);
      group.focus();
      event.preventDefault();
    });
    group.addEventListener("pointermove", (event) => {
      const page = group.ownerSVGElement?.getBoundingClientRect();
      if (!held || !page) return;
      this.shift(row, held.box, held.sizes, ((event.clientX - held.x) / page.width) * 100, ((event.clientY - held.y) / page.height) * 100);
    });
    for (const name of ["pointerup", "pointercancel"]) group.addEventListener(name, () => { if (held) this.tell(row); held = null; });
    group.addEventListener("keydown", (event) => this.key(event, row));
    return group;
  }

  /** @param {HTMLElement} row @param {ReturnType<FieldBoard["box"]>} box @param {boolean} sizes @param {number} right @param {number} down */
  shift(row, box, sizes, right, down) {
    if (!sizes) return this.put(row, { ...box, x: box.x + right, y: box.y + down });
    this.put(row, { ...box, width: Math.min(box.width + right, 100 - box.x), height: Math.min(box.height + down, 100 - box.y) });
  }

  /** @param {KeyboardEvent} event @param {HTMLElement} row */
  key(event, row) {
    /** @type {Record<string, [number, number]>} */
    const arrows = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const way = arrows[event.key];
    if (way) {
      this.shift(row, this.box(row), event.shiftKey, way[0], way[1]);
      this.tell(row);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.drop(row);
    } else if (event.key === "Enter" || event.key === " ") {
      this.input(row, "kind")?.focus();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {HTMLElement} row */
  drop(row) {
    const rows = this.list();
    const next = rows[rows.indexOf(row) + 1] ?? rows[rows.indexOf(row) - 1];
    this.say((this.dataset.removed ?? "").replace("[field]", this.called(row)));
    this.drawn?.get(row)?.remove();
    this.drawn?.delete(row);
    row.remove();
    for (const left of this.list()) this.draw(left);
    const group = next && this.drawn?.get(next);
    if (group?.isConnected) group.focus();
    else /** @type {HTMLElement | null} */ (this.querySelector("[data-add]"))?.focus();
  }

  /** A kind of the palette: pressed, it is put on the page in view; dragged, where it is let go. @param {HTMLElement} button */
  offer(button) {
    /** @type {{ x: number, y: number } | null} */
    let from = null;
    let dragged = false;
    button.addEventListener("pointerdown", (event) => {
      from = { x: event.clientX, y: event.clientY };
      dragged = false;
      button.setPointerCapture(event.pointerId);
    });
    button.addEventListener("pointerup", (event) => {
      if (!from || Math.hypot(event.clientX - from.x, event.clientY - from.y) < 8) return;
      dragged = true;
      const under = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-sheet]");
      if (!(under instanceof HTMLElement) || !this.contains(under)) return;
      const page = under.getBoundingClientRect();
      this.add(button, under, ((event.clientX - page.left) / page.width) * 100, ((event.clientY - page.top) / page.height) * 100);
    });
    button.addEventListener("click", (event) => {
      // A press by keyboard has no pointer before it.
      if (dragged && event.detail > 0) return;
      const sheet = this.inView();
      if (sheet) this.add(button, sheet, 10, 10);
    });
  }

  /** The page that most is seen of. @returns {HTMLElement | undefined} */
  inView() {
    const seen = (/** @type {HTMLElement} */ sheet) => {
      const box = sheet.getBoundingClientRect();
      return Math.min(box.bottom, window.innerHeight) - Math.max(box.top, 0);
    };
    const sheets = [.../** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll("[data-sheet]"))];
    return sheets.sort((one, other) => seen(other) - seen(one))[0];
  }

  /** @param {HTMLElement} button @param {HTMLElement} sheet @param {number} x @param {number} y */
  add(button, sheet, x, y) {
    const copy = /** @type {DocumentFragment | undefined} */ (this.fresh?.content.cloneNode(true));
    const row = copy?.querySelector("[data-row]");
    if (!(row instanceof HTMLElement) || !copy) return;
    this.added = (this.added ?? 0) + 1;
    for (const element of row.querySelectorAll("*")) {
      for (const { name, value } of [...element.attributes]) {
        if (value.includes("NEW")) element.setAttribute(name, value.replace("NEW", `n${this.added}`));
      }
    }
    this.rows?.append(copy);
    const [paper, page] = (sheet.dataset.sheet ?? "1-1").split("-");
    const chosen = this.querySelector("[data-for]");
    const signer = chosen instanceof HTMLSelectElement ? chosen.value : "";
    const values = { kind: button.dataset.add ?? "", signer, paper, page, order: String(this.list().length) };
    for (const [part, value] of Object.entries(values)) {
      const input = this.input(row, part);
      if (input) input.value = value;
    }
    this.put(row, { x, y, width: Number(button.dataset.width), height: Number(button.dataset.height) });
    this.say((this.dataset.added ?? "").replace("[field]", this.called(row)));
    this.drawn?.get(row)?.focus();
  }
}

customElements.define("field-board", FieldBoard);
