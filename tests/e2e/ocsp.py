"""ocsp.py FOLDER: an authority on loopback that answers about revocation.

POST anything makes an answer with `openssl ocsp` from FOLDER/index.txt, FOLDER/ca.pem and
FOLDER/responder.{pem,key}. About certificates whose serial numbers (hex, even length) stand in
FOLDER/silent it says nothing. The port goes to FOLDER/ocsp-port. Runs until it is killed.
"""

import http.server
import os
import subprocess
import sys
import threading

folder = os.path.abspath(sys.argv[1])


def path(name):
    return os.path.join(folder, name)


def is_silent(question):
    """Whether the question names one of the serial numbers, as DER has them."""
    with open(path("silent"), encoding="ascii") as f:
        serials = [bytes.fromhex(line) for line in f.read().split()]
    return any(bytes([2, len(n)]) + n in question for n in serials)


one_at_a_time = threading.Lock()


def answer(question):
    """What openssl answers."""
    with one_at_a_time:
        with open(path("question"), "wb") as f:
            f.write(question)
        subprocess.run(
            ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "responder.pem",
             "-rkey", "responder.key", "-reqin", "question", "-respout", "answer"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        with open(path("answer"), "rb") as f:
            return f.read()


class Authority(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        question = self.rfile.read(int(self.headers["Content-Length"]))
        status, body = 503, b""
        if not is_silent(question):
            status, body = 200, answer(question)
        self.send_response(status)
        self.send_header("Content-Type", "application/ocsp-response")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
with open(path("ocsp-port.tmp"), "w", encoding="ascii") as f:
    f.write(str(server.server_address[1]))
os.rename(path("ocsp-port.tmp"), path("ocsp-port"))
server.serve_forever()
