#!/usr/bin/env python3
"""E-mail from the request to a real mail server's mailbox, and what its refusals do to a message and its provider.

Without Exim (Debian's exim4-daemon-light) the test is skipped, not passed.
"""
import base64
import email
import email.policy
import os
import sys

from harness import GatewayTest, main, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plugins", "providers", "smtp", "tests"))
import exim  # noqa: E402

SKIPPED = 77


class Email(GatewayTest):
    def setUp(self):
        super().setUp()
        self.server = exim.Exim()
        self.stack.callback(self.server.close)

    def provider_at(self, name="mail", **config):
        return {"id": name, "plugin": "smtp", "channels": ["email"], "timeout": "30s",
                "config": {"host": "127.0.0.1", "port": self.server.port, "ca_file": self.server.certificate, "username": "shop",
                           "password": exim.PASSWORD, **config}}

    def mail(self, gateway, **fields):
        answer = gateway.http.post("/v1/messages", {"channel": "email", "to": "b@example.org", "from": "shop@example.com", **fields})
        self.assertEqual(answer.status, 202, answer)
        return answer.json["message_id"]

    def test_text_html_and_an_attachment_arrive(self):
        gateway = self.gateway([self.provider_at(metadata_headers=["x-campaign"])])
        content = bytes(range(256)) * 20
        message_id = self.mail(gateway, subject="Größe", text="plain ü", html="<p>rich ü</p>",
                               metadata={"campaign": "spring", "internal": "4711"},
                               attachments=[{"filename": "Übersicht.bin", "content_type": "application/zip",
                                             "content": base64.b64encode(content).decode()}])
        message = gateway.wait_for_status(message_id, "SENT", "DELIVERED")
        self.assertEqual(message["provider"], "mail")
        raw = self.server.mail_about(message_id)
        self.assertNotIn(b"4711", raw)
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual((mail["Subject"], mail["x-campaign"]), ("Größe", "spring"))
        self.assertEqual(mail.get_body(("plain",)).get_content(), "plain ü")
        self.assertEqual(mail.get_body(("html",)).get_content(), "<p>rich ü</p>")
        [attachment] = mail.iter_attachments()
        self.assertEqual((attachment.get_filename(), attachment.get_content()), ("Übersicht.bin", content))
        self.assertIn(message["provider_message_id"], self.server.log())

    def test_fifty_mails_over_few_connections(self):
        gateway = self.gateway([self.provider_at(max_connections=3)])
        ids = [self.mail(gateway, subject=str(number), text="x") for number in range(50)]
        for message_id in ids:
            gateway.wait_for_status(message_id, "SENT", "DELIVERED")
        wait_until(lambda: len(self.server.mails()) >= 50, "the mails")
        self.assertEqual(len(self.server.mails()), 50, "each once")
        self.assertLessEqual(self.server.log().count("SMTP connection from [127.0.0.1]"), 8)

    def test_an_unknown_mailbox_fails_the_message_alone(self):
        gateway = self.gateway([self.provider_at()])
        message = gateway.wait_for_status(self.mail(gateway, to="unknown@example.org", text="x"), "FAILED_PERM")
        self.assertEqual(message["attempts"], 1)
        gateway.wait_for_status(self.mail(gateway, text="x"), "SENT", "DELIVERED")

    def test_a_busy_mailbox_is_tried_again(self):
        gateway = self.gateway([self.provider_at()], retry={"max_attempts": 3})
        message = gateway.wait_for_status(self.mail(gateway, to="busy@example.org", text="x"), "FAILED_PERM")
        self.assertEqual(message["attempts"], 3)

    def test_wrong_credentials_send_mail_elsewhere(self):
        gateway = self.gateway([self.provider_at("wrong", password="no"), self.provider_at("right", username="shop")])
        for _ in range(4):
            message = gateway.wait_for_status(self.mail(gateway, text="x"), "SENT", "DELIVERED")
            self.assertEqual(message["provider"], "right")

    def test_stopping_leaves_nothing(self):
        gateway = self.gateway([self.provider_at()])
        gateway.wait_for_status(self.mail(gateway, text="x"), "SENT", "DELIVERED")
        gateway.stop()


if __name__ == "__main__":
    if exim.PROGRAM is None:
        print("skipped: there is no exim4 here (packaging/install-deps.sh)")
        sys.exit(SKIPPED)
    main()
