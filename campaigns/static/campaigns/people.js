// Copy buttons of a person's data: the text goes to the clipboard; where that is not allowed, it is selected for Ctrl+C.
(() => {
  "use strict";
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copies]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copies);
    let said = button.dataset.done;
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch { // no permission, or a page without https
      getSelection().selectAllChildren(text);
      if (!document.execCommand("copy")) said = button.dataset.failed;
    }
    button.parentElement.querySelector("[role=status]").textContent = said;
  });
})();
