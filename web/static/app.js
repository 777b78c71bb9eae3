/* What makes the pages handier. Everything works without it. No request goes to anybody else, and
   only the home server and those turned away are kept, in this browser. */
const HOME = "waypost.home";
const AWAY = "waypost.away";
const MOST_AWAY = 500;

const read = (key) => {
  try { return localStorage.getItem(key) || ""; } catch { return ""; }
};
const write = (key, value) => {
  try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* private window */ }
};
const away = () => {
  try { return new Set(JSON.parse(read(AWAY) || "[]")); } catch { return new Set(); }
};
const hl = new URLSearchParams(location.search).get("hl");

/* Suggestions while typing: a combobox with a list (WAI-ARIA APG). */
let combos = 0;
function combobox(input) {
  const list = document.createElement("ul");
  list.id = `suggested-${combos++}`;
  list.className = "suggested";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0]?.textContent || "");
  input.after(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) {
    input.setAttribute(name, value);
  }
  let active = -1, timer = 0, asking = null, last = "";
  const options = () => [...list.children];
  /* What is not shown yet does not come any more. */
  const stop = () => { clearTimeout(timer); asking?.abort(); last = ""; close(); };
  const close = () => {
    list.hidden = true; active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (next) => {
    const all = options();
    active = all.length ? (next + all.length) % all.length : -1;
    all.forEach((one, place) => one.setAttribute("aria-selected", String(place === active)));
    if (active < 0) return;
    input.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  };
  const go = (option) => { location.href = option.dataset.href; };
  const show = (found) => {
    list.replaceChildren(...found.map(({ words, more, kind, href }, place) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${place}`;
      option.className = kind;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const name = document.createElement("span");
      name.dir = "auto";
      name.textContent = words;
      option.append(name);
      if (more) {
        const small = document.createElement("small");
        small.textContent = more;
        option.append(" ", small);
      }
      const target = new URL(href, location.href);
      if (hl) target.searchParams.set("hl", hl);
      option.dataset.href = target.href;
      option.addEventListener("mousedown", (event) => event.preventDefault());
      option.addEventListener("click", () => go(option));
      return option;
    }));
    active = -1;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!!found.length));
  };
  const ask = async () => {
    const words = input.value.trim();
    if (words === last) return;
    last = words;
    asking?.abort();
    if (words.length < 2) return close();
    asking = new AbortController();
    try {
      const answer = await fetch(`/api/v1/autocomplete?${new URLSearchParams({ q: words.slice(0, 60), limit: "3", lang: document.documentElement.lang })}`, { signal: asking.signal });
      show(answer.ok ? rows(await answer.json()) : []);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 140); });
  input.addEventListener("blur", stop);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") { if (!list.hidden) event.preventDefault(); stop(); }
    else if (list.hidden || !options().length) return;
    else if (event.key === "ArrowDown") { event.preventDefault(); mark(active + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(active < 0 ? -1 : active - 1); }
    else if (event.key === "Enter" && active >= 0) { event.preventDefault(); go(options()[active]); }
  });
}

const rows = (found) => [
  ...(found.topics || []).map((one) => ({ kind: "topic", words: one.name, more: "", href: `/topics/${encodeURIComponent(one.id)}` })),
  ...(found.accounts || []).map((one) => ({ kind: "person", words: one.name || one.handle, more: `@${one.handle}`, href: `/account/${encodeURIComponent(one.handle)}` })),
  ...(found.tags || found.hashtags || []).map((one) => { const tag = one.name || one.tag || one; return { kind: "tag", words: `#${tag}`, more: "", href: `/search?${new URLSearchParams({ tag })}` }; }),
].slice(0, 9);

/* Follow: the home server is asked for once. */
function following() {
  const form = document.querySelector("form[data-home]");
  const home = read(HOME);
  if (form) {
    const field = form.elements.home;
    form.addEventListener("submit", () => write(HOME, field.value.trim()));
    if (!field.value && home) {
      field.value = home;
      const address = new URL(location.href);
      if (!address.searchParams.has("home")) {
        address.searchParams.set("home", home);
        location.replace(address);
      }
    }
    const forget = form.querySelector("[data-forget]");
    forget.hidden = !home;
    forget.addEventListener("click", () => { write(HOME, ""); field.value = ""; forget.hidden = true; field.focus(); });
  }
  if (!home) return;
  for (const link of document.querySelectorAll("a[data-follow]")) {
    const address = new URL(link.href);
    address.searchParams.set("home", home);
    link.href = address.href;
  }
}

/* Those who were turned away do not come back in this browser. */
function turning() {
  const gone = away(), none = document.getElementById("hidden-all");
  const told = () => { if (none) none.hidden = !!document.querySelector(".suggestions .card"); };
  const links = [...document.querySelectorAll("a[data-not]")], here = new Set(links.map((link) => link.dataset.not));
  for (const link of links) {
    const card = link.closest(".card");
    if (gone.has(link.dataset.not)) { card.remove(); continue; }
    link.setAttribute("role", "button");
    const turn = (event) => {
      event.preventDefault();
      const kept = [...away(), link.dataset.not].slice(-MOST_AWAY);
      write(AWAY, JSON.stringify(kept));
      const next = (card.nextElementSibling || card.previousElementSibling)?.querySelector("h3 a");
      card.remove();
      const said = document.getElementById("said");
      said.textContent = said.dataset.hidden;
      told();
      (next || none)?.focus();
    };
    link.addEventListener("click", turn);
    link.addEventListener("keydown", (event) => { if (event.key === " ") turn(event); });
  }
  told();
  none?.querySelector("[data-again]").addEventListener("click", () => {
    write(AWAY, JSON.stringify([...away()].filter((one) => !here.has(one))));
    location.reload();
  });
}

function copying() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = words; }, 2000);
    });
  }
}

for (const input of document.querySelectorAll("input[data-suggest]")) combobox(input);
following();
turning();
copying();
/* A picture that does not come leaves the initial. */
for (const picture of document.querySelectorAll(".avatar img")) {
  const drop = () => picture.remove();
  if (picture.complete && !picture.naturalWidth) drop(); else picture.addEventListener("error", drop);
}
