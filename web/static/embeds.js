/* The preview follows the form. Without this, the button does. */
const form = document.querySelector("form[data-live]");
let asking = null;
const show = async () => {
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(address, { signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = page.getElementById("made");
    if (!made) return;
    document.getElementById("made").replaceWith(document.adoptNode(made));
    history.replaceState(null, "", address);
  } catch { /* a newer question, or no network: what is shown stays */ }
};
form.addEventListener("input", show);
