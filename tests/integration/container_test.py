#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""container/: what can be proven of it without a container engine. Names in the Containerfile and
in compose.yaml are of things that exist, the health check tells answers apart, and the seccomp
profile gets three calls and nothing else."""

import http.server
import json
import re
import shlex
import socket
import subprocess
import sys
import threading

from support import ROOT, main_of

FOLDER = ROOT / "container"
TARGETS = {"pixel-edge", "pixel-shipper", "pixel-log"}


def instructions():
    """[(instruction, words)] of the Containerfile, continuations joined, comments left out."""
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, rest = line.partition(" ")
        found.append((name, rest))
    return found


def check_containerfile():
    parts = instructions()
    names = [name for name, _ in parts]
    assert set(names) <= {"FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE",
                          "STOPSIGNAL", "HEALTHCHECK", "CMD"}, names
    assert names[0] == "FROM" and names.count("FROM") == 2
    for name, rest in parts:
        words = shlex.split(rest) if name in ("COPY", "RUN") else []
        if name == "COPY" and not words[0].startswith("--from"):
            for source in words[:-1]:
                assert (ROOT / source).exists(), f"COPY {source}: there is no such file"
        if name == "COPY" and words[0].startswith("--from=build"):
            for source in words[1:-1]:
                known = {f"/src/build/release/bin/{target}" for target in TARGETS}
                assert source in known | {"/src/build/release/bin/libduckdb.so"}, source
    assert dict(parts)["USER"] == "10001:10001"
    assert "--check" in "".join(rest for name, rest in parts if name == "RUN")
    for name, rest in parts:
        if name in ("CMD", "VOLUME"):
            assert isinstance(json.loads(rest), list), f"{name} is not in its exec form"
    health = dict(parts)["HEALTHCHECK"]
    assert json.loads(health.partition("CMD ")[2])[0] == "answers"


def loaded_libraries():
    """Those that pixel-shipper loads when it first needs them (base/late_library.h)."""
    headers = (FOLDER.parent / "shipper").rglob("*_library.h")
    return [name for header in headers
            for name in re.findall(r'LateLibrary \w+\("([^"]+)"\)', header.read_text("utf-8"))]


def check_packages(build):
    """Each library that a built program needs, or loads, comes from a package of the last stage's
    list (or is in the base image). Debian 12 only: names differ elsewhere."""
    if "VERSION_CODENAME=bookworm" not in open("/etc/os-release", encoding="utf-8").read():
        return
    runs = [rest for name, rest in instructions() if name == "RUN"]
    listed = set(re.findall(r"\blib[\w.+-]+", runs[-2]))
    listed |= {"libc6", "libgcc-s1", "libstdc++6"}
    for target in sorted(TARGETS):
        path = build / "bin" / target
        if not path.exists():
            continue
        needed = subprocess.run(["readelf", "-d", path], capture_output=True, text=True,
                                check=True).stdout
        libraries = re.findall(r"\(NEEDED\).*\[([^\]]+)\]", needed)
        if target == "pixel-shipper":
            libraries += loaded_libraries()
        for library in libraries:
            if library.startswith(("libduckdb", "libasan", "libubsan", "libtsan", "ld-linux")):
                continue
            found = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True,
                                   check=False).stdout
            # Several where the machine also has libraries of another architecture.
            owners = {line.partition(":")[0] for line in found.splitlines()}
            assert owners & listed, f"{target} needs {library} of {owners or 'no package'}"


def check_compose():
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    try:
        import yaml  # pylint: disable=import-outside-toplevel
    except ImportError:
        print("compose.yaml: not parsed, there is no PyYAML here")
        return
    document = yaml.safe_load(text)
    services = document["services"]
    assert set(services) == {"edge", "shipper"} and set(document["volumes"]) == {"spool", "state"}
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"] and service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        for volume in service["volumes"]:
            source, target = volume.split(":")[:2]
            assert target.startswith(("/var/", "/etc/pixeledge/")), volume
            assert source in document["volumes"] or (FOLDER / source).resolve().exists(), volume
    assert (FOLDER / services["edge"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / services["edge"]["build"]["dockerfile"]).exists()
    assert services["edge"]["ulimits"]["memlock"] == -1


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def answers(port, path):
    return subprocess.run([FOLDER / "answers", "127.0.0.1", str(port), path], timeout=10,
                          capture_output=True, check=False).returncode


def check_health():
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert answers(server.server_port, "/healthz") == 0
    assert answers(server.server_port, "/readyz") == 1
    server.shutdown()
    server.server_close()
    assert answers(server.server_port, "/healthz") == 1  # Nobody listens.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert answers(silent.getsockname()[1], "/healthz") == 1


def allow(place, profile):
    path = place / "profile.json"
    path.write_text(profile if isinstance(profile, str) else json.dumps(profile), encoding="utf-8")
    return subprocess.run([sys.executable, FOLDER / "allow_io_uring", path], capture_output=True,
                          text=True, check=False)


def check_seccomp(place):
    calls = ["io_uring_enter", "io_uring_register", "io_uring_setup"]
    base = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "archMap": [{"a": 1}],
            "syscalls": [{"names": ["accept4", "read"], "action": "SCMP_ACT_ALLOW"}]}
    # Podman's has a rule that refuses by name.
    refusing = {**base, "syscalls": base["syscalls"] + [
        {"names": ["io_uring_setup", "bdflush"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
        {"names": calls, "action": "SCMP_ACT_ERRNO"}]}
    for profile, extra in ((base, []), (refusing, [
            {"names": ["bdflush"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}])):
        made = json.loads(allow(place, profile).stdout)
        assert made == {**base, "syscalls": base["syscalls"] + extra + [
            {"names": calls, "action": "SCMP_ACT_ALLOW"}]}, made
    for bad in ("{", "[]", {"syscalls": []}, {**base, "defaultAction": "SCMP_ACT_ALLOW"}):
        done = allow(place, bad)
        assert done.returncode == 1 and done.stderr and not done.stdout, (bad, done)


def test(build, place):
    check_containerfile()
    check_packages(build)
    check_compose()
    check_health()
    check_seccomp(place)


if __name__ == "__main__":
    main_of(test, needs_site=False)
