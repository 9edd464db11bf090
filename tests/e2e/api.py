"""docs/openapi.json held against running daemons, in both directions.

    api.py walk DOC LOG TAG=URL…        routes, examples, what is undocumented; complaints on stdout
    api.py proxy DOC TAG URL OUT        stands before a daemon, and writes to OUT what it answers otherwise
    api.py ask DOC TAG URL              requests from stdin, `OP STATUS [NAME=VALUE…] [@BODY | {JSON}]`
    api.py slugs DOC SOURCE             slugs in the sources, the document and docs/services.md
"""

import http.client
import http.server
import json
import pathlib
import re
import shlex
import socket
import sys
import urllib.parse

import jsonschema

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
PROBLEM = "application/problem+json"


class Document:
    def __init__(self, path):
        self.doc = json.loads(pathlib.Path(path).read_text())
        jsonschema.Draft202012Validator.check_schema({"$defs": self.doc["components"]["schemas"]})

    def operations(self, tags):
        for path, item in self.doc["paths"].items():
            for method, op in item.items():
                if set(op["tags"]) & set(tags):
                    yield method.upper(), path, op

    def resolve(self, thing):
        while "$ref" in thing:
            at = self.doc
            for step in thing["$ref"].removeprefix("#/").split("/"):
                at = at[step]
            thing = at
        return thing

    def fault(self, schema, value):
        """What is wrong with a value, or nothing."""
        whole = {"components": self.doc["components"], **schema}
        for error in jsonschema.Draft202012Validator(whole).iter_errors(value):
            return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        return None

    def judge(self, op, status, headers, body, head=False):
        """Complaints about one answer."""
        where = f"{op['operationId']} {status}"
        answer = op["responses"].get(str(status))
        if answer is None:
            return [f"{where}: not documented: {body[:200]!r}"]
        answer = self.resolve(answer)
        kind = headers.get("Content-Type", "")
        content = answer.get("content", {})
        if not content:
            return [f"{where}: a body of {len(body)} bytes is not documented"] if body else []
        if kind not in content:
            return [f"{where}: Content-Type {kind!r} is not documented"]
        if head:
            return [f"{where}: a body after HEAD"] if body else []
        value = body
        if kind.endswith("json"):
            value = json.loads(body)
        elif kind.startswith(("text/", "application/openmetrics")):
            value = body.decode()
        schema = content[kind].get("schema")
        bad = self.fault(schema, value) if schema else None
        said = [f"{where}: {bad}"] if bad else []
        if kind == PROBLEM and "reference" not in value:
            said.append(f"{where}: no reference")
        if status in (429, 503) and kind == PROBLEM and "Retry-After" not in headers:
            said.append(f"{where}: no Retry-After")
        return said


def connect(url):
    if url.startswith("unix:"):
        c = http.client.HTTPConnection("localhost", timeout=20)
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.settimeout(20)
        c.sock.connect(url[5:])
        return c
    return http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=20)


def ask(url, method, path, headers=None, body=None):
    c = connect(url)
    try:
        c.putrequest(method, path, skip_accept_encoding=True)
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            c.putheader(name, value)
        c.endheaders(body)
        r = c.getresponse()
        return r.status, r.headers, r.read()
    finally:
        c.close()


def fill(path, op, values=None):
    for p in op.get("parameters", []):
        if p["in"] == "path":
            path = path.replace("{" + p["name"] + "}", str((values or {}).get(p["name"], p["example"])))
    return path


def body_of(op):
    """Content type, longest body, example; nothing for an operation without one."""
    if "requestBody" not in op:
        return None
    (kind, content), = op["requestBody"]["content"].items()
    example = content.get("example", "no such thing")
    raw = json.dumps(example).encode() if kind == "application/json" else example.encode()
    return "" if kind == "*/*" else kind, op["requestBody"]["x-max-bytes"], raw


def prefix(path):
    return path.split("{")[0]


# --- walk ------------------------------------------------------------------------------------------


def table(log):
    """(method, path) to (type, body) out of the daemon's own closed table."""
    routes = {}
    for line in pathlib.Path(log).read_text().splitlines():
        m = re.search(r'http\.route methods="?([A-Z,]+)"? path=(\S+) type=(\S*) body=(\d+)', line)
        if m is None:
            continue
        for method in m[1].split(","):
            routes[method, m[2]] = m[3].strip('"'), int(m[4])
    return routes


def compare_tables(d, log, tags):
    there = table(log)
    said = {}
    for method, path, op in d.operations(tags):
        said[method, prefix(path)] = body_of(op)
    if not there:
        yield "the log has no table of routes: is its level debug?"
    for key in sorted(set(there) | set(said)):
        if key not in said:
            yield f"{' '.join(key)} is served and not documented"
        elif key not in there:
            yield f"{' '.join(key)} is documented and not served"
        elif said[key] is not None and there[key] != said[key][:2]:
            yield f"{' '.join(key)} takes {there[key]}, documented {said[key][:2]}"


def refuse(d, url, want, slug, method, path, headers=None, body=None):
    status, got, text = ask(url, method, path, headers, body)
    if status != want or got.get("Content-Type") != PROBLEM:
        yield f"{method} {path}: {status}, wanted {want}: {text[:150]!r}"
        return
    problem = json.loads(text)
    bad = d.fault({"$ref": "#/components/schemas/Problem"}, problem)
    if bad or problem["type"] != f"urn:psephos:problem:{slug}" or "reference" not in problem:
        yield f"{method} {path}: {bad or problem}"
    if want == 405 and not got.get("Allow"):
        yield f"{method} {path}: 405 without Allow"


def walk_operation(d, url, method, path, op):
    at = fill(path, op)
    about = body_of(op)
    headers = {}
    body = None
    if about is not None:
        kind, longest, body = about
        headers = {"Content-Type": kind or "text/plain"}
        yield from refuse(d, url, 411, "length-required", method, at, headers)
        yield from refuse(d, url, 413, "too-large", method, at, {**headers, "Content-Length": str(longest + 1)})
        if kind:
            yield from refuse(d, url, 415, "content-type", method, at, {"Content-Type": "text/x-other"}, body)
    status, got, text = ask(url, method, at, headers, body)
    yield from d.judge(op, status, got, text)
    if method == "GET":
        alone, got, text = ask(url, "HEAD", at)
        if alone != status:
            yield f"HEAD {at}: {alone}, GET {status}"
        yield from d.judge(op, alone, got, text, head=True)
    if not any(p["in"] == "query" for p in op.get("parameters", [])):
        yield from refuse(d, url, 404, "not-found", method, at + "?x=1", headers, body)


def walk_undocumented(d, url, tag):
    paths = {}
    for method, path, op in d.operations([tag]):
        paths.setdefault(prefix(path), (fill(path, op), set()))[1].add(method)
    for at, methods in paths.values():
        for method in METHODS:
            if method not in methods:
                yield from refuse(d, url, 405, "method", method, at)
    for at in ["/", "/v1", "/v1/", "/v2/election", "/v1/nothing", "/index.html"] + [
        at + "x" for at, _ in paths.values() if not at.startswith(("/v1/acts/", "/v1/mailbox/", "/v1/regist"))
    ]:
        guarded = tag == "officer" and at.startswith("/v1/acts/")
        if not guarded:
            yield from refuse(d, url, 404, "not-found", "GET", at)


def walk(doc, log, *servers):
    d = Document(doc)
    urls = dict(s.split("=", 1) for s in servers)
    yield from compare_tables(d, log, urls)
    for tag, url in urls.items():
        for method, path, op in d.operations([tag]):
            yield from walk_operation(d, url, method, path, op)
        yield from walk_undocumented(d, url, tag)


# --- proxy -----------------------------------------------------------------------------------------


def find(d, tag, method, path):
    for m, template, op in d.operations([tag]):
        pattern = re.sub(r"\\\{file\\\}", ".+", re.escape(template))
        if m == method and re.fullmatch(re.sub(r"\\\{[a-z]+\\\}", "[^/]+", pattern), path):
            return op
    return None


def proxy(doc, tag, url, out):
    d = Document(doc)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def forward(self):
            n = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(n) if "Content-Length" in self.headers else None
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding")}
            status, got, text = ask(url, self.command, self.path, headers, body)
            op = find(d, tag, "GET" if self.command == "HEAD" else self.command, self.path)
            said = d.judge(op, status, got, text, self.command == "HEAD") if op else [f"{self.command} {self.path}: not documented"]
            with open(out, "a") as f:
                f.write("".join(f"bad {x}\n" for x in said) or f"ok {op['operationId']} {status}\n")
            self.send_response(status)
            for name, value in got.items():
                if name.lower() not in ("connection", "date", "content-length", "transfer-encoding"):
                    self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_HEAD = do_POST = do_PUT = forward

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


# --- requests --------------------------------------------------------------------------------------


def one(d, tag, url, name, want, *rest):
    (method, path, op), = [x for x in d.operations([tag]) if x[2]["operationId"] == name]
    values = dict(x.split("=", 1) for x in rest if x[0] not in "@{")
    body = next((x for x in rest if x[0] in "@{"), None)
    if body is not None:
        body = pathlib.Path(body[1:]).read_bytes() if body[0] == "@" else body.encode()
    headers = {k: v for k, v in values.items() if k[0].isupper()}
    if body is not None:
        headers.setdefault("Content-Type", body_of(op)[0])
    status, got, text = ask(url, method, fill(path, op, values), headers, body)
    if status != int(want):
        yield f"{name}: {status}, wanted {want}: {text[:200]!r}"
    yield from d.judge(op, status, got, text)


def several(doc, tag, url):
    d = Document(doc)
    for line in sys.stdin:
        yield from one(d, tag, url, *shlex.split(line))


# --- slugs -----------------------------------------------------------------------------------------

SOURCES = {
    "lib/net/*.c": [r'REFUSE\(\d+, "([a-z-]+)"\)', r'refuse\(c, \d+, "([a-z-]+)"\)', r'give_up\(.*"([a-z-]+)"\)'],
    "lib/store/list.c": [r'fail\(&?r, (?:.*\? )?"([a-z-]+)"(?: : "([a-z-]+)")?\)', r'copy\(.*, "([a-z-]+)"\)'],
    "lib/store/voters_list.c": [r'fail\(m, .*"([a-z-]+)"\)'],
    "programs/psephos/box_problem.c": [r'^    \{"([a-z-]+)", \d'],
    "programs/psephos/box_*.c": [r'front_problem\([^,]*, "([a-z-]+)"', r'refuse\(status, slug, \d+, "([a-z-]+)"\)'],
    "programs/psephos/edge_text.c": [r'put_problem\(out, \d+, "([a-z-]+)"'],
    "programs/psephos/auth*.c": [r'\{\d+, "([a-z-]+)"\}', r'slug = "([a-z-]+)"', r'why = "([a-z-]+)"',
                                 r'NAME_MAX, "([a-z-]+)"\)', r'[?:] "([a-z-]+)"(?: : "([a-z-]+)")?\);'],
    "lib/identity/bond.c": [r'\[PSE_BOND_(?!GOOD|PENDING|CMS|STAMP|OCSP)[A-Z_]+\] = "([a-z-]+)"'],
    "lib/identity/oidc_words.c": [r'"(oidc-[a-z-]+)"'],
    "lib/identity/webeid_words.c": [r'"[a-z_]+", "(eid-[a-z-]+)"'],
    "programs/psephos/office_[ahp]*.c": [r'slug = (?:.*\? )?"([a-z-]+)"(?: : "([a-z-]+)")?;', r'return (?:.*\? )?"([a-z-]+)";'],
    "programs/psephos/office_login.c": [r'refuse\(o, c, \d+, "([a-z-]+)"\)', r'return (?:.*\? )?"([a-z-]+)"(?: : "([a-z-]+)")?;'],
    "programs/common/webauthn_problem.c": [r'\] = "([a-z-]+)"'],
    "programs/psephos/office_people.c": [r'[:?] "([a-z-]+)"'],
    "programs/psephos/office_do.c": [r'(?:return|:) "([a-z-]+)";', r'\? "(other-settings)"'],
    "programs/common/registration.c": [r'\[PSE_REGISTER_(?!DONE)[A-Z_]+\] = \{"([a-z-]+)"'],
    "p*/*/*.c": [r'pse_http_problem\([^;"]*?\d, "([a-z-]+)"\)', r'office_json_problem\([^;]*?, "([a-z-]+)"'],
}


def slugs(doc, source):
    source = pathlib.Path(source)
    used = {}
    for files, patterns in SOURCES.items():
        for file in source.glob(files):
            # An authority played for tests, and the page that a trustee's program shows its own trustee.
            if file.name.startswith(("identity_demo", "trustee_")):
                continue
            text = file.read_text()
            for pattern in patterns:
                for found in re.findall(pattern, text, re.M):
                    for slug in [found] if isinstance(found, str) else found:
                        if slug:
                            used.setdefault(slug, file.name)
    if len(used) < 70:
        yield f"only {len(used)} slugs are found in the sources: has the code moved?"
    said = set(re.findall(r"urn:psephos:problem:([a-z0-9-]+)\"", pathlib.Path(doc).read_text()))
    said |= {"method"}  # of what is not documented
    words = set(re.findall(r"^\| `([a-z0-9-]+)`", (source / "docs/services.md").read_text().split("## Problems")[1], re.M))
    for slug in sorted(set(used) - said):
        yield f"{slug} ({used[slug]}) is not in the document"
    for slug in sorted(said - set(used)):
        yield f"{slug} is in the document and in no source"
    for slug in sorted(words ^ said):
        yield f"{slug} is in one of docs/openapi.json and docs/services.md alone"


def main():
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "proxy":
        proxy(*rest)
    for complaint in {"walk": walk, "ask": several, "slugs": slugs}[what](*rest):
        print(complaint)


main()
