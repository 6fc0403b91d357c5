// The panel beside the compose form: what is typed and chosen in it is no change of the event.
(() => {
  "use strict";
  const panel = document.getElementById("panel");
  if (!panel) return;

  // Neither the form's preview nor its "unsaved" hears of it; data to try starts a preview of its own.
  panel.addEventListener("input", (event) => {
    event.stopPropagation();
    const tried = event.target.closest("[data-tried]");
    if (!tried) return;
    const use = tried.querySelector("[name=try_data]");
    if (event.target !== use) use.checked = true;
    tried.dispatchEvent(new Event("tried"));
  });

  // A download opens beside the page and leaves what is typed unsaved as it is.
  panel.addEventListener("click", (event) => {
    const form = event.target.closest("[data-download]")?.form;
    form?.addEventListener("submit", (submit) => submit.stopPropagation(), { once: true });
  });

  // What was opened or closed stays so when the panel is written anew.
  const folds = new Map();
  panel.addEventListener("toggle", (event) => {
    if (event.target.isConnected && event.target.id) folds.set(event.target.id, event.target.open);
  }, true);
  document.addEventListener("htmx:afterSwap", () => {
    panel.querySelectorAll("details[id]").forEach((fold) => {
      if (folds.has(fold.id)) fold.open = folds.get(fold.id);
    });
  });
})();
