"""tsa.py FOLDER: a stamp service on loopback, and some that misbehave.

POST /good makes a stamp with `openssl ts` under FOLDER/tsa.cnf; other paths spoil it. The port goes
to FOLDER/port. Runs until it is killed.
"""

import http.server
import os
import subprocess
import sys

folder = os.path.abspath(sys.argv[1])


def reply(query, section):
    path = os.path.join(folder, "query.tmp")
    with open(path, "wb") as f:
        f.write(query)
    made = subprocess.run(
        ["openssl", "ts", "-reply", "-config", os.path.join(folder, "tsa.cnf"), "-section", section,
         "-queryfile", path], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return made.stdout


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        what = self.path[1:]
        status, kind = 200, "application/timestamp-reply"
        if self.headers["Content-Type"] != "application/timestamp-query":
            what = "wrong-type"
        if what in ("good", "sha1", "stranger", "narrow"):
            body = reply(query, what)
        elif what == "trailing":
            body = reply(query, "good") + b"\0"
        elif what == "cut":
            body = reply(query, "good")[:-9]
        elif what == "replay":
            with open(os.path.join(folder, "old.tsr"), "rb") as f:
                body = f.read()
        elif what == "long":
            body = b"0" * 70000
        elif what == "away":
            status, kind, body = 503, "text/plain", b"come back later\n"
        else:
            status, kind, body = 404, "text/html", b"<p>nothing here\n"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
with open(os.path.join(folder, "port.tmp"), "w", encoding="ascii") as f:
    f.write(str(server.server_port))
os.rename(os.path.join(folder, "port.tmp"), os.path.join(folder, "port"))
server.serve_forever()
