#!/usr/bin/env python3
"""The process itself: TLS listeners, what signals do, what a start with wrong files says."""
import http.client
import os
import signal
import ssl
import subprocess

from harness import KEY, GatewayTest, cli, free_port, main, toml_section, wait_until


def make_certificate(folder, name="server"):
    cert, key = os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key


class Serve(GatewayTest):
    def test_tls_listener(self):
        cert, key = make_certificate(self.folder)
        port = free_port()
        gateway = self.gateway([], extra=toml_section("[[http.listener]]", {
            "listen": f"127.0.0.1:{port}", "cert": cert, "key": key}))
        trusting = ssl.create_default_context(cafile=cert)
        connection = http.client.HTTPSConnection("localhost", port, context=trusting, timeout=20)
        connection.request("GET", "/v1/me", headers={"X-API-Key": KEY})
        self.assertEqual(connection.getresponse().status, 200)
        self.assertIn(connection.sock.version(), ("TLSv1.2", "TLSv1.3"))
        connection.close()
        # The plain listener goes on, and plain text on the TLS port gets no answer from a resource.
        self.assertEqual(gateway.http.get("/v1/me").status, 200)
        old = ssl.create_default_context(cafile=cert)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            refused = http.client.HTTPSConnection("localhost", port, context=old, timeout=20)
            refused.request("GET", "/healthz")

    def test_wrong_tls_files_are_a_configuration_error(self):
        cert, key = make_certificate(self.folder)
        _, other_key = make_certificate(self.folder, "other")
        for name, files in {"missing": {"cert": os.path.join(self.folder, "none.pem"), "key": key},
                            "of another": {"cert": cert, "key": other_key}}.items():
            with self.subTest(name):
                gateway = self.gateway([], start=False, extra=toml_section("[[http.listener]]", {
                    "listen": "127.0.0.1:0", **files}))
                for command in ["config", "check"], ["serve"]:
                    result = cli([*command, "--config", gateway.config], self.folder)
                    self.assertEqual(result.returncode, 78, result)
                    self.assertIn("listener 127.0.0.1:0", result.stderr)
                    self.assertIn(list(files.values())[name == "of another"], result.stderr)

    def test_hangup_is_survived(self):
        gateway = self.gateway([])
        gateway.process.process.send_signal(signal.SIGHUP)
        gateway.process.wait_for_line("configuration reloaded")
        self.assertEqual(gateway.http.get("/healthz").status, 200)
        gateway.stop()

    def test_a_second_sigterm_ends_at_once(self):
        mock = self.mock("provider1", latency=60000)
        gateway = self.gateway([self.provider(mock, timeout="100s")], shutdown={"drain_timeout": "100s"})
        message_id = gateway.send()
        wait_until(lambda: mock.count() == 1, "the send to be in flight")
        gateway.process.process.send_signal(signal.SIGTERM)
        # The drain has begun once nobody is let in any more.
        wait_until(lambda: not accepts_connections(gateway.port), "the listener to close")
        gateway.process.process.send_signal(signal.SIGTERM)
        self.assertNotEqual(gateway.process.wait(10), 0)
        gateway.start()
        self.assertEqual(gateway.message(message_id)["attempts"], 1, "it is known that it was begun")


def accepts_connections(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (ConnectionError, http.client.HTTPException, TimeoutError):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
