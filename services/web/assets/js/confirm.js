import { say } from "./words.js";

/**
 * A button or form with `data-confirm="Void this invoice? The client will be told."` asks first, in a dialog of our
 * own. Without scripts the server asks on a page of its own, where the act needs it.
 */
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const submitter = /** @type {HTMLElement | null} */ (event.submitter);
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(question, submitter?.textContent?.trim() || say("confirm-yes"), () => {
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
}, true);

/**
 * @param {string} question
 * @param {string} verb
 * @param {() => void} proceed
 */
function ask(question, verb, proceed) {
  const dialog = document.createElement("dialog");
  const text = document.createElement("h2");
  text.id = "question";
  text.textContent = question;
  dialog.setAttribute("aria-labelledby", text.id);
  const buttons = document.createElement("div");
  buttons.className = "actions";
  const yes = document.createElement("button");
  yes.className = "button";
  yes.textContent = verb;
  yes.onclick = () => { dialog.close(); proceed(); };
  const no = document.createElement("button");
  no.className = "button secondary";
  no.textContent = say("confirm-no");
  no.autofocus = true;
  no.onclick = () => dialog.close();
  buttons.append(yes, no);
  dialog.append(text, buttons);
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
}
