"""Exim, a real mail server, as an ordinary process: a configuration of its own on a free port of the loopback, nothing of the
system's touched. Any user can run it; as root it runs as nobody. What it takes is stored as one file a mail.
"""
import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time

PROGRAM = shutil.which("exim4", path="/usr/sbin:" + os.environ.get("PATH", ""))
PASSWORD = "s3cret word"

CONFIGURATION = r"""
primary_hostname = mail.test
exim_user = {uid}
exim_group = {gid}
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
deliver_drop_privilege = true
keep_environment =
tls_advertise_hosts = *
tls_certificate = {folder}/cert.pem
tls_privatekey = {folder}/key.pem
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
smtputf8_advertise_hosts = *
message_size_limit = 2M
smtp_enforce_sync = true
smtp_accept_queue_per_connection = 0
log_selector = +smtp_connection
acl_smtp_rcpt = check_recipient
acl_smtp_data = check_data
begin acl
check_recipient:
  deny recipients = unknown@example.org
       message = <$local_part@$domain> no such user
  defer recipients = busy@example.org
       message = mailbox is locked
  accept authenticated = *
  deny message = relay not permitted
check_data:
  deny condition = ${{if match{{$h_subject:}}{{Virus}}}}
       message = content refused
  accept
begin routers
all:
  driver = accept
  transport = store
begin transports
store:
  driver = appendfile
  directory = {folder}/mails
  maildir_format
  envelope_to_add
  return_path_add
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if and{{{{eq{{$auth2}}{{shop}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{shop}}{{{password}}}fail}}
  server_set_id = $auth1
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=20.0):
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        pause.wait(0.02)
    return value


class Exim:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="heliograph-exim-")
        self.port = free_port()
        for name in ("spool", "mails", "mails/new", "mails/cur", "mails/tmp"):
            os.mkdir(os.path.join(self.folder, name))
        self.certificate = os.path.join(self.folder, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=mail.test", "-addext", "subjectAltName=IP:127.0.0.1", "-out", self.certificate, "-keyout",
                        os.path.join(self.folder, "key.pem")], check=True, capture_output=True)
        configuration = os.path.join(self.folder, "exim.conf")
        # As root Exim would change users; as nobody it stays what it is, and is its own administrator.
        account = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        user = account or pwd.getpwuid(os.getuid())
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(folder=self.folder, port=self.port, password=PASSWORD, uid=user.pw_uid,
                                            gid=user.pw_gid))
        if account:
            subprocess.run(["chown", "-R", f"{account.pw_uid}:{account.pw_gid}", self.folder], check=True)
        self.errors = open(os.path.join(self.folder, "errors"), "w", encoding="utf-8")
        self.process = subprocess.Popen([PROGRAM, "-C", configuration, "-bdf", "-q1h"], stdin=subprocess.DEVNULL, stderr=self.errors,
                                        user=account.pw_uid if account else None, group=account.pw_gid if account else None,
                                        extra_groups=[] if account else None)
        try:
            wait_until(self.answers, "Exim to listen")
        except BaseException:
            self.close()
            raise

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Exim ended with {self.process.returncode}: {self.log('panic')}{self.text('errors')}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
            return probe.recv(3) == b"220"
        return False

    def text(self, name):
        with contextlib.suppress(OSError), open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()
        return ""

    def log(self, name="main"):
        return self.text(name + "log")

    def mails(self):
        folder = os.path.join(self.folder, "mails", "new")
        found = []
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                found.append(file.read())
        return found

    def mail_about(self, message_id):
        """The bytes of the stored mail with that id of ours."""
        mark = b"<" + message_id.encode()
        return wait_until(lambda: next((mail for mail in self.mails() if mark in mail), None),
                          f"the mail {message_id}; Exim says: {self.log('panic')}")

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
