/* What the pages do beyond plain HTML. Every action works without this file; it only makes them quicker.
   No eval, no inline handlers: the Content-Security-Policy allows neither. */
(() => {
  "use strict";

  const root = document.documentElement;
  root.classList.add("js");
  const $ = (selector, scope = document) => scope.querySelector(selector);
  const $$ = (selector, scope = document) => [...scope.querySelectorAll(selector)];

  /* ---- One line for announcements ---------------------------------------------------------- */

  function announce(words) {
    const line = $("#announcer");
    if (line) line.textContent = words;
  }

  /* ---- Polling: every 5 s while something is open, every 30 s after 10 quiet minutes, never in a hidden tab.
     An element with `data-poll` asks for itself (hx-get + hx-trigger="every 5s, refresh from:body"). */

  const QUIET_AFTER = 10 * 60_000;
  const QUIET_EVERY = 29_000;
  const polls = new WeakMap();

  function pollOf(element) {
    if (!polls.has(element)) polls.set(element, { changed: Date.now(), asked: 0 });
    return polls.get(element);
  }

  function isTooEarly(element) {
    const poll = pollOf(element);
    const quiet = Date.now() - poll.changed > QUIET_AFTER;
    return document.hidden || (quiet && Date.now() - poll.asked < QUIET_EVERY);
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    const element = event.detail.elt;
    if (!element.matches?.("[data-poll]")) return;
    const byClock = !event.detail.requestConfig.triggeringEvent;
    if (byClock && isTooEarly(element)) event.preventDefault();
    else pollOf(element).asked = Date.now();
  });

  /* The server answers 204 when the page already shows this version. The newest one is kept beside the element, not
     on it: htmx starts a changed element anew, and would forget a refresh that waits for the one under way. */
  document.addEventListener("htmx:configRequest", (event) => {
    const element = event.detail.elt;
    if (element.matches?.("[data-poll]")) event.detail.parameters.v = pollOf(element).version ?? element.dataset.version ?? "";
  });

  function showLive(element, time) {
    const line = element.dataset.live && document.getElementById(element.dataset.live);
    if (!line || !time) return;
    line.classList.remove("is-late");
    line.dataset.time = time;
    line.textContent = `Updated ${time}`;
  }

  function showLate(element) {
    const line = element.dataset.live && document.getElementById(element.dataset.live);
    if (!line || line.classList.contains("is-late")) return;
    line.classList.add("is-late");
    line.textContent = `Couldn’t refresh. You see ${line.dataset.time || "an older state"}. `;
    const again = document.createElement("button");
    again.type = "button";
    again.className = "btn-link";
    again.textContent = "Try again";
    again.addEventListener("click", () => window.htmx.trigger(document.body, "refresh"));
    line.append(again);
    announce("Couldn’t refresh this page. The list is not up to date.");
  }

  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      const element = event.detail.elt;
      if (element.matches?.("[data-poll]")) showLate(element);
      else toast(event.detail.xhr?.status === 403
        ? "This page is too old to be used. Reload it and try again."
        : "That didn’t work: no answer from our side. Nothing was changed. Please try again.");
    });
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    const element = event.detail.elt;
    if (element.matches?.("[data-poll]") && event.detail.successful) {
      showLive(element, event.detail.xhr.getResponseHeader("X-Updated"));
      if (event.detail.xhr.status !== 204) pollOf(element).changed = Date.now();
    }
  });

  document.addEventListener("htmx:afterOnLoad", (event) => {
    event.detail.elt.closest?.(".toasts .notice")?.remove();
  });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && $("[data-poll]")) window.htmx?.trigger(document.body, "refresh");
  });

  /* A session that ended answers with the sign-in page: never swap that into a list. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const to = new URL(event.detail.xhr.responseURL || location.href, location.href);
    if (!to.pathname.startsWith("/accounts/login")) return;
    event.detail.shouldSwap = false;
    if (signedOut) return;
    signedOut = true;
    // What is typed stays on the page: the sign-in opens beside it.
    const aside = Boolean($("form[data-guard][data-changed]"));
    const next = encodeURIComponent(location.pathname);
    toast("You have been signed out.", { href: `/accounts/login/?next=${next}`, label: "Sign in", target: aside ? "_blank" : "" });
  });

  /* Back from signing in in another window: forms get the token of the new session, and what was typed is saved. */
  let signedOut = false;
  window.addEventListener("focus", async () => {
    if (!signedOut) return;
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer?.ok || new URL(answer.url).pathname.startsWith("/accounts/login")) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = $("[name=csrfmiddlewaretoken]", fresh)?.value;
    if (!token) return;
    signedOut = false;
    for (const field of $$("[name=csrfmiddlewaretoken]")) field.value = token;
    announce("Signed in again.");
    $("form[data-guard][data-changed]")?.dispatchEvent(new Event("input", { bubbles: true }));
  });

  /* The answer to a form whose row has left the page meanwhile: htmx would look for the notes' place in that row.
     Heard because such forms say hx-target="#status". */
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig.elt.isConnected) return;
    event.detail.shouldSwap = false;
    const answer = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
    const notes = $$("#status > *", answer);
    $("#status")?.append(...notes);
    for (const note of notes) window.htmx.process(note);
    settleNew(document);
  });

  /* ---- Parts that are replaced only when they changed ---------------------------------------------
     hx-swap="rows": the answer is the page's partial again; what it marks with `data-part` is compared with the page,
     wherever it stands. In lists (`data-list`) items of the same `data-version` are left alone, so that focus, open
     menus and typed text survive; of an item with an open form only `.row-main` is renewed. */

  function renew(old, fresh) {
    if (old.dataset.version === fresh.dataset.version) return;
    const form = $(".row-fix > *", old);
    if (!form) {
      const ticked = $("input[type=checkbox]:checked", old);
      const again = ticked && $("input[type=checkbox]", fresh);
      if (again) again.checked = true;
      return old.replaceWith(fresh);
    }
    $(".row-main", old)?.replaceWith($(".row-main", fresh));
    old.dataset.version = fresh.dataset.version;
  }

  function mergeList(list, fresh) {
    const wanted = $$(":scope > [id]", fresh);
    const names = new Set(wanted.map((item) => item.id));
    for (const item of $$(":scope > *", list)) {
      if (names.has(item.id)) continue;
      if ($(".row-fix > *", item)) item.querySelector(".row-item")?.classList.add("is-settled");
      else item.remove();
    }
    wanted.forEach((item, index) => {
      const old = document.getElementById(item.id);
      if (old && old.parentElement === list) {
        renew(old, item);
        return;
      }
      old?.remove();
      list.insertBefore(item, list.children[index] || null);
    });
  }

  function mergePart(part) {
    const old = part.id && document.getElementById(part.id);
    if (!old) return;
    if (part.matches("[data-list]") && old.matches("[data-list]")) mergeList(old, part);
    else if (!old.isEqualNode(part)) old.replaceWith(part);
  }

  /* The final state comes without a trigger: then nothing is asked any more. A poll without an id only wraps what is
     refreshed, and stays (see `data-poll-while`). */
  function renewPoll(poll, fresh) {
    pollOf(poll).version = fresh.dataset.version;
    if (fresh.id && !fresh.hasAttribute("hx-trigger")) poll.replaceWith(fresh);
  }

  function defineRows() {
    window.htmx.defineExtension("rows", {
      isInlineSwap: (style) => style === "rows",
      handleSwap: (style, target, fragment) => {
        if (style !== "rows") return false;
        const poll = (target.id && document.getElementById(target.id)) || target;
        const fresh = fragment.querySelector("[data-poll]");
        const here = document.activeElement?.id;
        for (const part of $$("[data-part]", fragment)) mergePart(part);
        if (fresh) renewPoll(poll, fresh);
        if (here && document.activeElement?.id !== here) document.getElementById(here)?.focus({ preventScroll: true });
        window.htmx.process(document.body);
        return [];
      },
    });
  }

  /* ---- Notes: made here only for what the server could not say -------------------------------- */

  function toast(words, link) {
    const box = document.createElement("div");
    box.className = "notice tone-amber";
    const text = document.createElement("p");
    text.textContent = words;
    box.append(text);
    if (link) {
      const way = document.createElement("a");
      way.className = "btn btn-sm";
      way.href = link.href;
      way.textContent = link.label;
      if (link.target) way.target = link.target;
      box.append(way);
    }
    $("#status")?.append(box);
    settle(box, 12_000);
  }

  function settle(box, after) {
    let timer = null;
    const later = () => { clearTimeout(timer); timer = setTimeout(() => leave(box), after); };
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", later);
    later();
  }

  function leave(box) {
    if (box.contains(document.activeElement)) return setTimeout(() => leave(box), 2_000);
    if (box.closest(".toasts")) box.remove();
    else $("form", box)?.remove();
  }

  function settleNew(scope) {
    for (const box of $$(".notice:not([data-timed])", scope)) {
      box.dataset.timed = "1";
      const undo = Number(box.dataset.undoSeconds || 0) * 1000;
      if (undo || box.closest(".toasts")) settle(box, undo || 8_000);
    }
  }

  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-dismiss]");
    if (close) close.closest(".notice, [data-dismissable]")?.remove();
    event.target.closest(".menu :is(a, button)")?.closest("[popover]")?.hidePopover();
    const shut = event.target.closest("[data-close-fix]");
    const slot = shut?.closest(".row-fix");
    if (!slot) return; // a page of its own: the link leads back
    event.preventDefault();
    const opener = $(".row-acts a, .row-acts button", slot.parentElement) ?? $("a, button", slot.previousElementSibling ?? slot);
    slot.replaceChildren();
    opener?.focus();
  });

  /* ---- "Did you mean": taken into the field, or kept; the form is not sent yet -------------------- */

  document.addEventListener("click", (event) => {
    const answer = event.target.closest("[data-use], [data-keep]");
    if (!answer) return;
    const box = answer.closest(".did-you-mean");
    const form = answer.form;
    const field = $("input[type=email]", box.parentElement);
    if (answer.dataset.use) {
      field.value = answer.dataset.use;
    } else {
      const kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name: "keep", value: answer.dataset.keep });
      form.append(kept);
    }
    box.replaceChildren();
    field.focus();
    announce(answer.dataset.use ? `Changed to ${answer.dataset.use}.` : "Kept as it is.");
  });

  /* ---- Forms ----------------------------------------------------------------------------------- */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    form.removeAttribute("data-guard");
    setTimeout(() => delete form.dataset.sent, 8_000);
  });

  window.addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => delete form.dataset.sent));

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (!form) return;
    form.dataset.changed = "1";
    form.dataset.typed = String(Number(form.dataset.typed ?? 0) + 1);
  });

  window.addEventListener("beforeunload", (event) => {
    if ($("form[data-guard][data-changed]")) event.preventDefault();
  });

  function focusErrors(scope) {
    const box = $("[data-focus]", scope);
    if (!box) return;
    box.focus();
    const title = document.title;
    if (!title.startsWith("Error: ")) document.title = `Error: ${title}`;
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    if (target?.matches?.(".did-you-mean")) return;
    if (target?.matches?.(".row-fix") || target?.closest?.(".row-fix")) openFix(target.closest(".row-fix"));
    focusErrors(target);
    settleNew(document);
  });

  function openFix(slot) {
    if ($("[data-focus]", slot) || slot.contains(document.activeElement)) return; // somebody is quicker than we are
    const field = $("[autofocus], input:not([type=hidden]), textarea, select", slot);
    field?.focus();
    if (field?.matches("input[type=email], input[type=text]")) field.select();
  }

  /* ---- Copy ------------------------------------------------------------------------------------ */

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    const words = (source?.value ?? source?.textContent ?? "").trim();
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      announce("Selected. Press Ctrl+C to copy.");
      return;
    }
    const label = $("span", button) || button;
    const before = label.textContent;
    label.textContent = "Copied";
    announce("Copied.");
    setTimeout(() => { label.textContent = before; }, 2_000);
  });

  /* ---- Keyboard: can be switched off in the profile ----------------------------------------------- */

  const PLACES = { t: "/", i: "/inspections/", e: "/emails/" };
  let waiting = 0;

  const rows = () => $$("[data-row]").filter((row) => row.offsetParent !== null);
  const current = () => document.activeElement?.closest?.("[data-row]") || $(".is-here[data-row]");

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by))];
    $$(".is-here").forEach((row) => row.classList.remove("is-here"));
    next.classList.add("is-here");
    next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function press(key) {
    const scope = current() || $("[data-keys]") || document;
    const found = $(`[data-key="${key}"]`, scope) || $(`[data-key="${key}"]`);
    if (!found) return false;
    if (found.matches("form")) found.requestSubmit();
    else found.click();
    return true;
  }

  function openHelp() {
    $("#shortcuts")?.showModal();
    return true;
  }

  function onKey(key) {
    if (waiting && Date.now() - waiting < 1_500) {
      waiting = 0;
      if (PLACES[key]) location.assign(PLACES[key]);
      return Boolean(PLACES[key]);
    }
    if (key === "g") waiting = Date.now();
    else if (key === "/") { $("#find")?.focus(); $("#find")?.select(); return Boolean($("#find")); }
    else if (key === "?") return openHelp();
    else if (key === "j" || key === "k") { step(key === "j" ? 1 : -1); return true; }
    else if (key === "Enter" && document.activeElement?.matches("[data-row]")) return press("open");
    else if ("frcs[]".includes(key)) return press(key);
    return false;
  }

  document.addEventListener("keydown", (event) => {
    if (!document.body.hasAttribute("data-shortcuts")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open], [popover]")) return;
    if (onKey(event.key)) event.preventDefault();
  });

  /* ---- Inspection page: its clock asks only while the page holds something unfinished. `data-poll-while` names it; the
     answer brings or takes it away. ---- */

  document.addEventListener("htmx:beforeRequest", (event) => {
    const wanted = event.detail.elt.dataset?.pollWhile;
    if (wanted && !event.detail.requestConfig.triggeringEvent && !$(wanted, event.detail.elt)) event.preventDefault();
  });

  /* ---- Template editor: a placeholder goes where the cursor was, in the subject or the text. ---- */

  let lastTyped = null;
  document.addEventListener("focusout", (event) => {
    if (event.target.matches?.("#id_subject, #id_body")) lastTyped = event.target;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const words = button.dataset.insert;
    const usual = document.getElementById(button.dataset.into);
    const field = words.startsWith("{{") && lastTyped?.isConnected ? lastTyped : usual;
    if (!field) return;
    field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
    announce(`Inserted ${words}`);
  });

  /* ---- A page that is left has nothing to say about requests that end with it. ---- */

  const flying = new Set();
  document.addEventListener("htmx:beforeSend", (event) => flying.add(event.detail.xhr));
  document.addEventListener("htmx:afterRequest", (event) => flying.delete(event.detail.xhr));
  window.addEventListener("pagehide", () => { for (const xhr of flying) xhr.onabort = xhr.onerror = null; });

  /* ---- Create Email: what saved itself is no reason to warn, unless something was typed meanwhile. ---- */

  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt.matches?.("[data-autosave]") && event.detail.elt.closest("form");
    if (form) form.dataset.saving = form.dataset.typed ?? "0";
  });

  document.addEventListener("draft-saved", (event) => {
    const form = event.target.closest?.("form");
    if (form && form.dataset.saving === (form.dataset.typed ?? "0")) delete form.dataset.changed;
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    // A draft that cannot be reached any more is said by the toast; the line keeps what it said.
    if (event.detail.elt.matches?.("[data-autosave]") && event.detail.isError) event.detail.shouldSwap = false;
  });

  /* ---- Start ------------------------------------------------------------------------------------- */

  if (window.htmx) defineRows();
  settleNew(document);
  focusErrors(document);
})();
