/**
 * A bar of a plan with `data-due` can be drawn to another day: letting go sends the form beside the plan that has the day of this step,
 * which works without a pointer as well. Escape puts the bar back.
 */
class PlanDrag {
  /** @param {SVGSVGElement} drawing */
  constructor(drawing) {
    this.drawing = drawing;
    this.day = Number(drawing.dataset.day) || 1;
    for (const bar of /** @type {NodeListOf<SVGRectElement>} */ (drawing.querySelectorAll("rect[data-due]"))) this.watch(bar);
  }

  /** @param {SVGRectElement} bar */
  watch(bar) {
    /** @type {{ x: number, days: number } | null} */
    let held = null;
    const letGo = () => {
      held = null;
      bar.removeAttribute("transform");
    };
    bar.classList.add("movable");
    bar.addEventListener("pointerdown", (event) => {
      held = { x: event.clientX, days: 0 };
      bar.setPointerCapture(event.pointerId);
    });
    bar.addEventListener("pointermove", (event) => {
      if (!held) return;
      const unit = this.drawing.getBoundingClientRect().width / this.drawing.viewBox.baseVal.width;
      held.days = Math.round((event.clientX - held.x) / unit / this.day);
      bar.setAttribute("transform", `translate(${held.days * this.day} 0)`);
    });
    bar.addEventListener("pointercancel", letGo);
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") letGo(); });
    bar.addEventListener("pointerup", () => {
      const days = held?.days ?? 0;
      held = null;
      if (!days) return letGo();
      const form = document.querySelector(`form[data-plan-day="${bar.dataset.step}"]`);
      const field = form?.querySelector('input[type="date"]');
      if (!(form instanceof HTMLFormElement) || !(field instanceof HTMLInputElement)) return letGo();
      const due = new Date(`${bar.dataset.due}T12:00:00Z`);
      due.setUTCDate(due.getUTCDate() + days);
      field.value = due.toISOString().slice(0, 10);
      form.requestSubmit();
    });
  }
}

for (const drawing of /** @type {NodeListOf<SVGSVGElement>} */ (document.querySelectorAll("svg[data-plan]"))) new PlanDrag(drawing);
