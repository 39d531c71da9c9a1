// Verifies callbacks with the reference library of Standard Webhooks, as a receiver would.
// stdin: [{"secret": ..., "headers": {...}, "body": ...}, ...]; stdout: one entry each, the payload or {"error": ...}.
import { Webhook } from "standardwebhooks";

let input = "";
for await (const chunk of process.stdin) input += chunk;
const verdicts = JSON.parse(input).map(({ secret, headers, body }) => {
  try {
    return { payload: new Webhook(secret).verify(body, headers) };
  } catch (error) {
    return { error: String(error.message) };
  }
});
console.log(JSON.stringify(verdicts));
