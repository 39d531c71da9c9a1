// Uses the dashboard of a running gateway in chromium as an operator would, in steps that the caller may wait between. Prints what
// was seen as JSON for tests/integration/dashboard_test.py to judge.
//
//   node dashboard.mjs BASE_URL KEY DEADLINE_SECONDS PICTURES_FOLDER
//
// Each line on standard input is a step (see `steps`) as JSON: {"step": "name", ...}; each answer is one line as well.
import {readFile} from "node:fs/promises";
import {createInterface} from "node:readline";
import {chromium} from "playwright-core";

const [base, key, deadline, pictures] = process.argv.slice(2);
const axe = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const seen = {console: [], failures: [], requests: [], violations: []};

const browser = await chromium.launch({
  executablePath: process.env.HELIOGRAPH_CHROMIUM || "/usr/bin/chromium",
  // The sandbox needs a user that is not root.
  args: process.getuid() === 0 ? ["--no-sandbox", "--disable-dev-shm-usage"] : ["--disable-dev-shm-usage"],
  timeout: deadline * 1000,
});

let page = null;
const held = [];  // requests kept back

async function open({scheme = "light", width = 1280, height = 1000, motion = "no-preference"}) {
  await page?.context().close();
  const context = await browser.newContext({colorScheme: scheme, reducedMotion: motion, viewport: {width, height}});
  page = await context.newPage();
  page.setDefaultTimeout(deadline * 1000);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") seen.console.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => seen.failures.push(String(error)));
  page.on("request", (request) => seen.requests.push({url: request.url(), key: request.headers()["x-api-key"] ?? ""}));
  await page.addInitScript(() => {
    window.policyFaults = [];
    document.addEventListener("securitypolicyviolation", (event) => window.policyFaults.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(`${base}/`);
  return {title: await page.title()};
}

// With the keyboard alone: the field has the focus already.
async function signIn({with: given = key}) {
  await page.keyboard.type(given);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => !document.getElementById("overview").hidden ||
    document.getElementById("key-fault").textContent !== "");
  return {fault: await page.locator("#key-fault").innerText(), state: await page.locator("#state").innerText()};
}

const colours = () => page.evaluate(() => {
  const of = (name) => getComputedStyle(document.body)[name];
  return {ground: of("backgroundColor"), text: of("color")};
});

const steps = {
  open,
  signIn,
  colours,
  waitFor: async ({selector, text}) => {
    await page.locator(selector, text ? {hasText: text} : {}).first().waitFor();
    return page.locator(selector, text ? {hasText: text} : {}).first().innerText();
  },
  text: ({selector}) => page.locator(selector).first().innerText(),
  texts: ({selector}) => page.locator(selector).allInnerTexts(),
  attribute: ({selector, name}) => page.locator(selector).first().getAttribute(name),
  count: ({selector}) => page.locator(selector).count(),
  click: async ({selector}) => { await page.locator(selector).first().click(); },
  fill: async ({selector, value}) => { await page.locator(selector).fill(value); },
  choose: async ({selector, value}) => { await page.locator(selector).selectOption(value); },
  press: async ({keys}) => { for (const one of keys) await page.keyboard.press(one); },
  focused: () => page.evaluate(() => document.activeElement.getAttribute("aria-label") || document.activeElement.innerText || document.activeElement.id),
  // Tab until something of that name has the focus; how many it took, or null.
  tabTo: async ({name, most = 60}) => {
    for (let i = 1; i <= most; ++i) {
      await page.keyboard.press("Tab");
      if (await steps.focused() === name) return i;
    }
    return null;
  },
  accept: async () => { page.once("dialog", (dialog) => dialog.accept()); },
  stored: () => page.evaluate(() => ({session: {...sessionStorage}, local: {...localStorage}, url: location.href})),
  width: () => page.evaluate(() => ({page: document.documentElement.scrollWidth, window: innerWidth})),
  // The rules of WCAG 2.1 A and AA, and best practices; evaluated, since the page's policy lets no other script in.
  scan: async ({name}) => {
    await page.evaluate(axe);
    const found = await page.evaluate(() => axe.run(document, {resultTypes: ["violations"]}));
    return found.violations.flatMap((fault) => fault.nodes.map((node) => `${name}: ${fault.id}: ${node.html} ${node.failureSummary}`));
  },
  picture: async ({name}) => { await page.screenshot({path: `${pictures}/${name}.png`}); },
  faults: async () => ({...seen, policy: await page.evaluate(() => window.policyFaults)}),
  forget: () => { seen.console.length = 0; },
  // The next request whose address has `part` is kept back until it is let go.
  hold: async ({part}) => {
    await page.route((url) => url.href.includes(part), (route) => { held.push(route); }, {times: 1});
  },
  letGo: async () => {
    const route = held.shift();
    const answered = page.waitForResponse((response) => response.request() === route.request());
    await route.continue();
    await (await answered).finished();
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  },
  held: () => held.length,
  // What the page's own modules say of snapshots that are so many seconds apart, or of two runs.
  rates: () => page.evaluate(async () => {
    const {perSecond} = await import("/dashboard/overview.js");
    const {Chart} = await import("/dashboard/charts.js");
    const snapshot = (at, sent, run = 0) => ({at: new Date(at * 1_000).toISOString(), started_at: new Date(run).toISOString(),
      providers: [{id: "p", outcomes: {SENT: sent}}]});
    const read = (provider) => provider.outcomes.SENT;
    const chart = new Chart(document.createElement("div"), ["one"]);
    for (const value of [1, 2, 3]) chart.add([value]);
    chart.interrupt();
    for (const value of [4, 5]) chart.add([value]);
    return {next: perSecond(snapshot(102, 30), snapshot(100, 10), read), hidden: perSecond(snapshot(700, 6_010), snapshot(100, 10), read),
      restarted: perSecond(snapshot(102, 30, 1), snapshot(100, 10), read), first: perSecond(snapshot(1, 1), null, read),
      lines: chart.lines[0].getAttribute("d").split("M").slice(1).map((line) => line.split("L").length)};
  }),
};

try {
  for await (const line of createInterface({input: process.stdin})) {
    const {step, ...given} = JSON.parse(line);
    try {
      console.log(JSON.stringify({value: (await steps[step](given)) ?? null}));
    } catch (error) {
      console.log(JSON.stringify({error: String(error)}));
    }
  }
} finally {
  await browser.close();
}
