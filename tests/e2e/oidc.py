"""A browser that logs in by an identity service: oidc.py SOCKET CA, then lines WHO PATH FIELD=VALUE…

From PATH of the daemon at SOCKET to the service, whose form gets the fields, and back; without a
cookie in the beginning. The last answer goes to ./out and ./head, the cookies for the daemon to
./WHO.all and ./WHO.cookies; the status, or what went wrong, is the answer to the line.
"""

import http.client
import socket
import sys
import urllib.parse

SITE = "https://vote.example/"


class Daemon(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("vote.example", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def ask(c, method, target, jar, body=None):
    headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())} if jar else {}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    c.request(method, target, body, headers)
    r = c.getresponse()
    text = r.read()
    c.close()
    for line in r.headers.get_all("Set-Cookie", []):
        name, value = line.split(";")[0].split("=", 1)
        jar[name] = value
    return r, text


def service(url, ca):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.netloc, timeout=60)
    import ssl

    return http.client.HTTPSConnection(parts.netloc, timeout=60, context=ssl.create_default_context(cafile=ca))


def away(url, ca, form):
    """Where the service sends the browser in the end."""
    jar = {}
    for _ in range(8):
        parts = urllib.parse.urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        r, text = ask(service(url, ca), "GET", target, jar)
        if r.status == 200:
            r, text = ask(service(url, ca), "POST", target, jar, urllib.parse.urlencode(form))
        if r.getheader("Location") is None:
            raise OSError(f"the service says {r.status}: {text[:300]!r}")
        url = urllib.parse.urljoin(url, r.getheader("Location"))
        if url.startswith(SITE):
            return url[len(SITE) - 1:]
    raise OSError("the service sends to and fro")


def log_in(path, ca, who, begin, *fields):
    jar = {}
    r, text = ask(Daemon(path), "GET", begin, jar)
    if r.status == 303:
        back = away(r.getheader("Location"), ca, dict(f.split("=", 1) for f in fields))
        r, text = ask(Daemon(path), "GET", back, jar)
    with open("out", "wb") as f:
        f.write(text)
    with open("head", "w") as f:
        f.write(f"HTTP/1.1 {r.status} {r.reason}\n" + "".join(f"{k}: {v}\n" for k, v in r.headers.items()))
    with open(f"{who}.all", "w") as f:
        f.write("".join(f"{k}={v}\n" for k, v in jar.items()))
    with open(f"{who}.cookies", "w") as f:
        f.write("; ".join(f"{k}={v}" for k, v in jar.items()))
    return r.status


for line in iter(sys.stdin.readline, ""):
    try:
        print(log_in(*sys.argv[1:], *line.split()), flush=True)
    except (OSError, http.client.HTTPException) as e:
        print(" ".join(str(e).split()) or repr(e), flush=True)
