// Small behaviours of our own pages; everything also works without them.
(() => {
  "use strict";
  const unsaved = new Set();
  const field = (id) => document.getElementById(id);
  const tell = (element) => element.dispatchEvent(new Event("input", { bubbles: true }));
  const isQuiet = (element) => element.matches("[data-quiet]");

  // Forms with data-guard: say that something is unsaved, and ask before leaving.
  const mark = (form, isUnsaved) => {
    unsaved[isUnsaved ? "add" : "delete"](form);
    form.querySelectorAll("[data-unsaved]").forEach((note) => { note.hidden = !isUnsaved; });
  };
  addEventListener("beforeunload", (event) => {
    if ([...unsaved].some((form) => form.isConnected)) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) mark(event.target, false);
  });

  // Searches inside a form are no changes of it: they neither mark it nor start its preview.
  document.addEventListener("input", (event) => {
    if (isQuiet(event.target)) return;
    const form = event.target.closest("form[data-guard]");
    if (form) mark(form, true);
    if (event.target.matches("[data-more]") && event.target.value) more(event.target);
    const wrong = event.target.closest(".group.errors");
    if (wrong) {
      wrong.classList.remove("errors");
      wrong.querySelectorAll(".errorlist").forEach((list) => list.remove());
    }
  });

  // Put a value into a field: a time zone that was found, or a time that exists.
  const put = (button) => {
    const target = field(button.dataset.set);
    if (target.options && ![...target.options].some((option) => option.value === button.value)) {
      target.add(new Option(button.dataset.label, button.value));
    }
    target.value = button.value;
    tell(target);
    target.focus();
  };

  // Put a piece of Liquid where the cursor is.
  const insert = (button) => {
    const target = field(button.dataset.into);
    target.setRangeText(button.dataset.insert, target.selectionStart, target.selectionEnd, "end");
    button.closest("details").open = false;
    tell(target);
    target.focus();
  };

  // The rule builder: a row always offers room for one more value, and takes a pasted list as lines.
  const more = (input) => {
    const next = input.cloneNode();
    next.value = "";
    next.removeAttribute("id");
    input.removeAttribute("data-more");
    input.after(next);
  };
  document.addEventListener("paste", (event) => {
    const input = event.target;
    const text = event.clipboardData?.getData("text/plain").trim() ?? "";
    if (!input.matches(".ca-values input") || !text.includes("\n")) return;
    event.preventDefault();
    const lines = document.createElement("textarea");
    Object.assign(lines, { name: input.name, value: text, rows: 5, className: input.className });
    lines.setAttribute("aria-label", input.getAttribute("aria-label"));
    input.replaceWith(lines);
    tell(lines);
    lines.focus();
  });

  // What is typed while the builder is on its way is not lost: the answer is dropped, and asked for again with it.
  const asked = new WeakMap();
  const filled = (form) => new URLSearchParams(new FormData(form)).toString();
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target, xhr } = event.detail;
    if (target?.id === "builder") asked.set(xhr, filled(target.form));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr, requestConfig } = event.detail;
    if (!asked.has(xhr) || asked.get(xhr) === filled(target.form)) return;
    event.detail.shouldSwap = false;
    const { elt } = requestConfig;
    setTimeout(() => { elt.matches("button") ? elt.click() : tell(elt); });
  });

  // An old number must not pass for a new one: where the server did not answer, it is said beside it.
  const stale = (isStale) => document.querySelectorAll("[data-stale]").forEach((note) => { note.hidden = !isStale; });
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => stale(true));
  document.addEventListener("htmx:afterSwap", () => stale(false));

  const close = (finder) => {
    finder.querySelectorAll("[aria-live]").forEach((list) => { list.replaceChildren(); });
    finder.querySelectorAll("input").forEach((input) => { input.value = ""; });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-guard] [name=do]")) mark(button.form, true);
    if (button.dataset.set) { event.preventDefault(); put(button); }
    if (button.dataset.insert) insert(button);
    const finder = button.closest(".ca-find");
    if (finder) setTimeout(close, 0, finder); // after htmx has read the button
  });

  // In a search, Enter takes the first thing found and Escape closes the list; neither sends the form.
  document.addEventListener("keydown", (event) => {
    if (!isQuiet(event.target)) return;
    const finder = event.target.closest(".ca-find");
    if (event.key === "Enter") {
      event.preventDefault();
      finder.querySelector("[aria-live] button")?.click();
    } else if (event.key === "Escape") close(finder);
  });

  // htmx listens on the form for what people type; a search must not reach it.
  const ready = () => {
    document.querySelectorAll("[data-quiet]").forEach((input) => {
      for (const name of ["input", "change"]) input.addEventListener(name, (event) => event.stopPropagation());
    });
    // Unfold writes the name of a chosen file into a text field beside it; a plain file input shows it itself.
    document.querySelectorAll("input.se-file").forEach((input) => { input.hasChangeListener = true; });
    document.querySelectorAll("#searchbar").forEach((input) => { input.setAttribute("aria-label", input.placeholder); });
    document.querySelectorAll('form[data-guard="unsaved"]').forEach((form) => mark(form, true));
  };
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", ready) : ready();
})();
