// Copy buttons: the text goes to the clipboard; where that is not allowed, it is selected for Ctrl+C.
(() => {
  "use strict";
  const REST = 2500; // milliseconds until a button says again what it does

  const copy = async (field) => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch { // no permission, or a page without https
      return document.execCommand("copy");
    }
  };

  const say = (button, text) => {
    const word = button.querySelector("[data-word]");
    word.dataset.word ||= word.textContent;
    word.textContent = text;
    document.getElementById("copied").textContent = text;
    setTimeout(() => { word.textContent = word.dataset.word; }, REST);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const isDone = await copy(document.getElementById(button.dataset.copy));
    say(button, isDone ? button.dataset.done : button.dataset.failed);
    if (isDone) button.focus();
  });
})();
