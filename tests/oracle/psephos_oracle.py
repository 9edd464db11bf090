#!/usr/bin/env python3
"""A second reading of docs/protocol.md: a slow, plain verifier of psephos/1 records.

It shares no code and no author's habits with the C verifier. Every equation is checked singly, with
libsodium's group arithmetic, so it serves as the judge in differential tests: on any record, tampered
or not, both programs must name the same verdict and the same first finding (section 12).

Usage: psephos_oracle.py DIR [--all]      prints "<verdict> <first finding or ->"; --all lists every finding.
"""
import base64, ctypes, ctypes.util, hashlib, json, os, struct, sys

S = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
S.sodium_init()
L = 2**252 + 27742317777372353535851937790883648493
ZERO = bytes(32)


# --- group ------------------------------------------------------------------------------------
def sc(x):
    return (x % L).to_bytes(32, "little")


def ok_point(b, identity=False):
    if b == ZERO:
        return identity
    return S.crypto_core_ristretto255_is_valid_point(b) == 1


def scalar(b):
    x = int.from_bytes(b, "little")
    return x if x < L else None


def add(a, b):
    r = ctypes.create_string_buffer(32)
    assert S.crypto_core_ristretto255_add(r, a, b) == 0
    return r.raw


def sub(a, b):
    r = ctypes.create_string_buffer(32)
    assert S.crypto_core_ristretto255_sub(r, a, b) == 0
    return r.raw


def mul(k, p):
    k %= L
    if k == 0 or p == ZERO:
        return ZERO
    r = ctypes.create_string_buffer(32)
    S.crypto_scalarmult_ristretto255(r, sc(k), p)
    return r.raw


def base(k):
    k %= L
    if k == 0:
        return ZERO
    r = ctypes.create_string_buffer(32)
    S.crypto_scalarmult_ristretto255_base(r, sc(k))
    return r.raw


def total(points):
    r = ZERO
    for p in points:
        r = add(r, p)
    return r


def sha256(b):
    return hashlib.sha256(b).digest()


def sha512(b):
    return hashlib.sha512(b).digest()


def h2g(tag, msg):
    dst = b"psephos/1/" + tag.encode()
    dstp = dst + bytes([len(dst)])
    b0 = sha512(bytes(128) + msg + b"\x00\x40" + b"\x00" + dstp)
    b1 = sha512(b0 + b"\x01" + dstp)
    r = ctypes.create_string_buffer(32)
    S.crypto_core_ristretto255_from_hash(r, b1)
    return r.raw


H = h2g("generator", b"H")
_gens = {}


def gen(j):
    if j not in _gens:
        _gens[j] = h2g("generator", b"h" + struct.pack(">I", j))
    return _gens[j]


class T:
    def __init__(self, eid, typ, *xs):
        self.m = b""
        for x in (b"psephos/1", typ.encode(), eid) + xs:
            self.absorb(x)

    def absorb(self, x):
        self.m += struct.pack(">I", len(x)) + x
        return self

    def squeeze(self):
        h = sha512(self.m)
        self.m = b""
        self.absorb(h)
        return h


def Q(eid, typ, *xs):
    return T(eid, typ, *xs).squeeze()


def C(eid, typ, *xs):
    return int.from_bytes(Q(eid, typ, *xs), "little") % L


def short(h):
    return int.from_bytes(h[:16], "little")


def weights(h, n):
    out = []
    q = 0
    while len(out) < n:
        b = sha512(b"psephos/1/weights" + h + struct.pack(">I", q))
        out += [int.from_bytes(b[16 * r:16 * r + 16], "little") for r in range(4)]
        q += 1
    return out[:n]


def pok_ok(eid, typ, xs, X, R, z):
    c = C(eid, typ, *xs, R)
    return base(z) == add(R, mul(c, X))


def ed_ok(key, msg, sig):
    return S.crypto_sign_verify_detached(sig, msg, ctypes.c_ulonglong(len(msg)), key) == 0


def ed_key_valid(key):
    return len(key) == 32 and S.crypto_core_ed25519_is_valid_point(key) == 1


# --- text forms -------------------------------------------------------------------------------
def b64(s):
    try:
        raw = base64.b64decode(s, validate=True)
    except Exception:
        return None
    return raw if base64.b64encode(raw).decode() == s else None


def key_id(name, typ_key):
    return sha256(name.encode() + b"\n" + typ_key)[:4]


def vkey(s):
    """(name, type, key) or None"""
    parts = s.split("+", 2)
    if len(parts) != 3:
        return None
    name, hid, rest = parts
    raw = b64(rest)
    if raw is None or len(raw) < 1 or not name or any(ch.isspace() for ch in name):
        return None
    if len(hid) != 8 or any(ch not in "0123456789abcdef" for ch in hid):
        return None
    if key_id(name, raw).hex() != hid:
        return None
    return name, raw[0], raw[1:]


class Bad(Exception):
    pass


def strict_json(raw):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("utf8")
    if text.startswith("\ufeff"):
        raise Bad("bom")

    def pairs(items):
        d = {}
        for k, v in items:
            if k in d:
                raise Bad("duplicate")
            d[k] = v
        return d

    def integer(s):
        if s.startswith("-") or int(s) > 2**53 - 1:
            raise Bad("number")
        return int(s)

    def refuse(_):
        raise Bad("number")

    try:
        v = json.loads(text, object_pairs_hook=pairs, parse_int=integer, parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Bad("syntax")

    def walk(x, depth):
        if isinstance(x, str):
            if "\x00" in x or any(0xD800 <= ord(ch) < 0xE000 for ch in x):
                raise Bad("string")
        elif isinstance(x, (dict, list)):
            if depth > 8:
                raise Bad("depth")
            if isinstance(x, dict):
                for k in x:
                    walk(k, depth)
                x = x.values()
            for y in x:
                walk(y, depth + 1)

    walk(v, 1)
    return v


LANG = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")


def is_lang(s):
    return 1 <= len(s) <= 35 and all(c in LANG for c in s)


def t_hex(x):
    return isinstance(x, str) and len(x) == 64 and all(c in "0123456789abcdef" for c in x)


def t_text(x):
    return (isinstance(x, dict) and 1 <= len(x) <= 32 and all(is_lang(k) for k in x)
            and all(isinstance(v, str) and 1 <= len(v) <= 1000 for v in x.values()))


def t_int(x):
    return isinstance(x, int) and not isinstance(x, bool)


def t_str(x):
    return isinstance(x, str)


def t_bool(x):
    return isinstance(x, bool)


def need(cond):
    if not cond:
        raise Bad("V102")


def members(x, **types):
    need(isinstance(x, dict) and set(x) == set(types))
    for k, f in types.items():
        need(f(x[k]))


def t_list(f):
    return lambda x: isinstance(x, list) and all(f(y) for y in x)


def any_(x):
    return True


def v102(raw):
    m = strict_json(raw)
    members(m, protocol=lambda x: x == "psephos/1", nonce=t_hex, test=t_bool, title=t_text, log=any_, policy=t_hex,
            schedule=any_, authority=t_hex, registrar=t_hex, board=t_hex, trustees=t_list(any_), threshold=t_int,
            mixers=t_list(any_), mix_min=t_int, min_list=t_int, late_roster=t_bool, ballots_max=t_int,
            groups=t_list(any_), contests=t_list(any_), styles=t_list(any_), documents=t_list(any_))
    members(m["log"], origin=t_str, key=t_str)
    members(m["schedule"], opens=t_int, closes=t_int, retain_until=t_int)
    for x in m["trustees"]:
        members(x, name=t_str, sign=t_hex, share=t_hex)
    for x in m["mixers"]:
        members(x, name=t_str, sign=t_hex)
    for x in m["groups"]:
        members(x, id=t_int, fallback=t_int)
    for x in m["styles"]:
        members(x, id=t_int, group=t_int, contests=t_list(t_int))
    for x in m["documents"]:
        members(x, name=t_str, sha256=t_hex)
    for x in m["contests"]:
        need(isinstance(x, dict) and x.get("kind") in ("homomorphic", "mix"))
        if x["kind"] == "homomorphic":
            members(x, id=t_int, kind=t_str, title=t_text, options=t_list(t_text), option_max=t_int, min=t_int,
                    max=t_int, blank=t_bool)
        else:
            members(x, id=t_int, kind=t_str, title=t_text, options=t_list(t_text),
                    format=lambda f: f in ("choice", "ranking", "text", "choice-text"), width=t_int, min=t_int, max=t_int)
    return m


def sums(c):
    K, m = len(c["options"]), c["option_max"]
    if c["min"] == 0 and c["max"] == K * m:
        return []
    s = list(range(c["min"], c["max"] + 1))
    return ([0] if c["blank"] else []) + s


def part_len(c):
    if c["kind"] == "mix":
        return 2 + 128 * c["width"]
    K, m, s = len(c["options"]), c["option_max"], len(sums(c))
    return 2 + K * (160 + 128 * m) + (128 * s - 32 if s else 0)


def v103(m):
    def ck(x):
        if not x:
            raise Bad("V103")

    keys = [m["authority"], m["registrar"], m["board"]] + [t["sign"] for t in m["trustees"]] + [x["sign"] for x in m["mixers"]]
    lk = vkey(m["log"]["key"])
    o = m["log"]["origin"]
    ck(1 <= len(o.encode()) <= 255 and all(0x21 <= ord(ch) <= 0x7e and ch != "+" for ch in o))
    ck(lk is not None and lk[0] == o and lk[1] == 1 and len(lk[2]) == 32)
    keys.append(lk[2].hex())
    ck(len(set(keys)) == len(keys) and all(ed_key_valid(bytes.fromhex(k)) for k in keys))
    s = m["schedule"]
    ck(s["opens"] < s["closes"] <= s["retain_until"])
    ck(1 <= m["min_list"] < 2**32 and 1 <= m["ballots_max"] <= 65535)
    shares = [t["share"] for t in m["trustees"]]
    ck(len(set(shares)) == len(shares) and all(ok_point(bytes.fromhex(x)) for x in shares))
    ck(1 <= len(m["trustees"]) <= 64 and 1 <= m["threshold"] <= len(m["trustees"]))
    ck(len(m["mixers"]) <= 64 and m["mix_min"] <= len(m["mixers"]))
    if any(c["kind"] == "mix" for c in m["contests"]):
        ck(m["mix_min"] >= 1)
    for arr in ("groups", "contests", "styles"):
        ids = [x["id"] for x in m[arr]]
        ck(ids and all(1 <= i <= 65535 for i in ids) and all(a < b for a, b in zip(ids, ids[1:])))
    for x in m["trustees"] + m["mixers"] + m["documents"]:
        ck(1 <= len(x["name"]) <= 200)
    groups = {g["id"]: g["fallback"] for g in m["groups"]}
    for i, f in groups.items():
        ck(f == 0 or (f in groups and f > i))
    contests = {c["id"]: c for c in m["contests"]}
    for c in m["contests"]:
        K = len(c["options"])
        if c["kind"] == "homomorphic":
            ck(1 <= K <= 255 and 1 <= c["option_max"] <= 8 and c["min"] <= c["max"] <= K * c["option_max"])
            ck(len(sums(c)) <= 64)
            ck(not c["blank"] or c["min"] > 0)
        else:
            ck(1 <= c["width"] <= 8)
            f = c["format"]
            ck(K == 0 if f == "text" else 1 <= K <= 255)
            if f == "ranking":
                ck(1 <= c["max"] <= min(K, 30 * c["width"] - 2))
            else:
                ck(c["max"] == 1)
            ck(c["min"] <= c["max"])
    reach = set()
    for s in m["styles"]:
        ck(s["group"] in groups and 1 <= len(s["contests"]) <= 64 and len(set(s["contests"])) == len(s["contests"]))
        ck(all(c in contests for c in s["contests"]))
        ck(164 + sum(part_len(contests[c]) for c in s["contests"]) <= 65535)
        g = s["group"]
        while g:
            reach |= {(c, g) for c in s["contests"]}
            g = groups[g]
    ck(len(reach) <= 4096)


def parse_policy(raw, m):
    """Returns {witness name: (vkey name, id, key)}, groups, quorum or raises Bad."""
    def ck(x):
        if not x:
            raise Bad("V104")

    ck(len(raw) <= 262144)
    ck(all(b in (9, 10) or 0x20 <= b <= 0x7e or b >= 0x80 for b in raw))
    log = None
    wit, groups, quorum = {}, {}, None
    used = set()
    for line in raw.split(b"\n"):
        w = line.replace(b"\t", b" ").split(b" ")
        w = [x for x in w if x]
        if not w or w[0].startswith(b"#"):
            continue
        if w[0] == b"log":
            ck(log is None and 2 <= len(w) <= 3)
            log = w[1].decode("latin-1")
        elif w[0] == b"witness":
            ck(3 <= len(w) <= 4 and w[1] not in wit and w[1] not in groups and w[1] != b"none")
            try:
                k = vkey(w[2].decode("utf-8"))
            except UnicodeDecodeError:
                k = None
            ck(k is not None and k[1] == 4 and len(k[2]) == 32 and ed_key_valid(k[2]))
            wit[w[1]] = k
        elif w[0] == b"group":
            ck(len(w) >= 4 and w[1] not in wit and w[1] not in groups and w[1] != b"none")
            mem = w[3:]
            ck(len(set(mem)) == len(mem))
            for x in mem:
                ck((x in wit or x in groups) and x not in used)
                used.add(x)
            if w[2] == b"any":
                k = 1
            elif w[2] == b"all":
                k = len(mem)
            else:
                ck(w[2].isdigit() and not w[2].startswith(b"0"))
                k = int(w[2])
            ck(1 <= k <= len(mem))
            groups[w[1]] = (k, mem)
        elif w[0] == b"quorum":
            ck(quorum is None and len(w) == 2)
            ck(w[1] == b"none" or w[1] in wit or w[1] in groups)
            quorum = w[1]
        else:
            ck(False)
    ck(log is not None and log == m["log"]["key"])
    ck(quorum is not None and quorum != b"none")
    mk = {m["authority"], m["registrar"], m["board"], vkey(m["log"]["key"])[2].hex()}
    mk |= {t["sign"] for t in m["trustees"]} | {x["sign"] for x in m["mixers"]}
    ks = [k[2].hex() for k in wit.values()]
    ck(len(set(ks)) == len(ks) and not (set(ks) & mk))

    def minimum(x):
        if x in wit:
            return 1
        k, mem = groups[x]
        ck(2 * k > len(mem))
        return sum(sorted(minimum(y) for y in mem)[:k])

    ck(minimum(quorum) >= 2 or m["test"])
    return wit, groups, quorum


# --- log --------------------------------------------------------------------------------------
def leaf(e):
    return sha256(b"\x00" + e)


def node(a, b):
    return sha256(b"\x01" + a + b)


def mth(hs):
    if not hs:
        return sha256(b"")
    while len(hs) > 1:
        nxt = [node(hs[i], hs[i + 1]) for i in range(0, len(hs) - 1, 2)]
        if len(hs) % 2:
            nxt.append(hs[-1])
        hs = nxt
    return hs[0]


def tile_path(n):
    s = "%03d" % (n % 1000)
    while n >= 1000:
        n //= 1000
        s = "x%03d/" % (n % 1000) + s
    return s


class Record:
    def __init__(self, d):
        self.d = d

    def file(self, path, maximum=None):
        try:
            with open(os.path.join(self.d, path), "rb") as f:
                return f.read() if maximum is None else f.read(maximum + 1)
        except OSError:
            return None

    def blob(self, h):
        b = self.file("blob/" + h.hex())
        return b if b is not None and sha256(b) == h else None


class Stop(Exception):
    pass


VALS = {"kind": {1, 2, 3, 4, 255}, "class": {1, 2, 3, 4, 255}, "reason": {1, 2, 3, 4, 255}, "close": {1, 2, 3, 255},
        "abort": {1, 2, 3, 4, 255}}
STATES = ["START", "KEYS", "OPEN", "CLOSED", "FROZEN", "MIXED", "RESULT", "END"]
ROLES = {0x01: (1,), 0x02: (1,), 0x03: (1, 3), 0x10: (4,), 0x11: (4,), 0x12: (4,), 0x13: (4,), 0x14: (4,), 0x20: (2,),
         0x21: (2,), 0x30: (1,), 0x32: (2,), 0x40: (1,), 0x41: (1,), 0x42: (1,), 0x50: (5,), 0x51: (4,), 0x60: (1,),
         0x6e: (1,), 0x6f: (1,)}


class Verifier:
    def __init__(self, d):
        self.r = Record(d)
        self.state = "START"
        self.aborted = False
        self.findings = []  # (entry, rule); entry -1 before entry 0, size after the last
        self.warnings = []
        self.dead = 0

    def find(self, entry, rule):
        self.findings.append((entry, rule))

    # .. checkpoint ..
    def checkpoint_form(self):
        raw = self.r.file("checkpoint", 65536)
        if raw is None:
            sys.exit("no readable checkpoint: not a record")
        try:
            if len(raw) > 65536:
                raise Bad("size")
            text = raw.decode("utf-8")
            if any(ord(c) < 0x20 and c != "\n" for c in text):
                raise Bad("control")
            i = text.rfind("\n\n")
            if i < 0:
                raise Bad("no blank line")
            body, sigs = text[:i + 1], text[i + 2:]
            if not sigs.endswith("\n"):
                raise Bad("lf")
            lines = sigs[:-1].split("\n")
            if not 1 <= len(lines) <= 64:
                raise Bad("lines")
            self.sigs = []
            for ln in lines:
                w = ln.split(" ")
                if len(w) != 3 or w[0] != "\u2014" or not w[1] or "+" in w[1] or any(ch.isspace() for ch in w[1]):
                    raise Bad("line")
                b = b64(w[2])
                if b is None or len(b) < 5:
                    raise Bad("base64")
                self.sigs.append((w[1], b[:4], b[4:]))
            bl = body.split("\n")
            if len(bl) != 4 or bl[3] != "" or not bl[0]:
                raise Bad("body")
            self.origin = bl[0]
            if not bl[1].isdigit() or not bl[1].isascii() or (bl[1] != "0" and bl[1][0] == "0") or int(bl[1]) >= 2**64:
                raise Bad("size")
            self.size = int(bl[1])
            self.root = b64(bl[2])
            if self.root is None or len(self.root) != 32:
                raise Bad("root")
            self.text = body.encode()
        except (Bad, UnicodeDecodeError):
            self.find(-1, "V901")
            raise Stop()

    def read_items(self, path_full, path_part, w, parse):
        """A bundle or tile of w items: the exact partial if present, else the full file."""
        if w < 256:
            raw = self.r.file(path_part)
            if raw is not None:
                items = parse(raw)
                return items if items is not None and len(items) == w else None
        raw = self.r.file(path_full)
        if raw is None:
            return None
        items = parse(raw)
        return items[:w] if items is not None and len(items) == 256 else None

    def entries(self):
        def bundle(raw):
            out, i = [], 0
            while i < len(raw):
                if i + 2 > len(raw):
                    return None
                n = struct.unpack(">H", raw[i:i + 2])[0]
                if i + 2 + n > len(raw):
                    return None
                out.append(raw[i + 2:i + 2 + n])
                i += 2 + n
            return out

        es = []
        for n in range((self.size + 255) // 256):
            w = min(256, self.size - 256 * n)
            p = "tile/entries/" + tile_path(n)
            items = self.read_items(p, p + ".p/%d" % w, w, bundle)
            if items is None:
                self.find(-1, "V903")
                raise Stop()
            es += items
        return es

    def tiles(self):
        hs = [leaf(e) for e in self.e]
        self.leaves = hs
        if mth(hs) != self.root:
            self.find(-1, "V904")
        level, good = 0, True

        def tile(raw):
            return [raw[i:i + 32] for i in range(0, len(raw), 32)] if len(raw) % 32 == 0 else None

        while hs:
            for n in range((len(hs) + 255) // 256):
                part = hs[256 * n:256 * n + 256]
                p = "tile/%d/%s" % (level, tile_path(n))
                got = self.read_items(p, p + ".p/%d" % len(part), len(part), tile)
                good &= got == part
            hs = [mth(hs[256 * n:256 * n + 256]) for n in range(len(hs) // 256)]
            level += 1
        if not good:
            self.find(-1, "V903")

    # .. run ..
    def run(self):
        try:
            self.checkpoint_form()
            self.e = self.entries()
        except Stop:
            return
        self.tiles()
        try:
            self.manifest()
        except Stop:
            return
        self.notes()
        self.state = "START"
        self.aborted = False
        self.commits, self.reveals, self.shares, self.confirms = {}, {}, {}, {}
        self.cred = {}      # D -> dict
        self.weight = 0
        self.seen = set()
        self.ballots = {}   # index -> D
        self.trackers = set()
        for i, e in enumerate(self.e):
            before = len(self.findings)
            self.i = i
            self.entry(e)
            if len(self.findings) > before:
                self.dead += 1
        if self.state != "END":
            self.find(self.size, "V909")

    def manifest(self):
        m = None
        e0 = self.e[0] if self.e else b""
        if len(e0) == 136 and e0[:2] == b"\x01\x01" and e0[34:36] == b"\x01\x00":
            self.eid = e0[2:34]
            n = struct.unpack(">I", e0[36:40])[0]
            raw = self.r.blob(self.eid)
            if raw is not None and len(raw) == n and n <= 1048576:
                m = raw
        if m is None:
            self.find(0, "V101")
            raise Stop()
        try:
            self.m = v102(m)
        except Bad:
            self.find(0, "V102")
            raise Stop()
        try:
            v103(self.m)
        except Bad:
            self.find(0, "V103")
            raise Stop()
        self.pol = None
        self.setup_bad = []
        want = bytes.fromhex(self.m["policy"])
        got = e0[40:72]
        raw = self.r.blob(got)
        if raw is None:
            self.setup_bad.append("V905")
        if got != want:
            self.setup_bad.append("V104")
        elif raw is not None:
            try:
                self.pol = parse_policy(raw, self.m)
            except Bad:
                self.setup_bad.append("V104")
        m = self.m
        self.n, self.t = len(m["trustees"]), m["threshold"]
        self.keys = {(1, 0): m["authority"], (2, 0): m["registrar"], (3, 0): m["board"]}
        for i, x in enumerate(m["trustees"]):
            self.keys[(4, i + 1)] = x["sign"]
        for i, x in enumerate(m["mixers"]):
            self.keys[(5, i + 1)] = x["sign"]
        self.E = {i + 1: bytes.fromhex(x["share"]) for i, x in enumerate(m["trustees"])}
        self.contests = {c["id"]: c for c in m["contests"]}
        self.styles = {s["id"]: s for s in m["styles"]}
        self.fallback = {g["id"]: g["fallback"] for g in m["groups"]}

    def notes(self):
        name, typ, key = vkey(self.m["log"]["key"])
        kid = key_id(name, bytes([typ]) + key)
        mine = [s for n, i, s in self.sigs if n == name and i == kid]
        if self.origin != self.m["log"]["origin"] or not mine or not all(len(s) == 64 and ed_ok(key, self.text, s) for s in mine):
            self.find(-1, "V901")
        if self.pol is None:
            return
        wit, groups, quorum = self.pol
        good, bad = set(), False
        for wname, (vn, vt, vk) in wit.items():
            vid = key_id(vn, bytes([vt]) + vk)
            for n, i, s in self.sigs:
                if n == vn and i == vid:
                    t = int.from_bytes(s[:8], "big")
                    if len(s) == 72 and t <= 2**63 - 1 and ed_ok(vk, b"cosignature/v1\ntime %d\n" % t + self.text, s[8:]):
                        good.add(wname)
                    else:
                        bad = True

        def met(x):
            if x in wit:
                return x in good
            k, mem = groups[x]
            return sum(met(y) for y in mem) >= k

        if bad or not met(quorum):
            self.find(-1, "V902")

    # .. one entry ..
    def fail(self, *rules):
        for r in rules:
            self.find(self.i, r)

    def entry(self, e):
        if len(e) < 34 or e[1] != 1 or e[2:34] != self.eid or (e[0] not in ROLES and e[0] != 0x31):
            return self.fail("V906")
        if e[0] == 0x31:
            if self.state != "OPEN":
                return self.fail("V908")
            return self.ballot(e)
        typ = e[0]
        if len(e) < 100:
            return self.fail("V906")
        role, index, body, sig = e[34], e[35], e[36:-64], e[-64:]
        if role not in ROLES[typ] or (role, index) not in self.keys:
            return self.fail("V906")
        try:
            f = self.fields(typ, body, index)
        except (Bad, struct.error, IndexError):
            return self.fail("V906")
        n0 = len(self.findings)
        if not ed_ok(bytes.fromhex(self.keys[(role, index)]), b"psephos/1/entry\x00" + e[:-64], sig):
            self.fail("V907")
        if not self.allowed(typ, index):
            return self.fail("V908")
        act = getattr(self, "t%02x" % typ)(index, body, *f)
        if len(self.findings) == n0 and act is not None:
            act()

    def fields(self, typ, b, index):
        def ck(x):
            if not x:
                raise Bad("V906")

        def P(x, identity=False):
            ck(len(x) == 32 and ok_point(x, identity))
            return x

        def Sc(x):
            v = scalar(x)
            ck(len(x) == 32 and v is not None)
            return v

        n, t = self.n, self.t
        if typ == 0x01:
            ck(len(b) == 36)
            return ()
        if typ == 0x02:
            kind, h = b[0], b[1:33]
            i = 33
            lang = b[i + 1:i + 1 + b[i]]
            ck(len(lang) == b[i])
            i += 1 + b[i]
            media = b[i + 1:i + 1 + b[i]]
            ck(len(media) == b[i])
            i += 1 + b[i]
            tl = struct.unpack(">H", b[i:i + 2])[0]
            title = b[i + 2:i + 2 + tl]
            ck(len(title) == tl and i + 2 + tl == len(b) and len(h) == 32)
            ck(kind in VALS["kind"] and is_lang(lang.decode("latin-1")))
            ck(1 <= len(media) <= 127 and all(0x21 <= c <= 0x7e for c in media) and 1 <= tl <= 1000)
            try:
                title.decode("utf-8")
            except UnicodeDecodeError:
                ck(False)
            return (h,)
        if typ == 0x03:
            ck(len(b) == 41 and b[0] in VALS["class"])
            return ()
        if typ == 0x10:
            ck(len(b) == 64)
            return ()
        if typ == 0x11:
            ck(len(b) == 32 * t + 64)
            return ()
        if typ == 0x12:
            ck(len(b) == 128 * (n - 1))
            return ()
        if typ == 0x13:
            ck(len(b) == 129 and 1 <= b[0] <= n and b[0] != index)
            return b[0], P(b[1:33]), P(b[33:65]), P(b[65:97]), Sc(b[97:129])
        if typ == 0x14:
            ck(len(b) == 128)
            return P(b[:32]), P(b[32:64]), P(b[64:96]), Sc(b[96:])
        if typ == 0x20:
            c = struct.unpack(">H", b[:2])[0]
            ck(1 <= c <= 900 and len(b) == 2 + 70 * c)
            recs = []
            for k in range(c):
                x = b[2 + 70 * k:72 + 70 * k]
                recs.append((P(x[:32]),) + struct.unpack(">HI", x[32:38]))
            return (recs,)
        if typ == 0x21:
            ck(len(b) == 98 and b[32] in (1, 2) and b[65] in VALS["reason"])
            return P(b[:32]), b[32], P(b[33:65], True), b[65]
        if typ == 0x30:
            ck(len(b) == 44)
            return P(b[:32]), struct.unpack(">I", b[32:36])[0]
        if typ == 0x32:
            ck(len(b) == 42 and b[8] in (1, 2) and b[9] in VALS["reason"])
            return struct.unpack(">Q", b[:8])[0], b[8], b[9]
        if typ == 0x40:
            ck(len(b) == 49 and b[40] in VALS["close"])
            return struct.unpack(">Q", b[:8])[0], b[8:40], b[40], struct.unpack(">Q", b[41:])[0]
        if typ == 0x41:
            ck(len(b) == 36)
            return struct.unpack(">I", b[:4])[0], b[4:]
        if typ == 0x42:
            ck(len(b) == 0)
            return ()
        if typ == 0x50:
            ck(len(b) == 106)
            return struct.unpack(">HHBIB", b[:10]) + (b[10:42], b[42:74], b[74:])
        if typ == 0x51:
            ck(len(b) == 168)
            return struct.unpack(">HHI", b[:8]) + (b[8:40], b[40:72], P(b[72:104]), P(b[104:136], True), Sc(b[136:]))
        if typ == 0x60:
            ck(len(b) == 32)
            return (b,)
        if typ == 0x6e:
            ck(len(b) == 33 and b[0] in VALS["abort"])
            return ()
        if typ == 0x6f:
            ck(len(b) == 40)
            return struct.unpack(">Q", b[:8])[0], b[8:]

    def allowed(self, typ, index):
        s, n = self.state, self.n
        rank = STATES.index(s) if s in STATES else -1
        if typ == 0x01:
            return self.i == 0
        if typ in (0x02, 0x03):
            return s == "ABORT" or 1 <= rank <= 6
        if typ == 0x10:
            return s == "KEYS" and index not in self.commits
        if typ == 0x11:
            return s == "KEYS" and len(self.commits) == n and index not in self.reveals
        if typ == 0x12:
            return s == "KEYS" and len(self.reveals) == n and index not in self.shares
        if typ == 0x13:
            return s == "KEYS" and len(self.shares) == n and index not in self.confirms
        if typ == 0x14:
            return s == "KEYS" and len(self.shares) == n and index not in self.confirms
        if typ == 0x20:
            return s == "KEYS" or (s == "OPEN" and self.m["late_roster"])
        if typ == 0x21:
            return s in ("KEYS", "OPEN")
        if typ == 0x30:
            return s == "KEYS" and len(self.confirms) == n and any(c["active"] for c in self.cred.values())
        if typ == 0x32:
            return s in ("OPEN", "CLOSED")
        if typ == 0x40:
            return s == "OPEN"
        if typ == 0x41:
            return s == "CLOSED"
        if typ == 0x42:
            return s == "FROZEN" and all(len(l["mixes"]) >= self.m["mix_min"] for l in self.lists.values() if l["kind"])
        if typ == 0x50:
            return s == "FROZEN"
        if typ == 0x51:
            return s == "MIXED"
        if typ == 0x60:
            return s == "MIXED" and all(len(l["dec"]) >= self.t for l in self.lists.values())
        if typ == 0x6e:
            return 1 <= rank <= 5
        if typ == 0x6f:
            return s in ("RESULT", "ABORT")

    def move(self, s):
        def f():
            self.state = s
        return f

    def t01(self, index, b):
        self.fail(*self.setup_bad)
        return self.move("KEYS")

    def t02(self, index, b, h):
        raw = self.r.file("blob/" + h.hex())
        if raw is None:
            self.warnings.append((self.i, "W003"))
        elif sha256(raw) != h or len(raw) > 16777216:
            self.fail("V905")

    def t03(self, index, b):
        return None

    def t10(self, index, b):
        return lambda: self.commits.__setitem__(index, b)

    def t11(self, index, b):
        if Q(self.eid, "dkg-commit", bytes([index]), b) != self.commits[index]:
            self.fail("V201")
        A = [b[32 * k:32 * k + 32] for k in range(self.t)]
        R, z = b[32 * self.t:32 * self.t + 32], scalar(b[-32:])
        if not all(map(ok_point, A + [R])) or z is None or \
           not pok_ok(self.eid, "dkg-pop", (bytes([index]), b[:32 * self.t]), A[0], R, z):
            self.fail("V202")
        return lambda: self.reveals.__setitem__(index, A)

    def t12(self, index, b):
        recs, bad = {}, False
        others = [j for j in range(1, self.n + 1) if j != index]
        for k, j in enumerate(others):
            x = b[128 * k:128 * k + 128]
            R, s, Tt, z = x[:32], scalar(x[32:64]), x[64:96], scalar(x[96:])
            if not ok_point(R) or not ok_point(Tt) or s is None or z is None or \
               not pok_ok(self.eid, "dkg-share-pok", (bytes([index, j]), self.E[j] + R, x[32:64]), R, Tt, z):
                bad = True
            recs[j] = (R, s)
        if bad:
            self.fail("V203")
        return lambda: self.shares.__setitem__(index, recs)

    def t13(self, index, b, dealer, K, T1, T2, z):
        R, s = self.shares[dealer][index]
        Ej = self.E[index]
        c = C(self.eid, "dkg-complaint", bytes([dealer, index]), Ej + R + K, T1 + T2)
        if base(z) != add(T1, mul(c, Ej)) or mul(z, R) != add(T2, mul(c, K)):
            self.fail("V204")

        def act():
            self.state, self.aborted = "ABORT", True
        return act

    def V(self, j):
        return total(mul(pow(j, k, L), self.reveals[i][k]) for i in self.reveals for k in range(self.t))

    def t14(self, index, b, Y, Vj, R, z):
        if Y != total(A[0] for A in self.reveals.values()) or Vj != self.V(index):
            self.fail("V205")
        if not pok_ok(self.eid, "dkg-confirm", (bytes([index]), Y + Vj), Vj, R, z):
            self.fail("V206")

        def act():
            self.confirms[index] = Vj
            self.Y = Y
        return act

    def t20(self, index, b, recs):
        ds = [r[0] for r in recs]
        if any(a >= c for a, c in zip(ds, ds[1:])) or any(d in self.seen for d in ds):
            self.fail("V301")
        ok = True
        for d, st, w in recs:
            s = self.styles.get(st)
            ok &= s is not None and 1 <= w <= 2**20 and \
                (w == 1 or all(self.contests[c]["kind"] != "mix" for c in s["contests"]))
        if not ok or self.weight + sum(r[2] for r in recs) >= 2**40:
            self.fail("V302")

        def act():
            self.weight += sum(r[2] for r in recs)
            for d, st, w in recs:
                self.seen.add(d)
                self.cred[d] = dict(style=st, weight=w, active=True, last=None, count=0, stack=[])
        return act

    def t21(self, index, b, old, action, new, reason):
        c = self.cred.get(old)
        if c is None or not c["active"] or (new == ZERO or new in self.seen if action == 1 else new != ZERO):
            self.fail("V303")

        def act():
            c["active"] = False
            if action == 1:
                self.seen.add(new)
                self.cred[new] = dict(style=c["style"], weight=c["weight"], active=True, last=None, count=0, stack=[])
        return act

    def t30(self, index, b, Y, size):
        if Y != self.Y or size != sum(c["active"] for c in self.cred.values()):
            self.fail("V207")
        return self.move("OPEN")

    def ballot(self, e):
        try:
            D, st, prev = e[34:66], struct.unpack(">H", e[66:68])[0], e[68:100]
            s = self.styles[st]
            cs = [self.contests[c] for c in s["contests"]]
            if len(e) != 164 + sum(map(part_len, cs)) or not ok_point(D):
                raise Bad("V401")
            pos, parts = 100, []
            for c in cs:
                if struct.unpack(">H", e[pos:pos + 2])[0] != c["id"]:
                    raise Bad("V401")
                body = e[pos + 2:pos + part_len(c)]
                parts.append((c, [body[k:k + 32] for k in range(0, len(body), 32)]))
                pos += part_len(c)
            R, z = e[pos:pos + 32], scalar(e[pos + 32:])
            if not ok_point(R) or z is None:
                raise Bad("V401")
            for c, x in parts:
                if c["kind"] == "mix":
                    np = 3 * c["width"]
                else:
                    K = len(c["options"])
                    np = 2 * K + 2 * K * (c["option_max"] + 1) + 2 * len(sums(c))
                if not all(map(ok_point, x[:np])) or any(scalar(y) is None for y in x[np:]):
                    raise Bad("V401")
        except (Bad, KeyError, struct.error):
            return self.fail("V401")
        c = self.cred.get(D)
        n0 = len(self.findings)
        if c is None or not c["active"]:
            self.fail("V402")
        if c is None or c["style"] != st:
            if c is not None:
                self.fail("V403")
        if not pok_ok(self.eid, "ballot-sign", (D, e[:-64]), D, R, z):
            self.fail("V404")
        ctx0 = D + struct.pack(">H", st)
        for kind, rule in (("homomorphic", "V405"), ("mix", "V406")):
            good = True
            for ct, x in parts:
                if ct["kind"] == kind:
                    ctx = ctx0 + struct.pack(">H", ct["id"])
                    good &= self.mix_part(ctx, ct, x) if kind == "mix" else self.hom_part(ctx, ct, x)
            if not good:
                self.fail(rule)
        lh = leaf(e)
        tr = Q(self.eid, "tracker", D, lh)[:10]
        if tr in self.trackers:
            self.fail("V408")
        if c is not None:
            if prev != (c["last"][1] if c["last"] else ZERO):
                self.fail("V410")
            if c["count"] >= self.m["ballots_max"]:
                self.fail("V411")
        if len(self.findings) > n0:
            return
        self.trackers.add(tr)
        c["last"] = (self.i, lh)
        c["count"] += 1
        self.ballots[self.i] = D

    def mix_part(self, ctx, ct, x):
        w = ct["width"]
        c = C(self.eid, "ballot-mix", ctx, self.Y, b"".join(x[:2 * w]), b"".join(x[2 * w:3 * w]))
        return all(base(scalar(x[3 * w + k])) == add(x[2 * w + k], mul(c, x[2 * k])) for k in range(w))

    def hom_part(self, ctx, ct, x):
        K, m, ss = len(ct["options"]), ct["option_max"], sums(ct)
        na = 2 * K * (m + 1) + 2 * len(ss)
        ann = x[2 * K:2 * K + na]
        c = C(self.eid, "ballot-hom", ctx, self.Y, b"".join(x[:2 * K]), b"".join(ann))
        sv = [scalar(y) for y in x[2 * K + na:]]

        def disj(A, B, vals, TU, cs, zs):
            cs = cs + [(c - sum(cs)) % L]
            for v, cc, z, k in zip(vals, cs, zs, range(len(vals))):
                if base(z) != add(TU[2 * k], mul(cc, A)):
                    return False
                if mul(z, self.Y) != add(TU[2 * k + 1], mul(cc, sub(B, base(v)))):
                    return False
            return True

        good = True
        for k in range(K):
            q = sv[k * (2 * m + 1):(k + 1) * (2 * m + 1)]
            good &= disj(x[2 * k], x[2 * k + 1], range(m + 1), ann[2 * k * (m + 1):2 * (k + 1) * (m + 1)], q[:m], q[m:])
        if ss:
            q = sv[K * (2 * m + 1):]
            good &= disj(total(x[0:2 * K:2]), total(x[1:2 * K:2]), ss, ann[2 * K * (m + 1):], q[:len(ss) - 1], q[len(ss) - 1:])
        return good

    def t32(self, index, b, bi, action, reason):
        D = self.ballots.get(bi)
        ok = D is not None
        if ok:
            st = self.cred[D]["stack"]
            if action == 1:
                ok = bi > (st[-1][0] if st else -1) and (self.state != "CLOSED" or reason in (1, 3))
            else:
                ok = bool(st) and st[-1] == (bi, reason)
        if not ok:
            self.fail("V409")

        def act():
            st.append((bi, reason)) if action == 1 else st.pop()
        return act

    def here(self):
        return self.i, mth(self.leaves[:self.i])

    def t40(self, index, b, size, root, reason, time):
        if (size, root) != self.here():
            self.fail("V501")
        if time < self.m["schedule"]["closes"] and reason != 2:
            self.warnings.append((self.i, "W005"))
        return self.move("CLOSED")

    def admitted(self):
        out = []
        for D, c in self.cred.items():
            if c["active"] and c["last"]:
                rev = c["stack"][-1][0] if c["stack"] else -1
                if c["last"][0] > rev:
                    out.append((c["last"][0], c["last"][1], c["weight"]))
        return sorted(out)

    def t41(self, index, b, count, digest):
        adm = self.admitted()
        if count != len(adm) or digest != sha256(b"".join(struct.pack(">Q", i) + h for i, h, w in adm)):
            self.fail("V502")

        def act():
            self.state = "FROZEN"
            self.make_lists(adm)
        return act

    def make_lists(self, adm):
        group = {}
        for i, h, w in adm:
            e = self.e[i]
            st = self.styles[struct.unpack(">H", e[66:68])[0]]
            group.setdefault(st["group"], []).append((i, w, e, st))
        for g in sorted(self.fallback):
            bs = group.get(g)
            if not bs:
                continue
            per = {}
            for i, w, e, st in bs:
                for c in st["contests"]:
                    per[c] = per.get(c, 0) + 1
            if min(per.values()) < self.m["min_list"] and self.fallback[g]:
                group.setdefault(self.fallback[g], []).extend(bs)
                del group[g]
        self.lists = {}
        for g, bs in group.items():
            for i, w, e, st in sorted(bs, key=lambda x: x[0]):
                pos = 100
                for cid in st["contests"]:
                    c = self.contests[cid]
                    body = e[pos + 2:pos + part_len(c)]
                    pos += part_len(c)
                    kind = 1 if c["kind"] == "mix" else 0
                    l = self.lists.setdefault((cid, g), dict(kind=kind, N=0, weight=0, rows=[], mixes=[], dec={}, c=c, mixers=set()))
                    l["N"] += 1
                    l["weight"] += 1 if kind else w
                    if kind:
                        n = 2 * c["width"]
                        l["rows"] += [body[32 * k:32 * k + 32] for k in range(n)]
                    else:
                        n = 2 * len(c["options"])
                        pts = [mul(w, body[32 * k:32 * k + 32]) for k in range(n)]
                        l["rows"] = [add(a, p) for a, p in zip(l["rows"], pts)] if l["rows"] else pts
        for key, l in self.lists.items():
            l["hash"] = sha256(b"".join(l["rows"]))
            if l["N"] < self.m["min_list"]:
                self.warnings.append((self.i, "W001"))

    def t42(self, index, b):
        return self.move("MIXED")

    def t50(self, index, b, cid, g, seq, N, w, hin, hout, hproof):
        l = self.lists.get((cid, g))
        good = l is not None and l["kind"] == 1 and seq == len(l["mixes"]) + 1 and N == l["N"] and \
            w == l["c"]["width"] and hin == l["hash"] and index not in l["mixers"]
        if not good:
            self.fail("V601")
        out, proof = self.r.blob(hout), self.r.blob(hproof)
        if out is None or proof is None:
            self.fail("V905")
        if not good:
            return
        o = p = None
        if out is not None:
            o = [out[k:k + 32] for k in range(0, len(out), 32)]
            if len(out) != 64 * N * w or not all(map(ok_point, o)):
                self.fail("V602")
                o = None
        if proof is not None:
            p = [proof[k:k + 32] for k in range(0, len(proof), 32)]
            np = 3 * N + 3 + 2 * w
            if len(proof) != 160 * N + 192 + 96 * w or not all(map(ok_point, p[:np])) or any(scalar(x) is None for x in p[np:]):
                self.fail("V603")
                p = None
        if o is not None and p is not None and not self.shuffle(index, cid, g, seq, N, w, hin, hout, l["rows"], o, p):
            self.fail("V604")

        def act():
            l["mixes"].append(index)
            l["mixers"].add(index)
            l["rows"], l["hash"] = o, hout
        return act

    def shuffle(self, mixer, cid, g, seq, N, w, hin, hout, a, o, p):
        c_, ch, th = p[:N], p[N:2 * N], p[2 * N:3 * N]
        t1, t2, t3 = p[3 * N:3 * N + 3]
        t4 = p[3 * N + 3:3 * N + 3 + 2 * w]
        sv = [scalar(x) for x in p[3 * N + 3 + 2 * w:]]
        sh, sp = sv[:N], sv[N:2 * N]
        s1, s2, s3 = sv[2 * N:2 * N + 3]
        s4 = sv[2 * N + 3:]
        tau = T(self.eid, "shuffle", struct.pack(">HHBIBB", cid, g, seq, N, w, mixer), self.Y, hin + hout, b"".join(c_))
        u = weights(tau.squeeze(), N)
        tau.absorb(b"".join(ch)).absorb(b"".join(th)).absorb(t1 + t2 + t3 + b"".join(t4))
        c = short(tau.squeeze())
        pi = 1
        for x in u:
            pi = pi * x % L
        uc = total(mul(x, y) for x, y in zip(u, c_))
        if base(s1) != add(t1, mul(c, sub(total(c_), total(gen(j + 1) for j in range(N))))):
            return False
        if base(s2) != add(t2, mul(c, sub(ch[-1], mul(pi, H)))):
            return False
        if add(base(s3), total(mul(x, gen(j + 1)) for j, x in enumerate(sp))) != add(t3, mul(c, uc)):
            return False
        for k in range(w):
            A = [a[2 * (j * w + k)] for j in range(N)]
            B = [a[2 * (j * w + k) + 1] for j in range(N)]
            A2 = [o[2 * (j * w + k)] for j in range(N)]
            B2 = [o[2 * (j * w + k) + 1] for j in range(N)]
            if sub(total(mul(x, y) for x, y in zip(sp, A2)), base(s4[k])) != \
               add(t4[2 * k], mul(c, total(mul(x, y) for x, y in zip(u, A)))):
                return False
            if sub(total(mul(x, y) for x, y in zip(sp, B2)), mul(s4[k], self.Y)) != \
               add(t4[2 * k + 1], mul(c, total(mul(x, y) for x, y in zip(u, B)))):
                return False
        for j in range(N):
            before = ch[j - 1] if j else H
            if add(base(sh[j]), mul(sp[j], before)) != add(th[j], mul(c, ch[j])):
                return False
        return True

    def t51(self, index, b, cid, g, M, hin, hD, T1, T2, z):
        l = self.lists.get((cid, g))
        good = l is not None and M == len(l["rows"]) // 2 and hin == l["hash"] and index not in l["dec"]
        if not good:
            self.fail("V701")
        raw = self.r.blob(hD)
        if raw is None:
            self.fail("V905")
        if not good or raw is None:
            return
        Ds = [raw[k:k + 32] for k in range(0, len(raw), 32)]
        if len(raw) != 32 * M or not all(ok_point(x, True) for x in Ds):
            return self.fail("V702")
        Vi = self.confirms[index]
        tau = T(self.eid, "decrypt", struct.pack(">HHBI", cid, g, index, M), Vi, hin + hD)
        rho = weights(tau.squeeze(), M)
        c = int.from_bytes(tau.absorb(T1 + T2).squeeze(), "little") % L
        A = total(mul(r, x) for r, x in zip(rho, l["rows"][0::2]))
        D = total(mul(r, x) for r, x in zip(rho, Ds))
        if base(z) != add(T1, mul(c, Vi)) or mul(z, A) != add(T2, mul(c, D)):
            self.fail("V703")
        return lambda: l["dec"].__setitem__(index, Ds)

    def plain(self, l):
        J = sorted(l["dec"])[:self.t]
        out = list(l["rows"][1::2])
        for i in J:
            lam = 1
            for j in J:
                if j != i:
                    lam = lam * j * pow(j - i, -1, L) % L
            out = [sub(x, mul(lam, d)) for x, d in zip(out, l["dec"][i])]
        return out

    def t60(self, index, b, h):
        raw = self.r.blob(h)
        if raw is None:
            return self.fail("V905")
        bad = set()
        try:
            pos = [0]

            def take(n):
                x = raw[pos[0]:pos[0] + n]
                if len(x) != n:
                    raise Bad("V801")
                pos[0] += n
                return x

            if struct.unpack(">H", take(2))[0] != len(self.lists):
                raise Bad("V801")
            parsed = []
            for (cid, g) in sorted(self.lists):
                l = self.lists[(cid, g)]
                if struct.unpack(">HHBIQ", take(17)) != (cid, g, l["kind"], l["N"], l["weight"]):
                    raise Bad("V801")
                if l["kind"] == 0:
                    K = len(l["c"]["options"])
                    if struct.unpack(">H", take(2))[0] != K:
                        raise Bad("V801")
                    parsed.append((l, struct.unpack(">%dQ" % K, take(8 * K))))
                else:
                    w = l["c"]["width"]
                    if take(1)[0] != w:
                        raise Bad("V801")
                    rows = []
                    for _ in range(l["N"]):
                        st = take(1)[0]
                        pts = [take(32) for _ in range(w)]
                        if not all(ok_point(x, True) for x in pts):
                            raise Bad("V801")
                        rows.append((st, pts))
                    parsed.append((l, rows))
            if pos[0] != len(raw):
                raise Bad("V801")
        except (Bad, struct.error):
            return self.fail("V801")
        for l, x in parsed:
            X = self.plain(l)
            if l["kind"] == 0:
                if any(base(v) != p for v, p in zip(x, X)):
                    bad.add("V802")
            else:
                w = l["c"]["width"]
                for k, (st, pts) in enumerate(x):
                    true = X[k * w:k * w + w]
                    if pts != true:
                        bad.add("V803")
                    elif st != status(l["c"], true):
                        bad.add("V804")
        self.fail(*sorted(bad))
        return self.move("RESULT")

    def t6e(self, index, b):
        def act():
            self.state, self.aborted = "ABORT", True
        return act

    def t6f(self, index, b, size, root):
        if (size, root) != self.here():
            self.fail("V503")
        return self.move("END")

    def verdict(self):
        record = {"V101", "V102", "V103", "V104", "V901", "V902", "V903", "V904", "V905", "V909"}
        bad = {r for _, r in self.findings if r in record}
        if not bad:
            return "aborted" if self.aborted else "accepted"
        if bad == {"V909"}:
            return "valid-prefix-" + self.state
        return "not-accepted"

    def first(self):
        return min(self.findings) if self.findings else None


def encode_element(d):
    for ctr in range(16384):
        s = bytes([2 * (ctr % 128)]) + d + bytes([ctr // 128])
        if s != ZERO and ok_point(s):
            return s


def status(c, pts):
    data = b""
    for p in pts:
        if p == ZERO or encode_element(p[1:31]) != p:
            return 2
        data += p[1:31]
    K, f, w = len(c["options"]), c["format"], c["width"]
    tags = {"choice": {1}, "ranking": {2}, "text": {3}, "choice-text": {1, 3}}[f]
    tag, n = data[0], data[1]
    blank_ok = c["min"] == 0
    if tag not in tags:
        return 2
    if tag == 1:
        if any(data[2:]) or n > K:
            return 2
        return (1 if blank_ok else 2) if n == 0 else 0
    if n > 30 * w - 2 or any(data[2 + n:]):
        return 2
    x = data[2:2 + n]
    if tag == 2:
        if len(set(x)) != n or any(not 1 <= o <= K for o in x):
            return 2
        if n == 0:
            return 1 if blank_ok else 2
        return 0 if c["min"] <= n <= c["max"] else 2
    if n == 0:
        return 1 if blank_ok and f == "text" else 2
    try:
        t = x.decode("utf-8")
    except UnicodeDecodeError:
        return 2
    return 2 if any(ord(ch) < 0x20 or ord(ch) == 0x7f for ch in t) else 0


def main():
    v = Verifier(sys.argv[1])
    v.run()
    f = v.first()
    n = getattr(v, "size", 0)

    def show(x):
        i, r = x
        return "%s entry=%s" % (r, "-" if i < 0 or r == "V909" else i)

    print(v.verdict(), show(f) if f else "-")
    if "--all" in sys.argv:
        for x in sorted(v.findings):
            print(" ", show(x))
        for w in v.warnings:
            print("  %s entry=%d" % (w[1], w[0]))


if __name__ == "__main__":
    main()
