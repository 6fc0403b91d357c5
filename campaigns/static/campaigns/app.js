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

  // A button pressed twice says it once: the page with a key that is shown only this time must not get lost.
  const PATIENCE = 5000;
  let pressed = new WeakMap();
  const isAgain = ({ target, submitter }) => {
    const button = submitter ?? target;
    const before = pressed.get(button);
    if (before && performance.now() - before < PATIENCE) return true;
    pressed.set(button, performance.now());
    return false;
  };
  addEventListener("pageshow", () => { pressed = new WeakMap(); });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.getAttribute("method")?.toLowerCase() === "post" && isAgain(event)) event.preventDefault();
    else mark(event.target, false);
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
    next.id = input.id.replace(/\d+$/, (number) => Number(number) + 1); // as the server numbers them: the focus stays
    input.removeAttribute("data-more");
    input.after(next);
  };
  document.addEventListener("paste", (event) => {
    const input = event.target;
    const text = event.clipboardData?.getData("text/plain").trim() ?? "";
    if (!input.matches(".ca-values input") || !text.includes("\n")) return;
    event.preventDefault();
    const lines = document.createElement("textarea");
    Object.assign(lines, { id: input.id, name: input.name, value: text, rows: 5, className: input.className });
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

  // What kept a segment from being saved is mended when its rule can be counted and no field is marked: it is said no longer.
  document.addEventListener("htmx:afterSwap", () => {
    const summary = document.querySelector("#faults[data-until-mended]");
    if (!summary || document.querySelector("#count [data-unfinished], .group.errors")) return;
    summary.remove();
    document.querySelectorAll("#builder .ca-is-bad").forEach((row) => row.classList.remove("ca-is-bad"));
    document.querySelectorAll("#builder p.ca-bad").forEach((fault) => fault.remove());
    document.querySelectorAll("#builder [aria-invalid]").forEach((input) => {
      for (const name of ["aria-invalid", "aria-describedby"]) input.removeAttribute(name);
    });
  });

  // A part that asks by itself goes on where no answer comes: its page says of when its numbers are, once, until one does.
  const asker = (event) => event.detail.requestConfig.elt;
  const told = (part) => part.id && document.querySelector(`[data-old-of="${part.id}"]`);
  const unanswered = (event) => {
    const part = asker(event);
    const note = told(part);
    if (note && !note.textContent) note.textContent = note.dataset.says.replace("{time}", part.dataset.at);
  };
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, unanswered);
  document.addEventListener("htmx:beforeSwap", (event) => {
    const note = !event.detail.isError && told(asker(event));
    if (note) note.textContent = "";
  });

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

  // Unfold opens a group of the menu, the one with "Log out", and the filters of a list by mouse alone.
  const FILTERS = "a[x-on\\:click='filterOpen = true']";
  const OPENERS = `#nav-sidebar-apps h2[x-on\\:click], [x-data*=openUserLinks] > div[x-on\\:click], ${FILTERS}`;
  const filters = () => field("changelist-filter");
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && filters()?.contains(event.target)) document.querySelector(FILTERS).focus();
    if (!event.target.matches(OPENERS) || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    event.target.click();
    const into = "input:not([type=hidden]), select, button, a";
    if (event.target.matches(FILTERS)) Alpine.nextTick(() => filters().querySelector(into).focus()); // Unfold has shown them
  });

  // htmx listens on the form for what people type; a search must not reach it.
  const ready = () => {
    document.querySelectorAll("[data-quiet]").forEach((input) => {
      for (const name of ["input", "change"]) input.addEventListener(name, (event) => event.stopPropagation());
    });
    // Unfold writes the name of a chosen file into a text field beside it; a plain file input shows it itself.
    document.querySelectorAll("input.se-file").forEach((input) => { input.hasChangeListener = true; });
    document.querySelectorAll("#searchbar").forEach((input) => {
      for (const each of [input, field("searchbar-submit")]) each.setAttribute("aria-label", input.placeholder);
    });
    field("main")?.setAttribute("role", "main");
    // On a phone Unfold calls the first cell "Select record" where rows lead nowhere; there is nothing to select.
    const first = document.querySelector("#result_list thead th")?.textContent.trim();
    document.querySelectorAll("#result_list tbody td:first-child:not(:has(input))").forEach((cell) => { cell.dataset.label = first; });
    // Unfold's icons are words in a font of pictures: a screen reader would read "dock_to_right" out.
    document.querySelectorAll(".material-symbols-outlined").forEach((icon) => { icon.setAttribute("aria-hidden", "true"); });
    document.querySelectorAll(OPENERS).forEach((opener) => {
      opener.tabIndex = 0;
      opener.setAttribute("role", "button");
    });
    document.querySelectorAll('form[data-guard="unsaved"]').forEach((form) => mark(form, true));
  };
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", ready) : ready();
  // A browser gives up an autofocus where the page is not shown yet, and Unfold hides it until its scripts have run.
  addEventListener("load", () => {
    if (document.activeElement === document.body) document.querySelector("section[autofocus]")?.focus();
  });
})();
