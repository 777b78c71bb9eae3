/* Waypost's people to follow, on any page:
     <script async src="https://…/embed.js"></script>
     <waypost-suggestions topic="astronomy" lang="de" limit="6"></waypost-suggestions>
   Asks only the server that this script came from. No cookies, nothing stored, nobody counted. */
(() => {
  const VERSION = 1;
  const NAME = "waypost-suggestions";
  const home = document.currentScript && new URL(document.currentScript.src).origin;
  if (!home || customElements.get(NAME)) return;

  // title, follow, nobody, failed, promise
  const WORDS = {
    en: ["People to follow", "Follow", "Nobody to suggest yet.", "The suggestions could not be loaded.", "Everybody here said yes."],
    de: ["Menschen zum Folgen", "Folgen", "Noch niemand, der passt.", "Die Vorschläge konnten nicht geladen werden.", "Alle hier haben Ja gesagt."],
    es: ["Gente a la que seguir", "Seguir", "Aún no hay nadie que sugerir.", "No se pudieron cargar las sugerencias.", "Todas las personas aquí dijeron que sí."],
    fr: ["Personnes à suivre", "Suivre", "Personne à suggérer pour l’instant.", "Les suggestions n’ont pas pu être chargées.", "Tout le monde ici a dit oui."],
    it: ["Persone da seguire", "Segui", "Ancora nessuno da suggerire.", "Non è stato possibile caricare i suggerimenti.", "Qui tutti hanno detto sì."],
    pl: ["Osoby do obserwowania", "Obserwuj", "Na razie nie ma kogo polecić.", "Nie udało się wczytać propozycji.", "Wszyscy tutaj powiedzieli „tak”."],
    pt: ["Pessoas a seguir", "Seguir", "Ainda não há ninguém a sugerir.", "Não foi possível carregar as sugestões.", "Todas as pessoas aqui disseram que sim."],
    ar: ["أشخاص للمتابعة", "متابعة", "لا أحد لاقتراحه بعد.", "تعذّر تحميل الاقتراحات.", "كل من هنا قال نعم."],
    ja: ["フォローしたい人たち", "フォロー", "まだ提案できる人がいません。", "提案を読み込めませんでした。", "ここにいる全員が同意しています。"],
  };

  const STYLE = `
:host { --bg: #fff; --fg: #1b2430; --soft: #55606e; --line: #dde1e0; --link: #0b6b63; --on: #fff; display: block; color-scheme: light }
@media (prefers-color-scheme: dark) { :host(:not([theme=light])) { --bg: #1a2127; --fg: #e7ebee; --soft: #a3aeb8; --line: #2d373f; --link: #5fcabd; --on: #08211e; color-scheme: dark } }
:host([theme=dark]) { --bg: #1a2127; --fg: #e7ebee; --soft: #a3aeb8; --line: #2d373f; --link: #5fcabd; --on: #08211e; color-scheme: dark }
:host([hidden]) { display: none }
* { box-sizing: border-box }
section { background: var(--waypost-background, var(--bg)); color: var(--waypost-color, var(--fg)); border: 1px solid var(--waypost-border, var(--line)); border-radius: var(--waypost-radius, .85rem); padding: 1rem; font: var(--waypost-font, 1rem/1.5 system-ui, sans-serif); overflow-wrap: anywhere }
h2 { font-size: 1.1em; line-height: 1.25; margin: 0 0 .6rem }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: var(--waypost-gap, .8rem); grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)) }
li { display: flex; gap: .7rem; align-items: start; min-width: 0 }
.face { flex: none; width: 3rem; height: 3rem; border-radius: 50%; background: var(--waypost-border, var(--line)); object-fit: cover }
span.face { display: grid; place-items: center; color: var(--waypost-soft, var(--soft)); font-weight: 700; font-size: 1.2em }
.who { flex: 1; min-width: 0 }
a { color: var(--waypost-accent, var(--link)) }
.name { font-weight: 600; display: block; text-decoration: none }
.name:hover { text-decoration: underline }
.name img { height: 1.2em; width: auto; vertical-align: -.25em }
small { display: block; color: var(--waypost-soft, var(--soft)); font-size: .85em }
.follow { flex: none; border: 1px solid; border-radius: 99rem; padding: .25em .9em; text-decoration: none; font-size: .9em; font-weight: 600 }
.follow:hover { background: var(--waypost-accent, var(--link)); color: var(--waypost-on-accent, var(--on)) }
a:focus-visible { outline: 3px solid var(--waypost-accent, var(--link)); outline-offset: 2px; border-radius: .3rem }
.foot { margin: .8rem 0 0; font-size: .85em; color: var(--waypost-soft, var(--soft)) }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }`;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);

  const make = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // Pictures come from where the script came from, whatever else an answer may name.
  const picture = (address) => {
    try { return home + new URL(address).pathname; } catch { return ""; }
  };

  // Only the web: an address of another kind is no link.
  const web = (address) => /^https?:\/\//i.test(address) ? address : null;

  const link = (address, properties, ...children) =>
    make("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow", ...properties }, ...children);

  const named = (account) => {
    const emojis = new Map(account.emojis.map((one) => [`:${one.shortcode}:`, one.url]));
    const text = account.display_name.trim() || account.username;
    return text.split(/(:[\w\-+@.]+:)/).map((part) =>
      emojis.has(part) ? make("img", { src: picture(emojis.get(part)), alt: part, loading: "lazy" }) : part);
  };

  // Whoever has no picture has an initial.
  const face = (account) => {
    const src = picture(account.avatar);
    if (src && !/\/missing\.[^/]*$/.test(src)) {
      return make("img", { className: "face", src, alt: "", width: 48, height: 48, loading: "lazy", referrerPolicy: "no-referrer" });
    }
    const name = account.display_name.replace(/:[\w\-+@.]+:/g, "") + account.username;
    return make("span", { className: "face", ariaHidden: "true" }, (name.match(/[\p{L}\p{N}]/u) || ["·"])[0].toUpperCase());
  };

  class WaypostSuggestions extends HTMLElement {
    static observedAttributes = ["topic", "lang", "like", "limit", "hl", "heading", "avatars"];
    static version = VERSION;
    #asking = null;
    #soon = false;

    connectedCallback() {
      if (!this.shadowRoot) {
        this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
        this.shadowRoot.append(document.createElement("slot")); // what stands there, until we know more
      }
      this.#refresh();
    }

    disconnectedCallback() {
      this.#asking?.abort();
    }

    attributeChangedCallback() {
      if (this.isConnected && this.shadowRoot) this.#refresh();
    }

    // Several attributes may change at once; one question is enough.
    #refresh() {
      if (this.#soon) return;
      this.#soon = true;
      queueMicrotask(() => { this.#soon = false; if (this.isConnected) this.#load(); });
    }

    get #language() {
      const asked = [this.getAttribute("hl"), this.parentElement?.closest("[lang]")?.lang, ...navigator.languages];
      return asked.map((one) => (one || "").toLowerCase().split("-")[0]).find((one) => WORDS[one]) || "en";
    }

    async #load() {
      this.#asking?.abort();
      const asking = this.#asking = new AbortController();
      const hl = this.#language;
      const asked = new URLSearchParams({ hl });
      for (const name of ["topic", "lang", "like"]) {
        if (this.getAttribute(name)) asked.set(name, this.getAttribute(name));
      }
      asked.set("limit", Math.min(Math.max(parseInt(this.getAttribute("limit"), 10) || 5, 1), 20));
      this.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(`${home}/api/v2/suggestions?${asked}`, {
          credentials: "omit", referrerPolicy: "no-referrer", signal: asking.signal,
        });
        if (!answer.ok) throw new Error(answer.status);
        this.#show(hl, await answer.json());
      } catch (error) {
        if (error.name === "AbortError") return;
        this.#show(hl, null);
      }
      this.removeAttribute("aria-busy");
    }

    #show(hl, found) {
      const [title, follow, nobody, failed, promise] = WORDS[hl];
      const heading = make("h2", { id: "title", part: "title" }, this.getAttribute("heading") || title);
      const section = make("section", { lang: hl, dir: hl === "ar" ? "rtl" : "ltr" }, heading);
      section.setAttribute("part", "box");
      section.setAttribute("aria-labelledby", "title");
      if (found?.length) {
        section.append(make("ul", {}, ...found.map((one) => this.#person(one, follow))));
      } else {
        section.append(make("p", { role: "status" }, found ? nobody : failed), document.createElement("slot"));
      }
      const topic = this.getAttribute("topic");
      const more = `${home}/discover${topic ? `?topic=${encodeURIComponent(topic)}` : ""}`;
      section.append(make("p", { className: "foot" }, `${promise} `, link(more, {}, "Waypost")));
      this.shadowRoot.replaceChildren(section);
    }

    #person({ account, waypost }, follow) {
      const profile = web(account.url) || `${home}/account/${encodeURIComponent(account.acct)}`;
      const why = waypost.reasons.map((one) => one.text).join(" · ");
      const person = make("li", {});
      person.setAttribute("part", "person");
      if (this.getAttribute("avatars") !== "none") {
        person.append(face(account));
      }
      const handle = make("bdi", { dir: "ltr" }, `@${account.acct}`);
      person.append(
        make("div", { className: "who" },
          link(profile, { className: "name" }, make("bdi", {}, ...named(account))),
          make("small", {}, handle), make("small", { dir: "auto" }, why)),
        link(`${home}/follow?account=${encodeURIComponent(account.acct)}`, { className: "follow" },
          follow, make("span", { className: "hidden" }, ` @${account.acct}`)),
      );
      return person;
    }
  }
  customElements.define(NAME, WaypostSuggestions);
})();
