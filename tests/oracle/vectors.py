#!/usr/bin/env python3
"""The second verifier against the known-answer vectors: manifest, policy, Ed25519, statuses, hashing.

Usage: vectors.py VECTOR_DIR      exit 0 when all hold; one line per miss.
"""
import json
import os
import sys

from psephos_oracle import Bad, T, ed_key_valid, ed_ok, gen, h2g, parse_policy, status, v102, v103, weights


def main():
    folder = sys.argv[1]
    misses = 0
    count = 0

    def load(name):
        with open(os.path.join(folder, name + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def expect(what, got, want):
        nonlocal misses, count
        count += 1
        if got != want:
            misses += 1
            print("%s: got %r, want %r" % (what, got, want))

    frame = json.loads(load("frame")["manifest"])

    def manifest_verdict(raw):
        try:
            m = v102(raw)
        except Bad:
            return "V102"
        try:
            v103(m)
        except Bad:
            return "V103"
        return "accept"

    for c in load("manifest")["cases"]:
        expect("manifest " + c["note"], manifest_verdict(c["manifest"].encode("utf-8", "surrogatepass")), c["verdict"])

    def policy_verdict(c, log_vkey):
        m = dict(frame, test=c["test"], log={"origin": "", "key": log_vkey})
        try:
            parse_policy(c["policy"].encode("utf-8", "surrogatepass"), m)
        except Bad:
            return "V104"
        return "accept"

    policy = load("policy")
    for c in policy["cases"]:
        expect("policy " + c["note"], policy_verdict(c, policy["log_vkey"]), c["verdict"])
    for c in load("ed25519")["cases"]:
        key, message, signature = (bytes.fromhex(c[k]) for k in ("key", "message", "signature"))
        expect("ed25519 " + c["note"], ed_ok(key, message, signature), c["accept"])
        expect("ed25519 key " + c["note"], ed_key_valid(key), c["key_valid"])
    contests = {c["id"]: c for c in frame["contests"]}
    for c in load("plaintext")["statuses"]:
        got = status(contests[c["contest"]], [bytes.fromhex(p) for p in c["points"]])
        expect("status " + c["note"], got, c["status"])
    h = load("hash-to-group")
    for c in h["cases"]:
        expect("h2g " + c["tag"], h2g(c["tag"], bytes.fromhex(c["msg"])).hex(), c["point"])
    for j, point in h["H_j"].items():
        expect("H_" + j, gen(int(j)).hex(), point)
    t = load("transcript")
    tr = T(bytes.fromhex(t["eid"]), "test").absorb(b"").absorb(b"abc").absorb(bytes(range(200)))
    h1 = tr.squeeze()
    expect("transcript h1", h1.hex(), t["h1"])
    expect("transcript h2", tr.absorb(b"more").squeeze().hex(), t["h2"])
    expect("weights", [w.to_bytes(16, "little").hex() for w in weights(h1, 6)], t["weights_h1"])
    print("%d passed, %d failed" % (count - misses, misses))
    sys.exit(misses != 0)


if __name__ == "__main__":
    main()
