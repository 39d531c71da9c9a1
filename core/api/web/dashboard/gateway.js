// The gateway this page comes from: its admin routes, and the live feed. The key is kept in this tab's session alone and goes
// into a header, never into an address.

const STORED = "heliograph.key";
// An event comes every second; after this long without one the connection is taken for dead.
const SILENCE_MS = 10_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000];

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const key = {
  get: () => sessionStorage.getItem(STORED) ?? "",
  set: (value) => sessionStorage.setItem(STORED, value),
  forget: () => sessionStorage.removeItem(STORED),
};

// Relative to the page, so that a proxy may put the gateway below a path.
const address = (path) => new URL(path, document.baseURI);

async function refusal(response) {
  let detail = `The gateway answered ${response.status}.`;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // Not the gateway's own words: a proxy's.
  }
  return new Refused(response.status, detail);
}

export async function ask(method, path, body) {
  const headers = {"X-API-Key": key.get()};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(address(path), {
    method, headers, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

export const get = (path) => ask("GET", path);
export const post = (path, body) => ask("POST", path, body);

// The data of each event in a stream of server-sent events.
async function* events(body, touch) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    touch();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
      if (data.length > 0) yield data.join("\n");
    }
  }
}

async function listen(signal, hear) {
  const silence = new AbortController();
  let timer = 0;
  const touch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  touch();
  try {
    const response = await fetch(address("v1/admin/live"), {
      headers: {"X-API-Key": key.get(), "Accept": "text/event-stream"}, cache: "no-store",
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok) throw await refusal(response);
    for await (const data of events(response.body, touch)) hear(JSON.parse(data));
  } finally {
    clearTimeout(timer);
  }
}

const pause = (ms, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, {once: true});
});

// Hears snapshots until `signal` is aborted, over as many connections as it takes. `state(word, detail)`: "live", "lost". Ends
// with a Refused where the key does not open the feed.
export async function watch(signal, hear, state) {
  let failures = 0;
  while (!signal.aborted) {
    let detail = "the connection ended";
    try {
      await listen(signal, (snapshot) => {
        failures = 0;
        state("live", "");
        hear(snapshot);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) throw error;
      detail = error instanceof Refused ? error.message : "the gateway cannot be reached";
    }
    if (signal.aborted) return;
    state("lost", detail);
    await pause(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)], signal);
  }
}
