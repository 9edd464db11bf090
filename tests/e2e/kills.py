"""Daemons of a prepared election killed at random under load, and what must hold after each kill.

usage: kills.py PSEPHOS VERIFY SET KILLS SEED FIRST-PORT

SET is a folder of `psephos load prepare`; its store may be any. Six voters cast without a pause,
always with the same bytes until they hold a receipt. Meanwhile the sequencer, its second process,
the front, or both daemons get SIGKILL; at times two witnesses stand still as well, so that ballots
are recorded without being witnessed. After each kill, once the service answers again:

  - whatever was answered 200 or 202 is known to the box under its leaf hash;
  - the published record is read file by file, its root computed and compared with the checkpoint;
    every ballot with a receipt stands at the index that its first receipt named;
  - psephos-verify accepts the record;
  - a ballot acknowledged earlier, cast again, gets the same place.

At the end every ballot that was ever sent has a receipt, stands in the record once, and every
checkpoint in any receipt has the root that the final tree has at that size (no fork). The schedule
follows from SEED. Complaints go to standard output, nothing when all is well; figures and the
schedule to standard error.
"""
import base64
import hashlib
import http.client
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import threading
import time

psephos, verify, folder, kills, seed, port = sys.argv[1:7]
kills = int(kills)
port = int(port)
VOTERS = 6
PATIENCE = 60  # seconds: nothing here takes so long unless it hangs

complaints = []
lock = threading.Lock()


def complain(text):
    with lock:
        complaints.append(text)


# --- the schedule --------------------------------------------------------------------------------


class Kill:
    """Who, how long after the service has answered again, and are witnesses held meanwhile?"""

    TARGETS = ["sequencer"] * 9 + ["front"] * 6 + ["second"] * 3 + ["both"] * 2

    def __init__(self, rng):
        self.target = rng.choice(self.TARGETS)
        self.delay = rng.uniform(0, 0.08)
        self.held = rng.random() < 0.03

    def __str__(self):
        return "%s%s%d" % ({"sequencer": "q", "front": "f", "second": "2", "both": "b"}[self.target],
                           "h" if self.held else "", self.delay * 1000)


rng = random.Random(seed)
schedule = [Kill(rng) for _ in range(kills)]
again = random.Random(seed + "again")


# --- daemons -------------------------------------------------------------------------------------


class Daemon:
    def __init__(self, name, pattern, *command):
        self.name, self.pattern, self.command = name, pattern.encode(), command
        self.log = folder + "/" + name + ".log"
        self.process = None

    def start(self):
        """Until it says that it is ready; one that ends at once (a store still held by the
        dead) is started again, as its supervisor would."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            at = os.path.getsize(self.log) if os.path.exists(self.log) else 0
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen([psephos, *self.command], stdout=log, stderr=log)
            while self.process.poll() is None and time.monotonic() < end:
                with open(self.log, "rb") as log:
                    log.seek(at)
                    if self.pattern in log.read():
                        return
                time.sleep(0.004)
            if self.process.returncode == 4:
                raise SystemExit("%s refuses to sign: %s" % (self.name, tail(self.log)))
            time.sleep(0.02)
        raise SystemExit("%s does not start: %s" % (self.name, tail(self.log)))

    def end(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait()

    def second(self):
        """The process that gives the second opinion."""
        for task in os.listdir("/proc/%d/task" % self.process.pid):
            with open("/proc/%d/task/%s/children" % (self.process.pid, task), encoding="ascii") as f:
                for pid in f.read().split():
                    return int(pid)
        raise SystemExit("the sequencer has no second process")


def tail(name):
    with open(name, encoding="utf-8", errors="replace") as f:
        return f.read()[-600:]


witnesses = [Daemon("witness-%d" % i, "127.0.0.1", "witness", "run", "%s/witness-%d" % (folder, i),
                    "--listen", "127.0.0.1:%d" % (port + i - 1)) for i in (1, 2, 3, 4)]
sequencer = Daemon("sequencer", "daemon.ready", "box", "sequence", "--config",
                   folder + "/sequence.ini")
front = Daemon("front", "daemon.ready", "box", "serve", "--config", folder + "/box.ini")
with open(folder + "/box.ini", encoding="utf-8") as settings:
    box = re.search(r"^address = (.*)$", settings.read(), re.M).group(1)


# --- the record, read by nobody's code but this ---------------------------------------------------


def leaf_of(entry):
    return hashlib.sha256(b"\0" + entry).digest()


class Tree:
    """Leaf hashes, and the root, by the subtrees of the right edge."""

    def __init__(self):
        self.leaves = []
        self.edge = []  # (leaves, hash), largest first

    def add(self, leaf):
        self.leaves.append(leaf)
        self.edge.append((1, leaf))
        while len(self.edge) > 1 and self.edge[-2][0] == self.edge[-1][0]:
            n, right = self.edge.pop()
            n, left = self.edge.pop()
            self.edge.append((2 * n, hashlib.sha256(b"\1" + left + right).digest()))

    def root(self):
        out = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            out = hashlib.sha256(b"\1" + left + out).digest()
        return out


def read_checkpoint():
    with open(folder + "/record/checkpoint", "rb") as f:
        lines = f.read().split(b"\n")
    return int(lines[1]), base64.b64decode(lines[2])


def read_entries(start, size):
    for n in range(start // 256, (size + 255) // 256):
        width = min(256, size - 256 * n)
        name = "%s/record/tile/entries/%03d" % (folder, n) if n < 1000 else \
            "%s/record/tile/entries/x%03d/%03d" % (folder, n // 1000, n % 1000)
        # A partial may have been collected once its full tile is there.
        if width < 256 and not os.path.exists(name):
            name += ".p/%d" % width
        with open(name, "rb") as f:
            data = f.read()
        at = 0
        for i in range(256 * n, 256 * n + width):
            length = struct.unpack(">H", data[at:at + 2])[0]
            if i >= start:
                yield data[at + 2:at + 2 + length]
            at += 2 + length


tree = Tree()


def read_record():
    """Append what was published since; complain unless the root is the checkpoint's."""
    size, root = read_checkpoint()
    if size < len(tree.leaves):
        complain("the record went back from %d to %d entries" % (len(tree.leaves), size))
        return
    for entry in read_entries(len(tree.leaves), size):
        tree.add(leaf_of(entry))
    if tree.root() != root:
        complain("the checkpoint of size %d has another root than its entries" % size)


# --- voters --------------------------------------------------------------------------------------


class Ballots:
    """Handed out in order. What became of each: index by leaf (200), or recorded (202)."""

    def __init__(self):
        with open(folder + "/ballots", "rb") as f:
            data = f.read()
        magic = b"psephos-load-1\n"
        n, size = struct.unpack(">II", data[len(magic):len(magic) + 8])
        data = data[len(magic) + 8:]
        self.all = [data[i * size:(i + 1) * size] for i in range(n)]
        self.next = 0
        self.index = {}     # leaf: index of its first receipt
        self.recorded = {}  # leaf: ballot, answered 202 and not yet 200
        self.notes = {}     # size: root, of every receipt
        self.tries = 0

    def take(self):
        with lock:
            if self.next == len(self.all):
                return None
            self.next += 1
            return self.all[self.next - 1]

    def acknowledge(self, ballot, receipt):
        leaf = leaf_of(ballot)
        head, note = receipt.split(b"\n\n", 1)
        index = int(re.search(rb"^index (\d+)$", head, re.M).group(1))
        size, root = note.split(b"\n")[1:3]
        with lock:
            if self.index.setdefault(leaf, index) != index:
                complaints.append("%s: index %d, and before %d" % (leaf.hex(), index, self.index[leaf]))
            if self.notes.setdefault(int(size), root) != root:
                complaints.append("two roots of size %d" % int(size))
            self.recorded.pop(leaf, None)


ballots = Ballots()
done = threading.Event()


def ask(method, path, body=None, kind="application/vnd.psephos.ballot"):
    """(status, body), (0, b"") when there was no answer."""
    c = http.client.HTTPConnection(box, timeout=12)
    try:
        c.request(method, path, body, {"Content-Type": kind} if body else {})
        answer = c.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        c.close()


def slug(body):
    try:
        return json.loads(body)["type"].split(":")[-1]
    except (ValueError, KeyError):
        return "?"


def cast(ballot, patient=PATIENCE):
    """The same bytes until there is a receipt."""
    end = time.monotonic() + patient
    while time.monotonic() < end:
        status, body = ask("POST", "/v1/ballots", ballot)
        with lock:
            ballots.tries += 1
        if status == 200:
            ballots.acknowledge(ballot, body)
            return True
        if status == 202:
            with lock:
                ballots.recorded[leaf_of(ballot)] = ballot
        elif status not in (0, 503):
            complain("a ballot was answered %d %s" % (status, slug(body)))
            return False
        time.sleep(random.uniform(0.01, 0.04))
    complain("no receipt within %d seconds" % patient)
    return False


def voter():
    while not done.is_set():
        ballot = ballots.take()
        if ballot is None:
            complain("out of ballots: the set is too small for so many kills")
            return
        if not cast(ballot):
            return


# --- after a kill --------------------------------------------------------------------------------


def await_receipts(n):
    """Until so many more ballots have one."""
    with lock:
        want = len(ballots.index) + n
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with lock:
            if len(ballots.index) >= want:
                return True
        time.sleep(0.003)
    complain("the service does not come back: %s" % tail(sequencer.log))
    return False


def check_known():
    """Of those answered 202, none is forgotten."""
    with lock:
        recorded = list(ballots.recorded)
    for leaf in recorded:
        status, _ = ask("GET", "/v1/receipts/" + leaf.hex())
        if status == 404:
            complain("%s was recorded (202) and is not known" % leaf.hex())


def check_record():
    with lock:
        acknowledged = list(ballots.index.items())
    read_record()
    for leaf, index in acknowledged:
        if index >= len(tree.leaves) or tree.leaves[index] != leaf:
            complain("%s was acknowledged at %d and is not there" % (leaf.hex(), index))
    out = subprocess.run([verify, folder + "/record", "--quiet"], capture_output=True, text=True,
                         check=False)
    if out.returncode != 3:
        complain("psephos-verify: status %d: %s" % (out.returncode, out.stdout[:300]))
    old = again.choice(acknowledged)[0]
    cast(by_leaf[old])


def await_end():
    """Without its second process the sequencer must not go on: it ends with the next batch."""
    try:
        sequencer.process.wait(10)
    except subprocess.TimeoutExpired:
        complain("without its second process the sequencer goes on")
        sequencer.end()


def strike(kill):
    held = random.Random(str(kill)).sample(witnesses, 2) if kill.held else []
    for one in held:
        one.process.send_signal(signal.SIGSTOP)
    if held:
        time.sleep(1.3)  # longer than the sequencer waits for a quorum
    if kill.target == "second":
        os.kill(sequencer.second(), signal.SIGKILL)
    if kill.target in ("sequencer", "both"):
        sequencer.end()
    if kill.target in ("front", "both"):
        front.end()
    for one in held:
        one.process.send_signal(signal.SIGCONT)
    if kill.target == "second":
        await_end()
    if kill.target != "front":
        sequencer.start()
    if kill.target in ("front", "both"):
        front.start()


def check_end():
    for ballot in ballots.all[:ballots.next]:
        if leaf_of(ballot) not in ballots.index:
            cast(ballot)
    end = time.monotonic() + 10
    while len(tree.leaves) <= max(ballots.index.values(), default=0) and time.monotonic() < end:
        read_record()
        time.sleep(0.02)
    check_record()
    known = Tree()
    for leaf in tree.leaves:
        known.add(leaf)
        size = len(known.leaves)
        if size in ballots.notes and base64.b64decode(ballots.notes[size]) != known.root():
            complain("a receipt shows another tree of size %d: a fork" % size)
    for leaf, index in ballots.index.items():
        if tree.leaves.count(leaf) != 1 or tree.leaves[index] != leaf:
            complain("%s stands in the record %d times" % (leaf.hex(), tree.leaves.count(leaf)))


by_leaf = {leaf_of(b): b for b in ballots.all}
print("seed %s, schedule (q sequencer, f front, 2 second process, b both, h witnesses held; ms): %s"
      % (seed, " ".join(str(k) for k in schedule)), file=sys.stderr)
began = time.monotonic()
held = 0
try:
    for daemon in (*witnesses, sequencer, front):
        daemon.start()
    threads = [threading.Thread(target=voter, daemon=True) for _ in range(VOTERS)]
    for thread in threads:
        thread.start()
    await_receipts(1)
    for number, kill in enumerate(schedule):
        time.sleep(kill.delay)
        strike(kill)
        with lock:
            held += len(ballots.recorded)
        check_known()
        if not await_receipts(1):
            break
        check_record()
        if complaints:
            complain("at kill %d (%s)" % (number, kill))
            break
    done.set()
    for thread in threads:
        thread.join(PATIENCE)
    check_end()
    print("%d kills in %.1f s: %d ballots acknowledged, %d sent, %d answers 202 outstanding at a kill, "
          "%d checkpoints in receipts, record of %d entries"
          % (kills, time.monotonic() - began, len(ballots.index), ballots.tries, held,
             len(ballots.notes), len(tree.leaves)), file=sys.stderr)
except SystemExit as stop:
    complaints.append(str(stop))
finally:
    for daemon in (front, sequencer, *witnesses):
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.end()
print("\n".join(complaints[:20]), end="\n" if complaints else "")
sys.exit(1 if complaints else 0)
