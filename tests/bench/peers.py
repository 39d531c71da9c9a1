"""The same load through nginx (keeps nothing) and Kannel, for comparison."""
import json
import os
import time

from measure import TEXT, WRK_REPORT, answers, descendants, measure, post_script


def bench_nginx(bench, mock_url, args):
    path = bench.write("nginx.conf", f"""
daemon off; master_process off; worker_processes 1; pid {bench.folder}/nginx.pid; error_log {bench.folder}/nginx-error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {bench.folder}/body; proxy_temp_path {bench.folder}/proxy;
  fastcgi_temp_path {bench.folder}/f; uwsgi_temp_path {bench.folder}/u; scgi_temp_path {bench.folder}/s;
  upstream provider {{ server {mock_url.removeprefix('http://')}; keepalive 64; }}
  server {{
    listen 127.0.0.1:18081; keepalive_requests 100000000;
    location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
""")
    child = bench.spawn(["/usr/sbin/nginx", "-p", bench.folder, "-c", path], answers("http://127.0.0.1:18081/health"))
    script = post_script(bench, "nginx.lua", {"phone": "+14155552671", "from": "BENCH", "text": TEXT, "message_id": "x"})
    rows = [measure("nginx proxy_pass (keeps nothing)", "http://127.0.0.1:18081/api/sms/bench", script, mock_url, [child.pid],
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
admin-port = 13000
admin-password = bench
smsbox-port = 13001
box-allow-ip = "127.0.0.1"
log-level = 4
log-file = "{bench.folder}/bearerbox.log"
{storage}

group = smsc
smsc = http
smsc-id = mock
system-type = generic
port = 13099
connect-allow-ip = "127.0.0.1"
send-url = "{mock_url}/api/sms/kannel?phone=%p&text=%b"
status-success-regex = "accepted"
max-pending-submits = 64

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = 13013
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
    boxes = [bench.spawn(["/usr/sbin/bearerbox", path], answers("http://127.0.0.1:13000/status.txt?password=bench")),
             bench.spawn(["/usr/sbin/smsbox", path], answers("http://127.0.0.1:13013/"))]
    time.sleep(1)  # smsbox registers with bearerbox; there is nothing to ask
    query = "/cgi-bin/sendsms?username=bench&password=bench&from=BENCH&to=%2B14155552671&text=" + TEXT.replace(" ", "+").replace(":", "%3A").replace("/", "%2F")
    script = bench.write("kannel.lua", f"wrk.method='GET'\nwrk.path={json.dumps(query)}\n" + WRK_REPORT)
    pids = [pid for box in boxes for pid in descendants(box.pid)]
    name = "Kannel, spool (never syncs)" if store else "Kannel, no storage"
    rows = [measure(name, "http://127.0.0.1:13013" + query, script, mock_url, pids, connections, args.seconds)
            for connections in args.connections]
    for box in reversed(boxes):
        bench.end(box)
    return rows
