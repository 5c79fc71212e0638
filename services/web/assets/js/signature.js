/**
 * `<signature-pad>` around a hidden input, a canvas and two buttons (`data-undo`, `data-clear`). What is drawn goes
 * as a PNG data URL into the input; an empty pad leaves it empty. What the input holds at first was drawn before, and is drawn on. Drawing is one of three ways: the typed name works
 * with the keyboard alone and without scripts.
 *
 * @typedef {{ x: number, y: number, pressure: number }} Point
 */
class SignaturePad extends HTMLElement {
  connectedCallback() {
    this.canvas = this.querySelector("canvas");
    this.input = this.querySelector("input");
    if (!this.canvas || !this.input) return;
    this.hidden = false;
    /** @type {Point[][]} */
    this.strokes = [];
    this.drawing = false;
    /** @type {HTMLImageElement | null} what was drawn before */
    this.before = null;
    this.input.addEventListener("change", () => this.load());
    this.load();
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.extend(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => this.end());
    this.querySelector("[data-clear]")?.addEventListener("click", () => { this.strokes = []; this.before = null; this.end(); });
    this.querySelector("[data-undo]")?.addEventListener("click", () => { if (!this.strokes?.pop()) this.before = null; this.end(); });
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(this.canvas);
  }

  disconnectedCallback() {
    this.sizes?.disconnect();
  }

  /** Draws what the input holds. */
  load() {
    const value = this.input?.value ?? "";
    if (!value.startsWith("data:image/png;base64,")) return;
    const picture = new Image();
    picture.onload = () => { this.before = picture; this.redraw(); };
    picture.src = value;
  }

  /** @param {PointerEvent} event @returns {Point} */
  point(event) {
    const box = /** @type {HTMLCanvasElement} */ (this.canvas).getBoundingClientRect();
    const pressure = event.pointerType === "pen" ? event.pressure : .5;
    return { x: event.clientX - box.left, y: event.clientY - box.top, pressure };
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas?.setPointerCapture(event.pointerId);
    this.drawing = true;
    this.strokes?.push([this.point(event)]);
    this.redraw();
  }

  /** @param {PointerEvent} event */
  extend(event) {
    if (!this.drawing) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) this.strokes?.at(-1)?.push(this.point(part));
    this.redraw();
  }

  end() {
    this.drawing = false;
    this.redraw();
    const input = /** @type {HTMLInputElement} */ (this.input);
    input.value = this.strokes?.length || this.before ? /** @type {HTMLCanvasElement} */ (this.canvas).toDataURL("image/png") : "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  redraw() {
    const canvas = /** @type {HTMLCanvasElement} */ (this.canvas);
    const scale = Math.min(window.devicePixelRatio || 1, 3);
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    if (this.before) {
      const fit = Math.min(canvas.clientWidth / this.before.width, canvas.clientHeight / this.before.height);
      pen.drawImage(this.before, 0, 0, this.before.width * fit, this.before.height * fit);
    }
    pen.strokeStyle = pen.fillStyle = "#16191d";
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of this.strokes ?? []) drawStroke(pen, stroke);
  }
}

/**
 * Curves through the middles between points: smooth without lagging behind the finger.
 * @param {CanvasRenderingContext2D} pen
 * @param {Point[]} stroke
 */
function drawStroke(pen, stroke) {
  const [first] = stroke;
  if (!first) return;
  if (stroke.length < 3) {
    pen.beginPath();
    pen.arc(first.x, first.y, 1.4, 0, Math.PI * 2);
    pen.fill();
    return;
  }
  let from = first;
  for (let index = 1; index < stroke.length - 1; index += 1) {
    const via = stroke[index];
    const next = stroke[index + 1];
    const to = { x: (via.x + next.x) / 2, y: (via.y + next.y) / 2, pressure: via.pressure };
    pen.beginPath();
    pen.lineWidth = 1.2 + 2.4 * via.pressure;
    pen.moveTo(from.x, from.y);
    pen.quadraticCurveTo(via.x, via.y, to.x, to.y);
    pen.stroke();
    from = to;
  }
}

customElements.define("signature-pad", SignaturePad);

for (const preview of document.querySelectorAll("[data-shows]")) {
  const source = /** @type {HTMLInputElement | null} */ (document.getElementById(preview.getAttribute("data-shows") ?? ""));
  const show = () => { preview.textContent = source?.value ?? ""; };
  source?.addEventListener("input", show);
  show();
}
