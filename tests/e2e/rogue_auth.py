# rogue_auth.py SOCKET SUBJECT CARD: what somebody who holds auth may try at the registrar: to enrol
# SUBJECT, who never came, with another voter's binding or with no binding (CARD: a credential's
# public file), and to end a wait without the authority's word. One binding waits with the registrar.
# Prints what went through.
import json
import socket
import struct
import sys
import time

IDENTIFY, REGISTER, BOND, PENDING, QUALIFY = 5, 3, 6, 7, 8
OK, UNKNOWN, PROOF, WAIT, SIGNED = 0, 2, 5, 8, 9

path, subject, card = sys.argv[1:]
with open(card, encoding="utf-8") as f:
    card = json.load(f)
peer = socket.socket(socket.AF_UNIX)
peer.settimeout(60)
peer.connect(path)


def take(n):
    out = b""
    while len(out) < n:
        more = peer.recv(n - len(out))
        if not more:
            sys.exit("the registrar hung up")
        out += more
    return out


def ask(kind, body):
    peer.sendall(struct.pack(">IB", 1 + len(body), kind) + body)
    (n,) = struct.unpack(">I", take(4))
    answer = take(n)
    assert answer[0] == kind | 0x80, answer
    return answer[1], answer[2:]


def v16(x):
    return struct.pack(">H", len(x)) + x


def identify(who):
    code, rest = ask(IDENTIFY, v16(who))
    assert code == OK, who
    return struct.unpack(">Q", rest)[0]


def enter(person, nonce, credential, bond, replace=0):
    body = struct.pack(">QB", person, replace) + nonce + credential
    code, rest = ask(BOND, body + struct.pack(">I", len(bond)) + bond)
    return code, rest[2:2 + rest[1]].decode()


def qualify(row, judged, answer, nonce=b""):
    body = struct.pack(">QQB", row, judged, len(nonce)) + nonce
    code, rest = ask(QUALIFY, body + struct.pack(">I", len(answer)) + answer)
    return code, rest[2:2 + rest[1]].decode()


def wants(what, got, wanted):
    if got != wanted:
        print(f"{what}: {got}, wanted {wanted}")


code, rest = ask(PENDING, struct.pack(">Q", 0))
assert code == OK
row, n = struct.unpack(">QI", rest[:12])
bond = rest[12:12 + n]
at = len(b"psephos/1/bond\0") + 1 + 32
(n,) = struct.unpack(">H", bond[at:at + 2])
statement = bond[at + 2:at + 2 + n]
proof = bond[at + 2 + n:at + 2 + n + 64]
at = len(b"psephos/1/binding\0") + 32
credential = statement[at:at + 32]
at += 64
(n,) = struct.unpack(">H", statement[at:at + 2])
signer = statement[at + 2:at + 2 + n]
nonce = statement[at + 2 + n:at + 34 + n]
person, victim = identify(signer), identify(subject.encode())
other = bytes.fromhex(card["credential"])

wants("the same again", enter(person, nonce, credential, bond)[0], WAIT)
wants("for another person", enter(victim, nonce, credential, bond), (PROOF, "subject"))
wants("for another credential", enter(person, nonce, other, bond), (PROOF, "credential"))
wants("cut off", enter(victim, nonce, other, bond[:-1]), (PROOF, "form"))
wants("no bond", enter(victim, nonce, other, b""), (PROOF, "form"))
wants("for nobody", enter(1 << 40, nonce, other, bond)[0], UNKNOWN)
spoilt = bytearray(bond)
spoilt[bond.index(proof)] ^= 1
wants("without the secret", enter(victim, nonce, credential, bytes(spoilt)), (PROOF, "subject"))

for form, said, key, pok in ((1, b"", other, bytes.fromhex(card["proof"])),
                             (2, statement, credential, proof)):
    body = struct.pack(">QBB", victim, form, 0) + nonce + v16(said) + key + pok
    wants(f"unsigned, form {form}", ask(REGISTER, body)[0], SIGNED)

now = int(time.time())
wants("no answer", qualify(row, now, b"x"), (PROOF, "ocsp-malformed"))
wants("an empty one", qualify(row, now, b"")[0], PROOF)
wants("of long ago", qualify(row, now - 10000, b"x"), (PROOF, "form"))
wants("of a time to come", qualify(row, now + 10000, b"x"), (PROOF, "form"))
wants("about no row", qualify(1 << 40, now, b"x")[0], UNKNOWN)
