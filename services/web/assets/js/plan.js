/**
 * A bar of a plan with `data-due` can be drawn to another day: letting go sends the form beside the plan that has the day of this step,
 * which works without a pointer as well. Escape puts the bar back. The page listens for its drawing, which a live change replaces: a bar
 * that was moved by somebody else while it was held goes back as well.
 *
 * @typedef {{ bar: SVGRectElement, due: string, x: number, days: number, day: number, unit: number }} Held
 */
/** @type {Held | null} */
let heldBar = null;

function putDown() {
  heldBar?.bar.removeAttribute("transform");
  heldBar = null;
}

document.addEventListener("pointerdown", (event) => {
  const bar = event.target instanceof Element ? event.target.closest("svg[data-plan] rect[data-due]") : null;
  const drawing = bar?.closest("svg");
  if (!(bar instanceof SVGRectElement) || !drawing || !event.isPrimary || event.button !== 0) return;
  const unit = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
  heldBar = { bar, due: bar.dataset.due ?? "", x: event.clientX, days: 0, day: Number(drawing.dataset.day) || 1, unit };
  bar.setPointerCapture(event.pointerId);
});

document.addEventListener("pointermove", (event) => {
  if (!heldBar) return;
  heldBar.days = Math.round((event.clientX - heldBar.x) / heldBar.unit / heldBar.day);
  heldBar.bar.setAttribute("transform", `translate(${heldBar.days * heldBar.day} 0)`);
});

document.addEventListener("pointercancel", putDown);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") putDown(); });
document.addEventListener("pointerup", () => {
  if (!heldBar) return;
  const { bar, due, days } = heldBar;
  const form = document.querySelector(`form[data-plan-day="${bar.dataset.step}"]`);
  const field = form?.querySelector('input[type="date"]');
  const moved = !bar.isConnected || bar.dataset.due !== due;
  if (!days || moved || !(form instanceof HTMLFormElement) || !(field instanceof HTMLInputElement)) return putDown();
  heldBar = null;
  const until = new Date(`${due}T12:00:00Z`);
  until.setUTCDate(until.getUTCDate() + days);
  field.value = until.toISOString().slice(0, 10);
  form.requestSubmit();
});

document.documentElement.classList.add("draws-plans");
