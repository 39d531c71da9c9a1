"""/docs in a real browser: loads from the gateway alone, without a complaint, and its "Execute" sends a message."""
import json
import os
import shutil
import subprocess

import contract
from harness import KEY, PATIENCE, GatewayTest, main

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "browser")
DEADLINE_SECONDS = 60


class DocsPageTest(GatewayTest):
    def test_the_page_shows_the_contract_and_sends_its_example(self):
        for there in (shutil.which("node"), os.path.exists(os.path.join(FOLDER, "node_modules", "playwright-core")),
                      os.path.exists(os.environ.get("HELIOGRAPH_CHROMIUM", "/usr/bin/chromium"))):
            self.assertTrue(there, "node, chromium or tests/browser/node_modules is missing: run packaging/install-deps.sh")
        mock = self.mock()
        gateway = self.gateway([self.provider(mock)])
        base = f"http://127.0.0.1:{gateway.port}"
        seen = self.browse(base)

        self.assertEqual(seen["title"], "Heliograph API")
        self.assertEqual(seen["console"], [])
        self.assertEqual(seen["failures"], [])
        elsewhere = [url for url in seen["requests"] if not url.startswith((base + "/", "data:", "blob:"))]
        self.assertEqual(elsewhere, [], "the page asked another host")
        document = gateway.http.get("/openapi.json").json
        items = [*document["paths"].values(), *document["webhooks"].values()]
        self.assertEqual(seen["operations"], sum(1 for item in items for name in item if name in contract.METHODS))
        self.assertEqual(seen["status"], "202")
        sent = gateway.message(json.loads(seen["body"])["message_id"])
        self.assertEqual((sent["to"], sent["text"]), ("+14155552671", "Hello"))

    def browse(self, base):
        run = subprocess.run(["node", os.path.join(FOLDER, "docs.mjs"), base, KEY, str(int(DEADLINE_SECONDS * PATIENCE))],
                             capture_output=True, text=True, timeout=3 * DEADLINE_SECONDS * PATIENCE, check=False)
        self.assertEqual(run.returncode, 0, f"{run.stdout}\n{run.stderr}")
        return json.loads(run.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
