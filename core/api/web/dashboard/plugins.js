// The plugins that run: file, version, generation, and what they did against the rules.
import {begin, byId, count, element, pill, say, table} from "./elements.js";
import {get} from "./gateway.js";

function misbehaviour(instance) {
  const kinds = Object.entries(instance.misbehaviour);
  if (kinds.length === 0) return "none";
  return kinds.map(([kind, times]) => `${kind.replaceAll("_", " ")}: ${count(times)}`).join(", ");
}

function row(instance) {
  const file = (instance.file ?? "").split("/").at(-1);
  return element("tr", {},
    element("th", {scope: "row"}, instance.name),
    element("td", {}, instance.kind),
    element("td", {}, `${instance.plugin} ${instance.version ?? ""}`),
    element("td", {class: "number"}, count(instance.generation)),
    element("td", {}, pill(instance.state, instance.state === "running" ? "good" : "bad"), instance.problem ? ` ${instance.problem}` : ""),
    element("td", {}, misbehaviour(instance)),
    element("td", {title: `${instance.file ?? ""} sha256 ${instance.sha256 ?? ""}`}, file, " ",
      element("code", {}, (instance.sha256 ?? "").slice(0, 12))));
}

export async function show() {
  const place = byId("plugin-list");
  const isLast = begin(place);
  try {
    const {plugins} = await get("v1/admin/plugins");
    if (!isLast()) return;
    place.replaceChildren(table("Plugins",
      ["Instance", "Kind", "Plugin and version", "Generation", "State", "Against the rules", "File"], plugins.map(row)));
  } catch (error) {
    say(`The plugins cannot be shown: ${error.message}`);
  }
}

export function prepare() {
  byId("plugins-refresh").addEventListener("click", async () => {
    await show();
    say("Plugins refreshed.");
  });
}
