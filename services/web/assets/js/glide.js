/**
 * What a swap pushes aside glides to its new place, so that nobody loses the line they are reading. Where motion is not
 * wanted it jumps.
 * @type {Map<Element, number>}
 */
let stood = new Map();

document.addEventListener("htmx:before:swap", () => {
  stood = new Map([...document.querySelectorAll("main *, .footer")].map((each) => [each, each.getBoundingClientRect().top]));
});

document.addEventListener("htmx:after:swap", () => {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  /** @type {Map<Element | null, number>} */
  const shifts = new Map();
  for (const [each, top] of stood) if (each.isConnected) shifts.set(each, top - each.getBoundingClientRect().top);
  for (const [each, shift] of shifts) {
    // An element is carried by the one around it; only what it moves beyond that is its own.
    let around = each?.parentElement ?? null;
    while (around && !shifts.has(around)) around = around.parentElement;
    const own = shift - (shifts.get(around) ?? 0);
    if (Math.abs(own) > 1) each?.animate([{ transform: `translateY(${own}px)` }, { transform: "none" }], { duration: 200, easing: "ease-out" });
  }
  stood.clear();
});
