#!/usr/bin/env python3
"""Make the known-answer vectors: from the inputs of each file (choices, keys, random values) every
output is computed anew by a second prover, which shares nothing with lib/crypto.

Usage: make_vectors.py FOLDER            compare: exit 0 when every file holds, byte for byte
       make_vectors.py FOLDER --write    write the outputs back
Random values in the files were made as LE(SHA-512(seed || "|" || counter)) mod L.
"""
import base64
import ctypes
import json
import os
import struct
import sys

from psephos_oracle import (L, S, T, C, H, Q, ZERO, add, base, encode_element, gen, h2g, leaf, mul, sc, sha256, sha512,
                            short, status, sub, sums, total, weights)

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def hx(s):
    return bytes.fromhex(s)


def num(s):
    return int.from_bytes(hx(s), "little")


def scalar_hex(x):
    return sc(x).hex()


def short_hex(x):
    return x.to_bytes(16, "little").hex()


def respond(omega, c, x):
    return sc(omega + c * x)


def pok(eid, typ, xs, x, omega):
    R = base(omega)
    return R + respond(omega, C(eid, typ, *xs, R), x)


def code(data):
    n = int.from_bytes(data, "big")
    bits = 8 * len(data)
    digits = "".join(ALPHABET[n >> (bits - 5 * k - 5) & 31] for k in range(bits // 5))
    return "-".join(digits[k:k + 4] for k in range(0, len(digits), 4))


def transcript(v, _):
    t = T(hx(v["eid"]), "test").absorb(b"").absorb(b"abc").absorb(bytes(range(200)))
    h1 = t.squeeze()
    v.update(h1=h1.hex(), state_after_squeeze=t.m.hex(), h2=t.absorb(b"more").squeeze().hex(),
             scalar_h1=scalar_hex(int.from_bytes(h1, "little")), short_h1_le16=short_hex(short(h1)),
             weights_h1=[short_hex(w) for w in weights(h1, 6)])


def hash_to_group(v, _):
    for c in v["cases"]:
        dst = b"psephos/1/" + c["tag"].encode()
        tail = dst + bytes([len(dst)])
        b0 = sha512(bytes(128) + hx(c["msg"]) + b"\x00\x40\x00" + tail)
        c["uniform"] = sha512(b0 + b"\x01" + tail).hex()
        c["point"] = h2g(c["tag"], hx(c["msg"])).hex()
    v["H"] = H.hex()
    v["H_j"] = {j: gen(int(j)).hex() for j in v["H_j"]}


def schnorr(v, _):
    D = base(num(v["d"]))
    v["D"] = D.hex()
    v["signature"] = pok(hx(v["eid"]), "ballot-sign", (D, hx(v["bytes_before_R"])), num(v["d"]), num(v["nonce"])).hex()


def tracker(v, _):
    for c in v["cases"]:
        c["tracker"] = code(Q(hx(v["eid"]), "tracker", hx(c["D"]), hx(c["leaf_hash"]))[:10])
        c["voter_code"] = code(hx(c["D"])[:15])


def report(v, _):
    eid = hx(v["eid"])

    def commit(salt, evidence):
        return Q(eid, "evidence", salt, evidence)[:32]

    u, s = v["unsigned"], v["signed"]
    u["commitment"] = commit(hx(u["salt"]), hx(u["report"])).hex()
    D = base(num(s["d"]))
    s["D"] = D.hex()
    body = hx(s["report"])[:-96] + D
    s["report"] = (body + pok(eid, "report-sign", (D, body), num(s["d"]), num(s["nonce"]))).hex()
    s["commitment"] = commit(hx(s["salt"]), hx(s["report"])).hex()
    b = v["both_in_one_incident"]
    b["commitment"] = commit(hx(b["salt"]), hx(u["commitment"]) + hx(s["commitment"])).hex()


def frame(v, _):
    manifest = v["manifest"].encode()
    eid = sha256(manifest)
    v["eid"] = eid.hex()

    def keypair(seed):
        pk, sk = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        S.crypto_sign_seed_keypair(pk, sk, hx(seed))
        return pk.raw, sk.raw

    v["role_keys"] = {k: keypair(seed)[0].hex() for k, seed in v["role_seeds"].items()}
    entry = b"\x01\x01" + eid + b"\x01\x00" + struct.pack(">I", len(manifest)) + sha256(v["policy"].encode())
    message = b"psephos/1/entry\x00" + entry
    sig = ctypes.create_string_buffer(64)
    S.crypto_sign_detached(sig, None, message, ctypes.c_ulonglong(len(message)), keypair(v["role_seeds"]["1/0"])[1])
    e = v["evidence"]
    e["commitment"] = Q(eid, "evidence", hx(e["salt"]), hx(e["evidence"]))[:32].hex()
    v.update(setup_entry=(entry + sig.raw).hex(), signed_message=message.hex(), leaf_hash=leaf(entry + sig.raw).hex())


def dkg(v, _):
    eid, n, t = hx(v["eid"]), v["n"], v["t"]
    a = [[num(x) for x in row] for row in v["coefficients"]]
    e = [num(x) for x in v["share_secret"]]
    E = [base(x) for x in e]
    A = [[base(x) for x in row] for row in a]
    v["share_key"] = [x.hex() for x in E]
    v["reveal_body"], v["commit_body"] = [], []
    for i in range(n):
        alpha = b"".join(A[i])
        body = alpha + pok(eid, "dkg-pop", (bytes([i + 1]), alpha), a[i][0], num(v["reveal_nonce"][i]))
        v["reveal_body"].append(body.hex())
        v["commit_body"].append(Q(eid, "dkg-commit", bytes([i + 1]), body).hex())

    def f(i, j):
        return sum(c * pow(j, k, L) for k, c in enumerate(a[i - 1])) % L

    record = {}
    for key in v["share_randomness"]:
        i, j = map(int, key.split("->"))
        r = num(v["share_randomness"][key])
        R, K, ij = base(r), mul(r, E[j - 1]), bytes([i, j])
        masked = sc(f(i, j) + C(eid, "dkg-share", ij, E[j - 1], R, K))
        proof = pok(eid, "dkg-share-pok", (ij, E[j - 1] + R, masked), r, num(v["share_proof_nonce"][key]))
        record[key] = R + masked + proof
        v["plain_shares"][key] = scalar_hex(f(i, j))
    v["shares_body"] = {str(i): b"".join(record["%d->%d" % (i, j)] for j in range(1, n + 1) if j != i).hex()
                        for i in range(1, n + 1)}
    Y = total(row[0] for row in A)
    x = [sum(f(i, j) for i in range(1, n + 1)) % L for j in range(1, n + 1)]
    V = [base(k) for k in x]
    v.update(Y=Y.hex(), x=[scalar_hex(k) for k in x], V=[k.hex() for k in V])
    v["confirm_body"] = [(Y + V[j] + pok(eid, "dkg-confirm", (bytes([j + 1]), Y + V[j]), x[j],
                                         num(v["confirm_nonce"][j]))).hex() for j in range(n)]
    c = v["complaint"]
    i, j, w = c["dealer"], c["complainant"], num(c["nonce"])
    R = record["%d->%d" % (i, j)][:32]
    K, Ej = mul(e[j - 1], R), E[j - 1]
    T1, T2 = base(w), mul(w, R)
    ch = C(eid, "dkg-complaint", bytes([i, j]), Ej + R + K, T1 + T2)
    c["body"] = (bytes([i]) + K + T1 + T2 + respond(w, ch, e[j - 1])).hex()
    share = num(record["%d->%d" % (i, j)][32:64].hex()) - C(eid, "dkg-share", bytes([i, j]), Ej, R, K)
    good = base(share) == total(mul(pow(j, k, L), A[i - 1][k]) for k in range(t))
    c["at_fault"] = "complainant" if good else "dealer"


def plaintext(v, load):
    contests = {c["id"]: c for c in json.loads(load("frame")["manifest"])["contests"]}
    for x in v["elements"]:
        point = encode_element(hx(x["data"]))
        x.update(point=point.hex(), ctr=point[31] * 128 + point[0] // 2)
    for x in v["statuses"]:
        x["status"] = status(contests[x["contest"]], [hx(p) for p in x["points"]])


def disjunction(A, B, Y, value, values, rnd, r):
    """The announcements, and a function from the challenge to the fields c (all but the last), z."""
    omega = rnd.pop(0)
    fake = {s: (rnd.pop(0), rnd.pop(0)) for s in values if s != value}
    ann = []
    for s in values:
        if s == value:
            ann += [base(omega), mul(omega, Y)]
        else:
            c, z = fake[s]
            ann += [sub(base(z), mul(c, A)), sub(mul(z, Y), mul(c, sub(B, base(s))))]

    def answer(c):
        true = (c - sum(x for x, _ in fake.values())) % L
        cs = [true if s == value else fake[s][0] for s in values]
        zs = [(omega + true * r) % L if s == value else fake[s][1] for s in values]
        return cs[:-1], zs

    return ann, answer


def hom_part(eid, ctx, Y, contest, p):
    r = [num(x) for x in p["r"]]
    rnd = [num(x) for x in p["randomness"]]
    ct = []
    for k, value in enumerate(p["choice"]):
        ct.append((base(r[k]), add(base(value), mul(r[k], Y))))
    parts = [disjunction(A, B, Y, value, range(contest["option_max"] + 1), rnd, r[k])
             for k, ((A, B), value) in enumerate(zip(ct, p["choice"]))]
    if sums(contest):
        parts.append(disjunction(total(x[0] for x in ct), total(x[1] for x in ct), Y, sum(p["choice"]), sums(contest),
                                 rnd, sum(r)))
    cts, ann = b"".join(a + b for a, b in ct), b"".join(x for part in parts for x in part[0])
    c = C(eid, "ballot-hom", ctx, Y, cts, ann)
    p["challenge"] = scalar_hex(c)
    p["part_without_id"] = (cts + ann + b"".join(sc(x) for part in parts for f in part[1](c) for x in f)).hex()


def mix_part(eid, ctx, Y, contest, p):
    w, data = contest["width"], hx(p["choice"])
    r, omega = [num(x) for x in p["r"]], [num(x) for x in p["randomness"]]
    cts = b"".join(base(r[k]) + add(encode_element(data[30 * k:30 * k + 30]), mul(r[k], Y)) for k in range(w))
    ann = b"".join(base(x) for x in omega)
    c = C(eid, "ballot-mix", ctx, Y, cts, ann)
    p["challenge"] = scalar_hex(c)
    p["part_without_id"] = (cts + ann + b"".join(respond(omega[k], c, r[k]) for k in range(w))).hex()


def ballot(v, load):
    contests = {c["id"]: c for c in json.loads(load("frame")["manifest"])["contests"]}
    eid, Y, D = hx(v["eid"]), hx(v["Y"]), base(num(v["d"]))
    entry = b"\x31\x01" + eid + D + struct.pack(">H", v["style"]) + hx(v["prev"])
    for p in v["parts"]:
        ctx = D + struct.pack(">HH", v["style"], p["contest"])
        (mix_part if p["kind"] == "mix" else hom_part)(eid, ctx, Y, contests[p["contest"]], p)
        entry += struct.pack(">H", p["contest"]) + hx(p["part_without_id"])
    entry += pok(eid, "ballot-sign", (D, entry), num(v["d"]), num(v["sign_nonce"]))
    v.update(D=D.hex(), entry=entry.hex(), leaf_hash=leaf(entry).hex(),
             tracker=code(Q(eid, "tracker", D, leaf(entry))[:10]))


def shuffle(v, _):
    eid, Y, N, w = hx(v["eid"]), hx(v["Y"]), v["N"], v["w"]
    rows = []
    for j in range(N):
        data = hx(v["plaintexts"][j])
        rows.append([(base(num(v["enc_r"][j][k])),
                      add(encode_element(data[30 * k:30 * k + 30]), mul(num(v["enc_r"][j][k]), Y))) for k in range(w)])
    psi = [x - 1 for x in v["psi"]]
    s = [[num(x) for x in row] for row in v["s"]]
    out = [[(add(rows[psi[j]][k][0], base(s[j][k])), add(rows[psi[j]][k][1], mul(s[j][k], Y))) for k in range(w)]
           for j in range(N)]
    flat = [b"".join(a + b for row in x for a, b in row) for x in (rows, out)]
    r = [num(x) for x in v["r_by_input_index"]]
    c = [None] * N
    for j in range(N):
        c[psi[j]] = add(base(r[psi[j]]), gen(j + 1))
    hin, hout = sha256(flat[0]), sha256(flat[1])
    tau = T(eid, "shuffle", struct.pack(">HHBIBB", v["contest"], v["group"], v["seq"], N, w, v["mixer"]), Y, hin + hout,
            b"".join(c))
    h1 = tau.squeeze()
    u = weights(h1, N)
    up = [u[psi[j]] for j in range(N)]
    q, oh, op = ([num(x) for x in v[k]] for k in ("q", "omega_hat", "omega_prime"))
    Rj, before, ch, th = 0, H, [], []
    for j in range(N):
        Rj = (q[j] + up[j] * Rj) % L
        ch.append(add(base(q[j]), mul(up[j], before)))
        th.append(add(base(oh[j]), mul(op[j], before)))
        before = ch[-1]
    o1, o2, o3 = (num(v[k]) for k in ("omega1", "omega2", "omega3"))
    o4 = [num(x) for x in v["omega4"]]
    t = [base(o1), base(o2), add(base(o3), total(mul(op[j], gen(j + 1)) for j in range(N)))]
    for k in range(w):
        t.append(sub(total(mul(op[j], out[j][k][0]) for j in range(N)), base(o4[k])))
        t.append(sub(total(mul(op[j], out[j][k][1]) for j in range(N)), mul(o4[k], Y)))
    x = short(tau.absorb(b"".join(ch)).absorb(b"".join(th)).absorb(b"".join(t)).squeeze())
    proof = b"".join(c + ch + th + t)
    proof += b"".join(respond(oh[j], x, q[j]) for j in range(N)) + b"".join(respond(op[j], x, up[j]) for j in range(N))
    proof += respond(o1, x, sum(r)) + respond(o2, x, Rj) + respond(o3, x, sum(a * b for a, b in zip(u, r)))
    proof += b"".join(respond(o4[k], x, sum(up[j] * s[j][k] for j in range(N))) for k in range(w))
    v.update(input=flat[0].hex(), in_hash=hin.hex(), output=flat[1].hex(), out_hash=hout.hex(), h1=h1.hex(),
             u_le16=[short_hex(a) for a in u], c_le16=short_hex(x), proof=proof.hex(), proof_hash=sha256(proof).hex())


def decrypt(v, load):
    manifest = json.loads(load("frame")["manifest"])
    contest = {c["id"]: c for c in manifest["contests"]}[v["contest"]]
    eid, raw = hx(v["eid"]), hx(v["list"])
    pts = [raw[k:k + 32] for k in range(0, len(raw), 32)]
    A, M, hin = pts[0::2], len(pts) // 2, sha256(raw)
    present = [s["trustee"] for s in v["shares"]]
    X = pts[1::2]
    for s in v["shares"]:
        i, x, omega = s["trustee"], num(s["x"]), num(s["nonce"])
        V, D = base(x), [mul(x, a) for a in A]
        blob = b"".join(D)
        tau = T(eid, "decrypt", struct.pack(">HHBI", v["contest"], v["group"], i, M), V, hin + sha256(blob))
        rho = weights(tau.squeeze(), M)
        T1, T2 = base(omega), mul(omega, total(mul(k, a) for k, a in zip(rho, A)))
        c = int.from_bytes(tau.absorb(T1 + T2).squeeze(), "little")
        proof = T1 + T2 + respond(omega, c, x)
        lam = 1
        for j in present:
            if j != i:
                lam = lam * j * pow(j - i, -1, L) % L
        X = [sub(a, mul(lam, d)) for a, d in zip(X, D)]
        head = struct.pack(">HHI", v["contest"], v["group"], M)
        s.update(V=V.hex(), rho_le16=[short_hex(k) for k in rho], D_blob=blob.hex(), D_hash=sha256(blob).hex(),
                 T1_T2_z=proof.hex(), body=(head + hin + sha256(blob) + proof).hex())
        s["lambda"] = scalar_hex(lam)
    w = contest["width"]
    rows = [X[k:k + w] for k in range(0, M, w)]
    result = struct.pack(">HHBIQ", v["contest"], v["group"], 1, len(rows), len(rows)) + bytes([w])
    result += b"".join(bytes([status(contest, row)]) + b"".join(row) for row in rows)
    v.update(in_hash=hin.hex(), M=M, points=[x.hex() for x in X], result_list=result.hex(),
             rows=[{"status": status(contest, row), "plaintext": b"".join(x[1:31] for x in row).hex()} for row in rows])


def check(v, load):
    b = load(v["ballot"][:-5])
    eid, Y, lh, k = hx(b["eid"]), hx(b["Y"]), hx(b["leaf_hash"]), hx(v["k"])
    keys = Q(eid, "check-key", k, lh)
    W, X = base(num(v["w"])), base(num(v["x"]))
    k3 = Q(eid, "check-key3", k, lh, W + X, mul(num(v["w"]), X))[:32]
    aad = [b"psephos/1/check" + eid + lh + bytes([step]) for step in (1, 2, 3)]
    urls = base64.urlsafe_b64decode(v["qr"][9:] + "==")[1 + 32 + 8 + 32 + 32 + 32 + 32:]
    qr = b"\x01" + eid + struct.pack(">Q", v["leaf_index"]) + lh + k + W + sha256(hx(v["nu"])) + urls
    cts, r = [], []
    for p in b["parts"]:
        part = hx(p["part_without_id"])
        cts += [(part[64 * n:64 * n + 32], part[64 * n + 32:64 * n + 64]) for n in range(len(p["r"]))]
        r += [num(x) for x in p["r"]]

    def setting(choices):
        elements, at = [], 0
        for p in b["parts"]:
            for n in range(len(p["r"])):
                size = 30 if p["kind"] == "mix" else 1
                piece = choices[at:at + size]
                elements.append(encode_element(piece) if size == 30 else base(piece[0]))
                at += size
        tau = T(eid, "check-proof", lh, X, Y, choices)
        rho = weights(tau.squeeze(), len(cts))
        A = total(mul(w, a) for w, (a, _) in zip(rho, cts))
        D = total(mul(w, sub(c, m)) for w, (_, c), m in zip(rho, cts, elements))
        return tau, rho, A, D

    def fields(T1, T2, T3, c0, z0, z1):
        return T1 + T2 + T3 + sc(c0) + sc(z0) + sc(z1)

    def verifies(choices, proof):
        tau, _, A, D = setting(choices)
        T1, T2, T3 = proof[:32], proof[32:64], proof[64:96]
        c0, z0, z1 = (num(proof[n:n + 32].hex()) for n in (96, 128, 160))
        c1 = (int.from_bytes(tau.absorb(proof[:96]).squeeze(), "little") - c0) % L
        return base(z0) == add(T1, mul(c0, A)) and mul(z0, Y) == add(T2, mul(c0, D)) and base(z1) == add(T3, mul(c1, X))

    choices = b"".join(bytes(p["choice"]) if p["kind"] != "mix" else hx(p["choice"]) for p in b["parts"])
    tau, rho, A, D = setting(choices)
    omega, c1, z1 = (num(x) for x in v["proof_randomness_omega_c1_z1"])
    Ts = (base(omega), mul(omega, Y), sub(base(z1), mul(c1, X)))
    c0 = (int.from_bytes(tau.absorb(b"".join(Ts)).squeeze(), "little") - c1) % L
    proof = fields(*Ts, c0, omega + c0 * sum(w * x for w, x in zip(rho, r)), z1)
    f = v["forgery"]
    claim = hx(f["choices"])
    tau, rho, A, D = setting(claim)
    c0, z0, omega = (num(x) for x in f["randomness_c0_z0_omega"])
    Ts = (sub(base(z0), mul(c0, A)), sub(mul(z0, Y), mul(c0, D)), base(omega))
    c1 = int.from_bytes(tau.absorb(b"".join(Ts)).squeeze(), "little") - c0
    f["proof"] = fields(*Ts, c0, z0, omega + c1 * num(v["x"])).hex()
    f["verifies"] = verifies(claim, hx(f["proof"]))
    v["false_claim"].update(proof=proof.hex(), verifies=verifies(hx(v["false_claim"]["choices"]), proof))
    m1 = X + pok(eid, "check-pok", (lh, X), num(v["x"]), num(v["pok_nonce"]))

    def box(key, nonce, message, ad):
        out = ctypes.create_string_buffer(len(message) + 16)
        S.crypto_aead_xchacha20poly1305_ietf_encrypt(out, None, message, ctypes.c_ulonglong(len(message)), ad,
                                                     ctypes.c_ulonglong(len(ad)), None, nonce, key)
        return (nonce + out.raw).hex()

    n = int.from_bytes(Q(eid, "check-code", lh, W + X, hx(v["nu"]))[:4], "little") % 10**6
    v.update(eid=eid.hex(), Y=Y.hex(), leaf_hash=lh.hex(), W=W.hex(), X=X.hex(), k1=keys[:32].hex(), k2=keys[32:].hex(),
             k3=k3.hex(), mailbox=Q(eid, "check-mailbox", k)[:16].hex(), aad1=aad[0].hex(), aad2=aad[1].hex(),
             aad3=aad[2].hex(), qr="psephos1:" + base64.urlsafe_b64encode(qr).decode().rstrip("="), code="%06d" % n,
             message1=m1.hex(), choices=choices.hex(), proof=proof.hex(), message3=(choices + proof).hex(),
             box1=box(keys[:32], hx(v["nonce1"]), m1, aad[0]), box2=box(keys[32:], hx(v["nonce2"]), hx(v["nu"]), aad[1]),
             box3=box(k3, hx(v["nonce3"]), choices + proof, aad[2]))


MAKERS = {"transcript": transcript, "hash-to-group": hash_to_group, "schnorr": schnorr, "tracker": tracker,
          "report": report, "frame": frame, "dkg": dkg, "plaintext": plaintext, "ballot-ranking": ballot,
          "ballot-wide": ballot, "ballot-blank": ballot, "shuffle-n4-w1": shuffle, "shuffle-n3-w2": shuffle,
          "decrypt": decrypt, "check": check}


def main():
    folder, write = sys.argv[1], "--write" in sys.argv
    misses = 0

    def load(name):
        with open(os.path.join(folder, name + ".json"), encoding="utf-8") as f:
            return json.load(f)

    for name, make in MAKERS.items():
        before = load(name)
        after = json.loads(json.dumps(before))
        make(after, load)
        for key in before:
            if before[key] != after[key]:
                misses += 1
                print("%s: %s differs" % (name, key))
        if write and before != after:
            with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as f:
                json.dump(after, f, indent=1, ensure_ascii=False)
                f.write("\n")
    print("%d passed, %d failed" % (len(MAKERS), misses))
    sys.exit(misses != 0)


if __name__ == "__main__":
    main()
