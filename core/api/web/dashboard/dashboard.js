// The operators' page: signing in, the views, and the live feed that moves them.
import {byId, clear, say, setText} from "./elements.js";
import {get, key, Refused, watch} from "./gateway.js";
import * as messages from "./messages.js";
import * as overview from "./overview.js";
import * as plugins from "./plugins.js";

const VIEWS = {
  "overview": {title: "Overview"},
  "messages": {title: "Messages", show: messages.showSearch},
  "dead-letters": {title: "Dead letters", show: messages.showDeadLetters},
  "plugins": {title: "Plugins", show: plugins.show},
};

let watching = null;  // aborts the feed that is heard

function setState(word, text) {
  const node = byId("state");
  if (node.dataset.state === word && node.textContent === text) return;
  if (word === "lost" && node.dataset.state !== "lost") say(`Not live: ${text}`);
  if (word === "live" && node.dataset.state === "lost") say("Live again.");
  node.dataset.state = word;
  setText(node, text);
}

function currentView() {
  const name = location.hash.slice(1);
  return Object.hasOwn(VIEWS, name) ? name : "overview";
}

function route() {
  const signedIn = key.get() !== "";
  const name = currentView();
  byId("sign-in").hidden = signedIn;
  byId("sign-out").hidden = !signedIn;
  for (const view of Object.keys(VIEWS)) byId(view).hidden = !signedIn || view !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${signedIn ? VIEWS[name].title : "Sign in"} – Heliograph`;
  if (!signedIn) byId("key").focus();
  else VIEWS[name].show?.();
}

function signOut(fault = "") {
  watching?.abort();
  watching = null;
  key.forget();
  // What the next one may not see, or has not asked for.
  if (byId("story").open) byId("story").close();
  for (const id of ["story-body", "found", "dead", "newest", "failures", "plugin-list"]) clear(byId(id));
  byId("search").reset();
  byId("key").value = "";
  setText(byId("key-fault"), fault);
  setState("idle", "not connected");
  route();
}

async function hear() {
  if (watching || key.get() === "" || document.hidden) return;
  const control = new AbortController();
  watching = control;
  setState("idle", "connecting");
  try {
    await watch(control.signal, overview.show, (word, detail) => setState(word, word === "live" ? "live" : detail));
  } catch (error) {
    if (watching === control) signOut(error instanceof Refused ? error.message : String(error));
  } finally {
    if (watching === control) watching = null;
  }
}

function rest() {
  watching?.abort();
  watching = null;
}

async function signIn(event) {
  event.preventDefault();
  const fault = byId("key-fault");
  setText(fault, "");
  key.set(byId("key").value.trim());
  try {
    await get("v1/admin/queue");
  } catch (error) {
    key.forget();
    setText(fault, error.status === 403 ? "This key has no scope admin." : error.message);
    byId("key").focus();
    return;
  }
  byId("key").value = "";
  route();
  byId("main").focus();
  hear();
}

// The system's choice until somebody makes another, for this browser.
function theme() {
  const stored = localStorage.getItem("heliograph.theme");
  const dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  setText(byId("theme"), dark ? "Light" : "Dark");
}

byId("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme === "dark";
  localStorage.setItem("heliograph.theme", dark ? "light" : "dark");
  theme();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();  // the part behind '#' is the view's
  byId("main").focus();
});
byId("sign-in-form").addEventListener("submit", signIn);
byId("sign-out").addEventListener("click", () => { signOut(); say("Signed out."); });
window.addEventListener("hashchange", () => { route(); byId("main").focus(); });
// Nobody looks: the gateway need not tell.
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : hear()));
window.addEventListener("pagehide", rest);

theme();
overview.prepare();
messages.prepare();
plugins.prepare();
route();
hear();
