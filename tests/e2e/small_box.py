"""A box for tests that fails on purpose: record files, parcels, ballots, receipts, credentials and
mailboxes over a record folder on disk, one request after another, all entries checked and signed by
`psephos record append`. What the real box does under load is not here.

usage: small_box.py PSEPHOS RECORD KEYS PORT-FILE FAULTS

The file FAULTS holds one word a line; a POST takes the first line away and obeys it:
  busy     503, nothing is done
  deaf     nothing is done, the connection is cut
  mute     all is done, the connection is cut before the answer
  late     all is done, 202, and the next three receipts are 202
  forge    the next receipt has one byte changed
  swap     the message of a mailbox is kept with one byte changed
  lose     the message of a mailbox is taken and forgotten, as if its time were over
  seize    another message is in the mailbox already
  pass     nothing special
"""
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading

psephos, record, keys, port_file, faults = sys.argv[1:6]
MAGIC = b"psephos-parcel-1\n"
lock = threading.Lock()
mailbox = {}
state = {"late": 0, "forge": False}


def take_fault():
    try:
        lines = open(faults).read().split()
    except FileNotFoundError:
        return "pass"
    if not lines:
        return "pass"
    with open(faults, "w") as f:
        f.write("".join(line + "\n" for line in lines[1:]))
    return lines[0]


def bundles():
    """Entries in order, from the partial or full bundle of each index."""
    size = int(open(record + "/checkpoint", encoding="utf-8").read().split("\n")[1])
    at = 0
    while at < size:
        n = at // 256
        name = "%s/tile/entries/%03d" % (record, n)
        if size - at < 256:
            name += ".p/%d" % (size - at)
        data = open(name, "rb").read()
        i = 0
        while i < len(data):
            length = int.from_bytes(data[i:i + 2], "big")
            yield data[i + 2:i + 2 + length]
            i += 2 + length
            at += 1


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).hexdigest()


def parcel_entries(data):
    i = len(MAGIC)
    out = []
    while i < len(data):
        length = int.from_bytes(data[i + 1:i + 9], "big")
        if data[i:i + 1] == b"E":
            out.append(data[i + 9:i + 9 + length])
        i += 9 + length
    return out


def append(data):
    """The words of a refusal, or None."""
    known = {leaf(e) for e in bundles()}
    if all(leaf(e) in known for e in parcel_entries(data)):
        return None
    with tempfile.NamedTemporaryFile(suffix=".parcel") as f:
        f.write(data)
        f.flush()
        done = subprocess.run([psephos, "record", "append", "--record", record, "--keys", keys,
                               f.name], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr


def credential(d):
    view = None
    for entry in bundles():
        if entry[0] in (0x20, 0x21) and bytes.fromhex(d) in entry:
            at = entry.index(bytes.fromhex(d)) + 32
            view = {"style": int.from_bytes(entry[at:at + 2], "big"), "weight": 1,
                    "active": True, "ballots": 0, "latest": "0" * 64}
        elif entry[0] == 0x31 and view and entry[34:66].hex() == d:
            view["ballots"] += 1
            view["latest"] = leaf(entry)
    return view


def receipt(hexleaf):
    index = [i for i, e in enumerate(bundles()) if leaf(e) == hexleaf]
    if not index:
        return None
    name = tempfile.mktemp()
    subprocess.run([psephos, "record", "receipt", "--record", record, "--index", str(index[0]),
                    "--out", name, "--quiet"], check=True)
    data = open(name, "rb").read()
    os.unlink(name)
    return data


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, slug, detail, **more):
        body = json.dumps({"type": "urn:psephos:problem:" + slug, "title": slug,
                           "status": status, "detail": detail[:400], **more})
        self.answer(status, "application/problem+json", body.encode())

    def do_GET(self):
        with lock:
            self.get(self.path.split("/"))

    def get(self, part):
        if part[1] == "record" and ".." not in part:
            try:
                body = open(record + "/" + "/".join(part[2:]), "rb").read()
            except OSError:
                return self.problem(404, "not-found", "no such file")
            return self.answer(200, "application/octet-stream", body)
        if part[1:3] == ["v1", "credentials"]:
            view = credential(part[3])
            if view is None:
                return self.problem(404, "not-found", "no such credential")
            return self.answer(200, "application/json", json.dumps(view).encode())
        if part[1:3] == ["v1", "receipts"]:
            return self.get_receipt(part[3])
        if part[1:3] == ["v1", "mailbox"] and len(part) == 5:
            body = mailbox.get((part[3], part[4]))
            if body is None:
                return self.problem(404, "not-found", "nothing yet")
            return self.answer(200, "application/octet-stream", body)
        return self.problem(404, "not-found", "no such path")

    def get_receipt(self, hexleaf):
        if state["late"] > 0:
            state["late"] -= 1
            return self.answer(202, "application/json", b"{}")
        data = receipt(hexleaf)
        if data is None:
            return self.problem(404, "not-found", "no such entry")
        if state["forge"]:
            state["forge"] = False
            data = data.replace(b"index ", b"index 1", 1)
        return self.answer(200, "text/plain; charset=utf-8", data)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            fault = take_fault()
            if fault == "busy":
                return self.problem(503, "busy", "come back later")
            if fault == "deaf":
                self.close_connection = True
                return None
            if fault == "mute":
                self.wfile = open(os.devnull, "wb")
                self.close_connection = True
            if fault == "late":
                state["late"] = 3
            if fault == "forge":
                state["forge"] = True
            return self.post(self.path.split("/"), body, fault)

    def post(self, part, body, fault):
        if part[1:3] == ["v1", "mailbox"] and len(part) == 5:
            where = (part[3], part[4])
            if fault == "lose":
                return self.answer(204, "text/plain", b"")
            if fault == "seize":
                mailbox[where] = bytes(len(body))
            if where in mailbox:
                return self.problem(409, "taken", "the first message stays")
            mailbox[where] = body[:-1] + bytes([body[-1] ^ 1]) if fault == "swap" else body
            return self.answer(204, "text/plain", b"")
        if part[1:] == ["v1", "parcels"]:
            words = append(body)
            if words is not None:
                return self.problem(422, "rule", words)
            return self.answer(202 if fault in ("late", "forge") else 200, "application/json", b"{}")
        if part[1:] == ["v1", "ballots"]:
            words = append(MAGIC + b"E" + len(body).to_bytes(8, "big") + body)
            if words is None:
                if fault in ("late", "forge"):
                    return self.answer(202, "application/json", b"{}")
                return self.answer(200, "text/plain; charset=utf-8", receipt(leaf(body)))
            if "V410" in words:
                latest = credential(body[34:66].hex())["latest"]
                return self.problem(409, "stale", "another ballot came before", latest=latest)
            return self.problem(422, "rule", words)
        return self.problem(404, "not-found", "no such path")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(port_file + ".new", "w") as out:
    out.write("http://127.0.0.1:%d\n" % server.server_port)
os.rename(port_file + ".new", port_file)
server.serve_forever()
