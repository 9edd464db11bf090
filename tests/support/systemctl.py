"""systemctl in a host of namespaces that has no systemd: starts what the units of /etc/systemd/system
say, as the one user there is: ExecStart, sockets, credentials, state and run folders, READY. What
units say of sandboxes is systemd's business and is not done here."""
import os, shutil, signal, socket, sys, time

UNITS = "/etc/systemd/system/"


def read(name):
    unit = {}
    for line in open(UNITS + name):
        if "=" in line and not line.startswith("#"):
            key, value = line.rstrip("\n").split("=", 1)
            unit.setdefault(key, []).append(value)
    return unit


def pid_of(name):
    try:
        pid = int(open(f"/run/{name}.pid").read())
        os.kill(pid, 0)
        return pid
    except (OSError, ValueError):
        return None


def listen(unit):
    sockets = []
    for required in " ".join(unit.get("Requires", [])).split():
        if required.endswith(".socket"):
            path = read(required)["ListenStream"][0]
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.exists(path):
                os.unlink(path)
            sockets.append(socket.socket(socket.AF_UNIX))
            sockets[-1].bind(path)
            sockets[-1].listen(1024)
    return sockets


def prepare(name, unit):
    for folder in unit.get("StateDirectory", []):
        os.makedirs("/var/lib/" + folder, exist_ok=True)
        os.chmod("/var/lib/" + folder, 0o700)
    for folder in unit.get("RuntimeDirectory", []):
        os.makedirs("/run/" + folder, exist_ok=True)
    credentials = f"/run/credentials/{name}"
    shutil.rmtree(credentials, ignore_errors=True)
    os.makedirs(credentials, 0o700)
    for credential in unit.get("LoadCredential", []):
        key, path = credential.split(":", 1)
        shutil.copy(path, f"{credentials}/{key}")
        os.chmod(f"{credentials}/{key}", 0o400)
    return credentials


def become(words, sockets, env, name):
    os.setsid()
    for i, s in enumerate(sockets):
        os.dup2(s.fileno(), 3 + i)
    if sockets:
        env |= {"LISTEN_FDS": str(len(sockets)), "LISTEN_PID": str(os.getpid())}
    log = os.open(f"/var/log/{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for fd, at in ((os.open("/dev/null", os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(fd, at)
    os.closerange(3 + len(sockets), 64)
    os.execve(words[0], words, env)


def start(name):
    if pid_of(name):
        return
    unit = read(name)
    credentials = prepare(name, unit)
    words = [w.replace("%d", credentials) for w in unit["ExecStart"][0].split()]
    words[0] = shutil.which(os.path.basename(words[0]))
    env = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": f"/run/{name}.notify"}
    if os.path.exists(env["NOTIFY_SOCKET"]):
        os.unlink(env["NOTIFY_SOCKET"])
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(env["NOTIFY_SOCKET"])
    sockets = listen(unit)
    pid = os.fork()
    if pid == 0:
        become(words, sockets, env, name)
    open(f"/run/{name}.pid", "w").write(str(pid))
    if unit.get("Type") == ["notify"]:
        await_ready(name, pid, notify)


def await_ready(name, pid, notify):
    notify.settimeout(0.1)
    for _ in range(300):
        try:
            if b"READY=1" in notify.recv(4096):
                return
        except TimeoutError:
            if os.waitpid(pid, os.WNOHANG)[0]:
                break
    sys.exit(f"{name} did not become ready:\n" + "".join(open(f"/var/log/{name}.log").readlines()[-3:]))


def stop(name):
    pid = pid_of(name)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    for _ in range(200):
        if open(f"/proc/{pid}/stat").read().split()[2] == "Z" if os.path.exists(f"/proc/{pid}/stat") else True:
            break
        time.sleep(0.1)
    os.unlink(f"/run/{name}.pid")


verb, *names = [word for word in sys.argv[1:] if not word.startswith("--")] or [""]
for name in (n if "." in n else n + ".service" for n in names):
    if name.endswith(".socket"):
        continue  # bound when its service starts
    if verb in ("stop", "restart"):
        stop(name)
    if verb in ("start", "restart", "enable"):
        start(name)
    if verb == "reload":
        os.kill(pid_of(name), signal.SIGHUP)
    if verb == "is-active":
        alive = pid_of(name)
        print("active" if alive else "inactive")
        sys.exit(0 if alive else 3)
