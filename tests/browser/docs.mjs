// Opens /docs of a running gateway in chromium, as a person would: shows the operation that sends a message, gives the key, sends
// the example. Prints what was seen as JSON for tests/integration/docs_page_test.py to judge.
//
//   node docs.mjs BASE_URL KEY DEADLINE_SECONDS
import {chromium} from "playwright-core";

const [base, key, deadline] = process.argv.slice(2);
const seen = {console: [], failures: [], requests: [], operations: 0};

const browser = await chromium.launch({
  executablePath: process.env.HELIOGRAPH_CHROMIUM || "/usr/bin/chromium",
  // The sandbox needs a user that is not root.
  args: process.getuid() === 0 ? ["--no-sandbox", "--disable-dev-shm-usage"] : ["--disable-dev-shm-usage"],
  timeout: deadline * 1000,
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(deadline * 1000);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") seen.console.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => seen.failures.push(String(error)));
  page.on("requestfailed", (request) => seen.failures.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("request", (request) => seen.requests.push(request.url()));

  await page.goto(`${base}/docs`);
  await page.waitForSelector(".opblock");
  seen.title = await page.title();
  seen.operations = await page.locator(".opblock").count();

  await page.click(".auth-wrapper .authorize");
  await page.fill(".auth-container input[type=text] >> nth=0", key);
  await page.click(".auth-container button[type=submit] >> nth=0");
  await page.click(".auth-container .btn-done >> nth=0");

  const send = page.locator("#operations-messages-sendMessage");
  await send.locator(".opblock-summary-control").click();
  await send.locator(".btn.execute").click();
  const live = send.locator(".live-responses-table .response");
  await live.waitFor();
  seen.status = (await live.locator(".response-col_status").innerText()).trim().split(/\s+/)[0];
  seen.body = await live.locator(".response-col_description .microlight").first().innerText();
} finally {
  await browser.close();
  console.log(JSON.stringify(seen));
}
