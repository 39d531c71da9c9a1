// Search, dead letters, and a message's whole story.
import {begin, byId, clock, count, duration, element, pill, say, setText, table} from "./elements.js";
import {get, post} from "./gateway.js";

const STATUSES = ["SCHEDULED", "QUEUED", "SENDING", "SENT", "DELIVERED", "FAILED_TEMP", "FAILED_PERM", "EXPIRED", "CANCELLED", "UNKNOWN"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DEAD = ["FAILED_PERM", "EXPIRED", "UNKNOWN"];

const path = (id, rest = "") => `v1/admin/messages/${encodeURIComponent(id)}${rest}`;
const why = (message) => [message.reason?.replaceAll("_", " "), message.last_error].filter(Boolean).join(": ");

// What was typed, as the search's parameter: a number, else the client's own reference.
export function termOf(typed) {
  return /^\+?[\d ().-]{5,}$/.test(typed) ? ["to", typed] : ["client_reference", typed];
}

function row(message, action) {
  return element("tr", {},
    element("td", {}, clock(message.created_at)),
    element("td", {}, pill(message.status)),
    element("td", {}, message.client),
    element("td", {}, message.to, message.text === undefined ? "" : element("span", {class: "muted"}, ` “${message.text}”`)),
    element("td", {}, message.provider ?? ""),
    element("td", {class: "number"}, count(message.attempts)),
    element("td", {}, why(message)),
    element("td", {class: "actions"},
      element("button", {type: "button", "aria-label": `Story of message ${message.id}`, onclick: () => openStory(message.id)}, "Story"),
      action ?? null));
}

const HEADS = ["Accepted", "Status", "Client", "To", "Provider", "Attempts", "Why", "Do"];

// Shows pages of a list in `place`, each under the one before.
async function list(place, caption, parameters, actionOf = () => null, cursor = "") {
  const query = new URLSearchParams({limit: "50", ...parameters, ...(cursor ? {cursor} : {})});
  const isLast = begin(place);
  let page;
  try {
    page = await get(`v1/admin/messages?${query}`);
    if (!isLast()) return;
  } catch (error) {
    if (isLast()) place.replaceChildren(element("p", {class: "fault", role: "alert"}, error.message));
    return;
  }
  const rows = page.messages.map((message) => row(message, actionOf(message)));
  if (cursor === "") {
    const nothing = page.next_cursor ? "None among the newest; there are older ones." : "None.";
    place.replaceChildren(rows.length > 0 ? table(caption, HEADS, rows) : element("p", {class: "muted"}, nothing));
  } else {
    place.querySelector(".more")?.remove();
    const body = place.querySelector("tbody");
    if (body) body.append(...rows);
    else if (rows.length > 0) place.replaceChildren(table(caption, HEADS, rows));
  }
  if (page.next_cursor) {
    place.append(element("button", {type: "button", class: "more",
      onclick: () => list(place, caption, parameters, actionOf, page.next_cursor)}, "Older ones"));
  }
  say(`${caption}: ${count(place.querySelectorAll("tbody tr").length)} shown.`);
}

async function search(event) {
  event.preventDefault();
  const form = byId("search");
  const typed = form.elements.query.value.trim();
  if (UUID.test(typed)) {
    openStory(typed.toLowerCase());
    return;
  }
  const parameters = {};
  if (typed !== "") {
    const [name, value] = termOf(typed);
    parameters[name] = value;
  }
  for (const name of ["status", "provider", "client"]) {
    if (form.elements[name].value !== "") parameters[name] = form.elements[name].value;
  }
  if (form.elements.personal.checked) parameters.personal = "true";
  await list(byId("found"), "Messages found", parameters);
}

const letters = new WeakMap();  // whose message a button requeues

// Whether it was.
async function requeue(button) {
  const message = letters.get(button);
  button.disabled = true;
  try {
    const answer = await post(path(message.id, "/requeue"), {});
    button.closest("tr")?.querySelector(".pill")?.replaceWith(pill(answer.status));
    setText(button, "Requeued");
    say(`Message to ${message.to} requeued.`);
    return true;
  } catch (error) {
    button.disabled = false;
    say(`Not requeued: ${error.message}`);
    return false;
  }
}

function requeueButton(message) {
  const button = element("button", {type: "button", class: "requeue", "aria-label": `Requeue message ${message.id}`,
    onclick: () => requeue(button)}, "Requeue");
  letters.set(button, message);
  return button;
}

async function requeueShown() {
  const buttons = [...byId("dead").querySelectorAll(".requeue:enabled")];
  if (buttons.length === 0 || !confirm(`Requeue ${buttons.length} messages?`)) return;
  let done = 0;
  for (const button of buttons) done += await requeue(button) ? 1 : 0;
  say(`${done} of ${buttons.length} requeued.`);
}

export const showDeadLetters = () => list(byId("dead"), "Dead letters", {dead_letters: "true"}, requeueButton);

function options(select, names) {
  const chosen = select.value;
  select.replaceChildren(element("option", {value: ""}, "any"), ...names.map((name) => element("option", {value: name}, name)));
  select.value = names.includes(chosen) ? chosen : "";
}

export async function showSearch() {
  try {
    const [{providers}, {clients}] = await Promise.all([get("v1/admin/providers"), get("v1/admin/clients")]);
    options(byId("provider"), providers.map((provider) => provider.id));
    options(byId("client"), clients.map((client) => client.name));
  } catch (error) {
    say(`The filters cannot be filled: ${error.message}`);
  }
  if (byId("found").childElementCount === 0) await list(byId("found"), "Messages found", {});
}

function facts(message) {
  const rows = [
    ["Id", message.id], ["Client", message.client], ["Status", message.status], ["Why", why(message)], ["To", message.to],
    ["From", message.from], ["Text", message.text], ["Channel", message.channel], ["Priority", message.priority],
    ["Parts", count(message.parts)], ["Cost", `${(message.cost_cents / 100).toFixed(2)}`], ["Provider", message.provider],
    ["Provider's id", message.provider_message_id], ["Reference", message.client_reference],
    ["Possible duplicate", message.possible_duplicate ? "yes" : undefined], ["Accepted", clock(message.created_at)],
    ["Send at", message.send_at && clock(message.send_at)], ["Expires", clock(message.expires_at)],
  ];
  return element("dl", {class: "facts"}, ...rows.filter(([, value]) => value).flatMap(([name, value]) =>
    [element("dt", {}, name), element("dd", {}, value)]));
}

function attempt(one) {
  const took = one.finished_at ? duration(Date.parse(one.finished_at) - Date.parse(one.started_at)) : "under way";
  return element("tr", {}, element("td", {class: "number"}, count(one.number)), element("td", {}, one.provider),
    element("td", {}, one.outcome ?? "", one.status_code ? ` (${one.status_code})` : ""), element("td", {}, one.detail ?? ""),
    element("td", {}, clock(one.started_at)), element("td", {}, took));
}

function happened(event) {
  return element("tr", {}, element("td", {}, clock(event.at)), element("td", {}, pill(event.status)), element("td", {}, event.detail ?? ""));
}

function callback(one) {
  return element("tr", {}, element("td", {}, clock(one.created_at)), element("td", {}, one.type), element("td", {}, one.origin),
    element("td", {}, pill(one.status, {delivered: "good", failed: "bad"}[one.status])), element("td", {class: "number"}, count(one.attempts)),
    element("td", {}, [one.last_status_code, one.error].filter(Boolean).join(" ")));
}

function part(title, heads, rows) {
  return [element("h3", {}, `${title} (${rows.length})`), rows.length > 0 ? table(title, heads, rows) : element("p", {class: "muted"}, "None.")];
}

function tell(story, id) {
  const body = [facts(story.message)];
  if (story.message.text === undefined) {
    body.push(element("button", {type: "button", onclick: () => fill(id, true)}, "Show number and text (it is logged)"), " ");
  }
  if (DEAD.includes(story.message.status)) body.push(requeueButton(story.message));
  body.push(...part("Attempts", ["No.", "Provider", "Outcome", "Detail", "Begun", "Took"], story.attempts.map(attempt)),
    ...part("Events", ["At", "Status", "Detail"], story.events.map(happened)),
    ...part("Callbacks", ["Made", "Event", "To", "State", "Attempts", "Last answer"], story.callbacks.map(callback)));
  return body;
}

async function fill(id, personal) {
  const body = byId("story-body");
  const isLast = begin(body);
  try {
    const story = await get(path(id, personal ? "?personal=true" : ""));
    if (isLast()) body.replaceChildren(...tell(story, id));
  } catch (error) {
    if (isLast()) body.replaceChildren(element("p", {class: "fault", role: "alert"}, error.message));
  }
}

export async function openStory(id) {
  const dialog = byId("story");
  byId("story-body").replaceChildren(element("p", {class: "muted"}, "Reading …"));
  if (!dialog.open) dialog.showModal();
  await fill(id, false);
}

export function prepare() {
  byId("status").append(...STATUSES.map((name) => element("option", {value: name}, name)));
  byId("search").addEventListener("submit", search);
  byId("dead-refresh").addEventListener("click", showDeadLetters);
  byId("dead-all").addEventListener("click", requeueShown);
  byId("story-close").addEventListener("click", () => byId("story").close());
}
