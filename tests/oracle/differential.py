#!/usr/bin/env python3
"""Two verifiers, one verdict: forged records (forge) judged by psephos_oracle.py.

Usage: differential.py FORGE PSEPHOS_VERIFY COUNT SEED [KEEP_DIR]
Prints every record on which verdict or first finding differ, and keeps it when KEEP_DIR is given.
"""
import collections
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

import psephos_oracle

def ours(verify, folder):
    run = subprocess.run([verify, "--json", "--threads", "1", folder], capture_output=True, check=False)
    if run.returncode not in (0, 1, 3):
        return "exit %d: %s" % (run.returncode, run.stderr.decode().strip())
    report = json.loads(run.stdout)
    return report["verdict"].replace(" ", "-"), report["first"]


def theirs(folder):
    v = psephos_oracle.Verifier(folder)
    v.run()
    verdict = v.verdict()
    f = v.first()
    entry = None if f is None or f[0] < 0 or f[1] == "V909" else f[0]
    first = "-" if f is None else "%s entry=%s" % (f[1], "-" if entry is None else entry)
    return ("valid-prefix" if verdict.startswith("valid-prefix") else verdict) + " " + first


def ours(verify, folder):
    run = subprocess.run([verify, "--json", "--threads", "1", folder], capture_output=True, check=False)
    if run.returncode not in (0, 1, 3):
        return "exit %d: %s" % (run.returncode, run.stderr.decode().strip())
    report = json.loads(run.stdout)
    f = report["first"]
    first = "-" if f is None else "%s entry=%s" % (f["rule"], "-" if f["entry"] is None else f["entry"])
    return report["verdict"].replace(" ", "-") + " " + first


def judge(verify, folder):
    return ours(verify, folder), theirs(folder)


def main():
    forge, verify, count, seed = sys.argv[1:5]
    keep = sys.argv[5] if len(sys.argv) > 5 else None
    tmp = tempfile.mkdtemp(prefix="psephos-differential-")
    seen = collections.Counter()
    failed = 0
    try:
        subprocess.run([forge, tmp, count, seed], check=True)
        names = sorted(os.listdir(tmp))
        with ProcessPoolExecutor(max_workers=2) as pool:
            pairs = pool.map(functools.partial(judge, verify), [os.path.join(tmp, n) for n in names], chunksize=2)
            for name, (mine, other) in zip(names, pairs):
                seen[mine.split(" ")[1]] += 1
                if mine != other:
                    failed += 1
                    print("record %s of seed %s: psephos-verify says %s, the oracle %s" % (name, seed, mine, other))
                    if keep:
                        shutil.copytree(os.path.join(tmp, name), os.path.join(keep, seed + "-" + name))
    finally:
        shutil.rmtree(tmp)
    print("first findings: " + ", ".join("%s %d" % x for x in sorted(seen.items())))
    print("%d passed, %d failed" % (len(names) - failed, failed))
    sys.exit(failed > 0 or len(names) < int(count) // 2)


if __name__ == "__main__":
    main()
