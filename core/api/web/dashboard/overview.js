// The overview, moved by every snapshot of the live feed.
import {Chart} from "./charts.js";
import {byId, clock, count, describe, duration, element, keyed, percent, pill, rate, say, setText} from "./elements.js";
import {post} from "./gateway.js";
import {openStory} from "./messages.js";

const FAILURES = ["REJECTED", "RETRY", "UNKNOWN", "REFUSED"];

let charts = null;
let last = null;  // the snapshot before

const sentOf = (provider) => provider.outcomes.SENT;
const failedOf = (provider) => FAILURES.reduce((sum, outcome) => sum + provider.outcomes[outcome], 0);

// Nobody looked meanwhile, or the feed was lost: what lies between is no figure of this second.
const GAP_SECONDS = 5;

// Seconds from one snapshot to the next; null: they do not follow each other.
export function secondsBetween(now, before) {
  if (!before || now.started_at !== before.started_at) return null;
  const seconds = (Date.parse(now.at) - Date.parse(before.at)) / 1_000;
  return seconds <= GAP_SECONDS ? seconds : null;
}

// A second's worth of what was counted between two snapshots; null: not to be told (the first one, a counter that was reset).
export function perSecond(now, before, read) {
  if (secondsBetween(now, before) === null) return null;
  const seconds = (Date.parse(now.at) - Date.parse(before.at)) / 1_000;
  let sum = 0;
  for (const provider of now.providers) {
    const old = before.providers.find((other) => other.id === provider.id);
    const grown = old ? read(provider) - read(old) : 0;
    if (grown < 0) return null;
    sum += grown;
  }
  return seconds > 0 ? sum / seconds : null;
}

export function stateOf(provider) {
  if (provider.quarantined) return ["quarantined", "bad", provider.quarantined];
  if (provider.draining) return ["draining", "warn", "finishes what is in flight"];
  if (!provider.enabled) return ["disabled", "warn", ""];
  if (provider.circuit === "open") return ["unhealthy", "bad", provider.reason ?? ""];
  if (provider.circuit === "half_open") return ["probing", "warn", provider.reason ?? ""];
  if (provider.paused_until && Date.parse(provider.paused_until) > Date.now()) return ["paused", "warn", "throttled or limited"];
  return ["healthy", "good", ""];
}

function showTiles(snapshot) {
  const {queue, latency} = snapshot;
  const oldest = Math.max(...Object.values(queue.lanes).map((lane) => lane.oldest_seconds));
  const spread = (times) => (times ? `95 % within ${duration(times.p95_ms)}` : "none since the start");
  describe(byId("tiles"), [
    ["Accepted", `${rate(snapshot.accepted_per_second)}/s`, queue.accepting ? "" : "the store takes none"],
    ["Sent", `${rate(perSecond(snapshot, last, sentOf))}/s`, ""],
    ["Failed attempts", `${rate(perSecond(snapshot, last, failedOf))}/s`, ""],
    ["Waiting", count(queue.waiting), `${count(queue.later)} not due yet`],
    ["Being sent", count(queue.sending), ""],
    ["Longest wait", oldest > 0 ? duration(oldest * 1_000) : "none", "since it was due"],
    ["Until sent", latency.sent ? duration(latency.sent.p50_ms) : "–", spread(latency.sent)],
    ["Until delivered", latency.delivered ? duration(latency.delivered.p50_ms) : "–", spread(latency.delivered)],
  ]);
}

function showUse(use) {
  if (!use) return [element("span", {class: "muted"}, "none")];
  const words = `${count(use.count)} of ${count(use.count + use.remaining)} ${use.unit} in ${duration(use.window_ms)}`;
  const meter = element("meter", {min: 0, max: use.count + use.remaining, value: use.count, "aria-label": words, title: words});
  const wait = use.limited ? `, next in ${duration(use.retry_after_ms)}` : "";
  return [meter, element("span", {class: "muted"}, ` ${count(use.count)}/${count(use.count + use.remaining)}${wait}`)];
}

async function act(provider, action) {
  if (action === "drain" && !confirm(`Drain ${provider}? It gets nothing new until it is enabled.`)) return;
  try {
    say(`${provider}: ${action} …`);
    await post(`v1/admin/providers/${encodeURIComponent(provider)}/${action}`);
    say(`${provider}: ${action} done.`);
  } catch (error) {
    say(`${provider}: ${action} failed. ${error.message}`);
  }
}

function providerRow({id}) {
  const button = (action, label) => element("button", {
    type: "button", "data-action": action, "aria-label": `${label} ${id}`, onclick: () => act(id, action),
  }, label);
  return element("tr", {},
    element("th", {scope: "row"}, id, element("span", {class: "muted channels"})),
    element("td", {}), element("td", {class: "number"}), element("td", {class: "number"}), element("td", {class: "number"}),
    element("td", {}),
    element("td", {class: "actions"}, button("enable", "Enable"), button("disable", "Disable"), button("drain", "Drain"),
      button("reset", "Reset")));
}

function updateProvider(row, provider, snapshot) {
  const [, state, sent, failures, flight, limit, actions] = row.children;
  const [word, kind, reason] = stateOf(provider);
  if (state.dataset.word !== word + reason) {
    if (state.dataset.word !== undefined) say(`${provider.id} is ${word}. ${reason}`);
    state.dataset.word = word + reason;
    state.replaceChildren(pill(word, kind), element("span", {class: "muted"}, ` ${reason}`));
  }
  setText(row.querySelector(".channels"), ` ${provider.channels.join(", ")}`);
  const one = (all) => all && {...all, providers: all.providers.filter((other) => other.id === provider.id)};
  setText(sent, rate(perSecond(one(snapshot), one(last), sentOf)));
  const judged = provider.window.successes + provider.window.failures;
  setText(failures, judged === 0 ? "–" : `${percent(provider.window.failure_rate)} of ${count(judged)}`);
  setText(flight, `${count(provider.in_flight)}/${count(provider.max_in_flight)}`);
  limit.replaceChildren(...showUse(snapshot.limits.providers.find((use) => use.id === provider.id)?.limit));
  actions.querySelector("[data-action=enable]").disabled = provider.enabled && !provider.draining;
  actions.querySelector("[data-action=disable]").disabled = !provider.enabled;
}

function showMessages(list, none, messages) {
  keyed(list, messages, (message) => message.id,
    (message) => element("li", {},
      element("button", {type: "button", class: "row", onclick: () => openStory(message.id)},
        element("span", {class: "what"}), element("span", {class: "muted reason"}))),
    (item, message) => {
      const stamp = message.updated_at + message.status;
      if (item.dataset.stamp === stamp) return;
      item.dataset.stamp = stamp;
      item.querySelector(".what").replaceChildren(pill(message.status), ` ${message.to} `,
        element("span", {class: "muted"}, message.client, message.provider ? ` · ${message.provider}` : "", " · ", clock(message.created_at)));
      const failed = ["FAILED_PERM", "FAILED_TEMP", "EXPIRED", "UNKNOWN"].includes(message.status);
      const why = [message.reason?.replaceAll("_", " "), message.last_error].filter(Boolean).join(": ");
      setText(item.querySelector(".reason"), failed ? why || "no reason was given" : "");
    });
  none.hidden = messages.length > 0;
}

function showUnready(snapshot) {
  const notice = byId("unready");
  notice.hidden = snapshot.ready;
  setText(notice, snapshot.ready ? "" : `Not ready: ${snapshot.reasons.join("; ")}`);
}

function showLimits({total, dispatch}) {
  const list = byId("limits");
  list.replaceChildren(...[["Accepting (limits.total)", total], ["Sending (limits.dispatch)", dispatch]].map(([name, use]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, ...showUse(use)))));
}

export function show(snapshot) {
  const sent = perSecond(snapshot, last, sentOf);
  if (last && secondsBetween(snapshot, last) === null) for (const chart of Object.values(charts)) chart.interrupt();
  showUnready(snapshot);
  showTiles(snapshot);
  charts.throughput.add([snapshot.accepted_per_second, sent]);
  charts.queue.add([snapshot.queue.waiting, snapshot.queue.sending]);
  describe(byId("lanes"), Object.entries(snapshot.queue.lanes).map(([name, lane]) =>
    [name, `${count(lane.live)}${lane.more ? "+" : ""}`, lane.oldest_seconds > 0 ? `oldest ${duration(lane.oldest_seconds * 1_000)}` : ""]));
  keyed(byId("providers"), snapshot.providers, (provider) => provider.id, providerRow,
    (row, provider) => updateProvider(row, provider, snapshot));
  showLimits(snapshot.limits);
  showMessages(byId("newest"), byId("newest-none"), snapshot.newest);
  showMessages(byId("failures"), byId("failures-none"), snapshot.failures);
  setText(byId("failures-none"), snapshot.failures_complete ? "Nothing has failed." :
    "Nothing has failed since the start. Older failures may be among the dead letters.");
  last = snapshot;
}

export const providerNames = () => (last ? last.providers.map((provider) => provider.id) : []);

export function prepare() {
  charts = {
    throughput: new Chart(byId("throughput"), ["accepted", "sent"]),
    queue: new Chart(byId("queue"), ["waiting", "being sent"]),
  };
}
