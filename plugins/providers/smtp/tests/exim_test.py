#!/usr/bin/env python3
"""Through Exim, a real mail server, and back: what it stored is parsed by Python's email package.

Without Exim (Debian's exim4-daemon-light) the test is skipped, not passed.
"""
import email
import email.header
import email.policy
import email.utils
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import exim
from exim import PASSWORD, Exim, wait_until

TOOL = os.environ["HELIOGRAPH_SMTP_SEND_TOOL"]
SKIPPED = 77  # ctest's SKIP_RETURN_CODE
SENT, REJECTED, RETRY, UNKNOWN, THROTTLED, REFUSED = range(6)
ALTERNATIVE, ATTACHMENT = 1, 3


class EximTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.exim = Exim()
        cls.addClassCleanup(cls.exim.close)
        cls.number = 0

    def send(self, *messages, **config):
        """Outcomes of the messages, in order; gives those without an id one."""
        for message in messages:
            EximTest.number += 1
            message.setdefault("id", f"m{EximTest.number:04d}")
            message.setdefault("from", "shop@example.com")
            message.setdefault("to", "b@example.org")
        full = {"host": "127.0.0.1", "port": self.exim.port, "ca_file": self.exim.certificate, "username": "shop",
                "password": PASSWORD, "ehlo_name": "gateway.example.com"}
        full.update(config)
        full = {key: value for key, value in full.items() if value is not None}
        run = subprocess.run([TOOL], input=json.dumps({"config": full, "messages": messages}), capture_output=True, text=True,
                             timeout=60, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        return [json.loads(line) for line in run.stdout.splitlines()]

    def sent(self, message, **config):
        """Sends one; the mail as parsed, and its bytes."""
        [result] = self.send(message, **config)
        self.assertEqual(result["outcome"], SENT, result)
        self.assertRegex(result["id"], r"^[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}$")
        self.assertIn(result["id"], self.exim.log())
        raw = self.exim.mail_about(message["id"])
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual([part.defects for part in parsed.walk() if part.defects], [])
        self.assertLessEqual(max(len(line) for line in raw.split(b"\n")), 998)
        return parsed, raw

    def test_a_plain_mail(self):
        before = time.time()
        mail, raw = self.sent({"subject": "Hello", "body": "How are you?\n.\n..dots\n.at the beginning\n"}, from_name="The Shop")
        self.assertEqual(mail["Subject"], "Hello")
        self.assertEqual(mail["From"], "The Shop <shop@example.com>")
        self.assertEqual(mail["To"], "b@example.org")
        self.assertRegex(mail["Message-ID"], r"^<m\d+@example\.com>$")
        self.assertEqual(mail["Return-path"], "<shop@example.com>")
        self.assertLess(abs(email.utils.parsedate_to_datetime(mail["Date"]).timestamp() - before), 60)
        self.assertEqual(mail.get_content_type(), "text/plain")
        self.assertEqual(mail.get_content_charset(), "utf-8")
        self.assertEqual(mail.get_content().rstrip("\n"), "How are you?\n.\n..dots\n.at the beginning")
        self.assertIn(b"P=esmtpsa", self.exim.log().encode())

    def test_text_of_every_kind(self):
        lines = ["Grüße aus Köln, 你好, 🎉", "trailing blank ", "trailing tab\t", "a=b=3D", "x" * 3000, "ü" * 900, "", "From here",
                 "quote \" and \\", "\u0000nul", "last"]
        mail, _ = self.sent({"subject": "t", "body": "\n".join(lines)})
        self.assertEqual(mail.get_content().rstrip("\n").split("\n"), lines)

    def test_line_ends_become_one_kind(self):
        mail, _ = self.sent({"subject": "t", "body": "a\r\nb\rc\nd"})
        self.assertEqual(mail.get_content().splitlines(), ["a", "b", "c", "d"])

    def test_subjects(self):
        subjects = ["Your order", "Ihre Bestellung – Größe über 100 €", "你好" * 60, "🎉" * 40, "=?UTF-8?Q?no?=", "a" * 300,
                    "word " * 60 + "end", "", 'quotes "and" (brackets) <x@y>', "two  blanks", "tab\there", "é" * 500]
        messages = [{"subject": subject, "body": "x"} for subject in subjects]
        results = self.send(*messages)
        self.assertEqual({result["outcome"] for result in results}, {SENT})
        for message, subject in zip(messages, subjects):
            raw = self.exim.mail_about(message["id"])
            parsed = email.message_from_bytes(raw, policy=email.policy.default)
            self.assertEqual(parsed["Subject"], subject)
            head = raw.split(b"\n\n")[0]
            self.assertTrue(head.isascii())
            self.assertLessEqual(max(len(line) for line in head.split(b"\n") if not line.startswith(b"Received")), 78)

    def test_display_names(self):
        for name in ("Shop", "Müller & Söhne", 'The "Best", Ltd.', "O'Neill (sales)", "名前" * 30):
            _, raw = self.sent({"subject": "t", "body": "x"}, from_name=name)
            # The older API: the newer one of Python 3.11 keeps the blanks between encoded words of a phrase.
            head = email.message_from_bytes(raw, policy=email.policy.compat32)
            display, address = email.utils.parseaddr(head["From"])
            display = str(email.header.make_header(email.header.decode_header(display)))
            self.assertEqual((display, address), (name, "shop@example.com"))

    def test_html_and_attachments(self):
        every_byte = bytes(range(256)) * 700
        path = os.path.join(tempfile.mkdtemp(), "bytes")
        self.addCleanup(shutil.rmtree, os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(every_byte)
        html = "<p>Grüße</p>\n<a href=\"https://example.com/?a=1&b=2\">" + "x" * 2000 + "</a>"
        names = ["report.pdf", "Größe – 100 €.pdf", 'we "quote".txt', "n" * 150 + ".bin", "a;b=c%20'd'.txt", ""]
        parts = [{"kind": ALTERNATIVE, "content_type": "text/html", "body": html}]
        parts += [{"kind": ATTACHMENT, "content_type": "application/pdf", "name": name, "file": path} for name in names]
        parts += [{"kind": ATTACHMENT, "content_type": "message/rfc822", "name": "mail.eml", "body": "Subject: x\n\ny"},
                  {"kind": ATTACHMENT, "name": "empty"}]
        message = {"subject": "t", "body": "Grüße", "parts": parts}
        mail, _ = self.sent(message)
        self.assertEqual(mail.get_content_type(), "multipart/mixed")
        texts, *files = mail.iter_parts()
        self.assertEqual(texts.get_content_type(), "multipart/alternative")
        plain, rich = texts.iter_parts()
        self.assertEqual((plain.get_content_type(), plain.get_content()), ("text/plain", "Grüße"))
        self.assertEqual((rich.get_content_type(), rich.get_content()), ("text/html", html))
        self.assertEqual([file.get_filename("") for file in files], names + ["mail.eml", "empty"])
        for file in files[:len(names)]:
            self.assertEqual((file.get_content_type(), file.get_content_disposition()), ("application/pdf", "attachment"))
            self.assertEqual(file.get_content(), every_byte)
        self.assertEqual(files[-2].get_content_type(), "application/octet-stream")
        self.assertEqual(files[-2].get_content(), b"Subject: x\n\ny")
        self.assertEqual(files[-1].get_content(), b"")

    def test_html_alone(self):
        mail, _ = self.sent({"subject": "t", "parts": [{"kind": ALTERNATIVE, "body": "<b>ü</b>"}]})
        self.assertEqual((mail.get_content_type(), mail.get_content().rstrip("\n")), ("text/html", "<b>ü</b>"))
        mail, _ = self.sent({"subject": "t", "body": "<b>ü</b>", "content_type": "text/html"})
        self.assertEqual((mail.get_content_type(), mail.get_content().rstrip("\n")), ("text/html", "<b>ü</b>"))

    def test_text_and_html(self):
        mail, _ = self.sent({"subject": "t", "body": "plain", "parts": [{"kind": ALTERNATIVE, "body": "<b>rich</b>"}]})
        self.assertEqual([part.get_content() for part in mail.iter_parts()], ["plain", "<b>rich</b>"])
        self.assertEqual(mail.get_body(("html",)).get_content(), "<b>rich</b>")

    def test_headers_of_the_client(self):
        headers = {"x-campaign": "spring", "x-note": "Größe " * 40, "x-Long_name-" + "n" * 50: "v" * 100}
        secret = {"x-customer": "4711", "x-any name: at all\r\n": "1\r\n2"}
        mail, raw = self.sent({"subject": "t", "body": "x", "headers": {**headers, **secret}}, metadata_headers=list(headers))
        self.assertNotIn(b"4711", raw)
        for name, value in headers.items():
            self.assertEqual(mail[name].strip(), value.strip(), name)

    def test_no_field_can_begin_a_line(self):
        evil = "x\r\nBcc: victim@example.org"
        messages = [{"subject": evil}, {"from": evil}, {"to": "b@example.org\r\nDATA"}, {"headers": {"x-a": evil}},
                    {"content_type": "text/plain\r\nBcc: v@example.org"},
                    {"parts": [{"kind": ATTACHMENT, "name": evil}]}, {"parts": [{"kind": ATTACHMENT, "content_type": evil}]},
                    {"subject": "a\nb"}, {"subject": "a\rb"}, {"subject": "a\u0000b"}, {"from": "a b@example.org"},
                    {"to": "<b@example.org>"}, {"to": "b@example.org> SIZE=1"}, {"parts": [{"kind": 2}]}, {"parts": [{"kind": 99}]}]
        for result, message in zip(self.send(*messages, metadata_headers=["x-a"]), messages):
            self.assertEqual(result["outcome"], REJECTED, message)
        self.assertNotIn("victim", self.exim.log())

    def test_what_exim_says(self):
        unknown, busy, virus, large, fine = self.send(
            {"to": "unknown@example.org"}, {"to": "busy@example.org"}, {"subject": "Virus", "body": "x"},
            {"parts": [{"kind": ATTACHMENT, "body": "x" * (3 << 20)}]}, {"body": "after all these"})
        self.assertEqual((unknown["outcome"], unknown["code"]), (REJECTED, "550"))
        self.assertNotIn("unknown@", unknown["detail"])
        self.assertEqual((busy["outcome"], busy["code"]), (RETRY, "451"))
        self.assertEqual((virus["outcome"], virus["code"]), (REJECTED, "550"))
        self.assertEqual((large["outcome"], large["code"]), (REJECTED, "552"))
        self.assertEqual(fine["outcome"], SENT)

    def test_credentials(self):
        [result] = self.send({"body": "x"}, password="wrong")
        self.assertEqual((result["outcome"], result["code"]), (REFUSED, "535"))
        [result] = self.send({"body": "x"}, username=None, password=None)
        self.assertEqual(result["outcome"], REFUSED, "relay not permitted")
        for way in ("auto", "plain", "cram-md5"):
            [result] = self.send({"body": "x"}, auth=way)
            self.assertEqual(result["outcome"], SENT, way)
        [result] = self.send({"body": "x"}, auth="login")  # not offered here
        self.assertEqual(result["outcome"], REFUSED)

    def test_connections_are_kept(self):
        before = self.exim.log().count("SMTP connection from ")
        results = self.send(*[{"subject": str(number), "body": "x"} for number in range(20)])
        self.assertEqual([result["outcome"] for result in results], [SENT] * 20)
        self.assertEqual(len({result["id"] for result in results}), 20)
        # Exim writes a line at each end of a connection.
        wait_until(lambda: self.exim.log().count("SMTP connection from ") >= before + 2, "the connection's end")
        self.assertEqual(self.exim.log().count("SMTP connection from "), before + 2)

    def test_addresses_beyond_ascii(self):
        message = {"to": "jürgen@example.org", "subject": "Grüße", "body": "x"}
        mail, raw = self.sent(message)
        self.assertIn("jürgen@example.org".encode(), raw)
        self.assertEqual(mail["Subject"], "Grüße")

    def test_bounces_go_where_configured(self):
        mail, _ = self.sent({"body": "x"}, envelope_from="bounces@example.com", message_id_domain="id.example.com")
        self.assertEqual(mail["Return-path"], "<bounces@example.com>")
        self.assertTrue(mail["Message-ID"].endswith("@id.example.com>"))
        self.assertEqual(mail["From"], "shop@example.com")


if __name__ == "__main__":
    if exim.PROGRAM is None:
        print("skipped: there is no exim4 here (packaging/install-deps.sh)")
        sys.exit(SKIPPED)
    unittest.main()
