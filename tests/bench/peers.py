"""The same load through nginx (keeps nothing) and Kannel, for comparison."""
import json
import os
import time

from measure import TEXT, WRK_REPORT, answers, descendants, free_port, measure, post_script

NGINX_PORT, ADMIN_PORT, BOX_PORT, CONNECT_PORT, SEND_PORT = (free_port() for _ in range(5))


def bench_nginx(bench, mock_url, args):
    path = bench.write("nginx.conf", f"""
daemon off; master_process off; worker_processes 1; pid {bench.folder}/nginx.pid; error_log {bench.folder}/nginx-error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {bench.folder}/body; proxy_temp_path {bench.folder}/proxy;
  fastcgi_temp_path {bench.folder}/f; uwsgi_temp_path {bench.folder}/u; scgi_temp_path {bench.folder}/s;
  upstream provider {{ server {mock_url.removeprefix('http://')}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{NGINX_PORT}; keepalive_requests 100000000;
    location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
""")
    child = bench.spawn(["/usr/sbin/nginx", "-p", bench.folder, "-c", path], answers(f"http://127.0.0.1:{NGINX_PORT}/health"))
    script = post_script(bench, "nginx.lua", {"phone": "+14155552671", "from": "BENCH", "text": TEXT, "message_id": "x"})
    rows = [measure("nginx proxy_pass (keeps nothing)", f"http://127.0.0.1:{NGINX_PORT}/api/sms/bench", script, mock_url, [child.pid],
                    connections, args.seconds) for connections in args.connections]
    bench.end(child)
    return rows


def bench_kannel(bench, mock_url, args):
    return run_kannel(bench, mock_url, args, store=False) + run_kannel(bench, mock_url, args, store=True)


def run_kannel(bench, mock_url, args, store):
    spool = os.path.join(bench.folder, "kannel-spool")
    os.makedirs(spool, exist_ok=True)
    storage = f'store-type = spool\nstore-location = "{spool}"' if store else ""
    path = bench.write("kannel.conf", f"""
group = core
admin-port = {ADMIN_PORT}
admin-password = bench
smsbox-port = {BOX_PORT}
box-allow-ip = "127.0.0.1"
log-level = 4
log-file = "{bench.folder}/bearerbox.log"
{storage}

group = smsc
smsc = http
smsc-id = mock
system-type = generic
port = {CONNECT_PORT}
connect-allow-ip = "127.0.0.1"
send-url = "{mock_url}/api/sms/kannel?phone=%p&text=%b"
status-success-regex = "accepted"
max-pending-submits = 64

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {SEND_PORT}
log-level = 4
log-file = "{bench.folder}/smsbox.log"

group = sendsms-user
username = bench
password = bench
concatenation = true
max-messages = 10

group = sms-service
keyword = default
text = "none"
""")
    boxes = [bench.spawn(["/usr/sbin/bearerbox", path], answers(f"http://127.0.0.1:{ADMIN_PORT}/status.txt?password=bench")),
             bench.spawn(["/usr/sbin/smsbox", path], answers(f"http://127.0.0.1:{SEND_PORT}/"))]
    time.sleep(1)  # smsbox registers with bearerbox; there is nothing to ask
    query = "/cgi-bin/sendsms?username=bench&password=bench&from=BENCH&to=%2B14155552671&text=" + TEXT.replace(" ", "+").replace(":", "%3A").replace("/", "%2F")
    script = bench.write("kannel.lua", f"wrk.method='GET'\nwrk.path={json.dumps(query)}\n" + WRK_REPORT)
    pids = [pid for box in boxes for pid in descendants(box.pid)]
    name = "Kannel, spool (never syncs)" if store else "Kannel, no storage"
    rows = [measure(name, f"http://127.0.0.1:{SEND_PORT}" + query, script, mock_url, pids, connections, args.seconds)
            for connections in args.connections]
    for box in reversed(boxes):
        bench.end(box)
    return rows
