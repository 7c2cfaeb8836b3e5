"""A Dockerfile carried out without a container engine: each stage is a layer over a clean Debian, its RUN lines run as root in a
chroot there. A container is one more layer over the last stage, with volumes and a network of its own.

The base `python:3.x-slim-RELEASE` is stood in for by that release of Debian with its own Python, in a virtual environment at
/usr/local, where that image has Python too. Its minor version may differ from the one that the image names."""

import ctypes
import fcntl
import os
import re
import shlex
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.dockerfile import Instruction, Stage, let_in, stages, variables

#: Of the base image.
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
#: The base image has these beside Python; Debian's own `venv` makes the folder that stands in for its /usr/local.
PACKAGES = "python3,python3-venv,ca-certificates,netbase,tzdata"
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def missing_part() -> str | None:
    """What this machine lacks for a build."""
    if os.geteuid() != 0:
        return "root, for a chroot and mounts"
    for program, package in {
        "mmdebstrap": "mmdebstrap",
        "unshare": "util-linux",
        "chroot": "coreutils",
    }.items():
        if shutil.which(program) is None:
            return f"{program} (apt-get install {package})"
    if subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True).returncode != 0:
        return "the privilege to make namespaces (CAP_SYS_ADMIN)"
    return None


def make_base(image: str, root: Path) -> None:
    """What stands in for the image: its release of Debian, from the machine's own registry."""
    named = re.fullmatch(r"python:3\.\d+(?:\.\d+)?-slim-([a-z]+)(?:@sha256:[0-9a-f]{64})?", image)
    assert named is not None, f"nothing stands in for the base {image}"
    options = ["--quiet", "--variant=minbase", f"--include={PACKAGES}", "--dpkgopt=force-unsafe-io"]
    # These stay in the base: apt of the Dockerfile asks again too where the network is lost for a moment.
    options += [
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=Acquire::Retries "5"',
        "--customize-hook=chroot $1 python3 -m venv /usr/local",
    ]
    _run(["mmdebstrap", *options, named[1], str(root)])


def _run(command: list[str], shown: str | None = None) -> str:
    """`shown` is what a failure names: a command may hold the address of a registry with a password."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        raise AssertionError(f"{shown or shlex.join(command)}\n{said}")
    return done.stdout


def pip_environment() -> tuple[dict[str, str], list[Path]]:
    """How this machine's pip reaches its registry: as environment, and the files and folders that this names."""
    env: dict[str, str] = {}
    for line in _run([sys.executable, "-m", "pip", "config", "list"]).splitlines():
        name, _, value = line.partition("=")
        env["PIP_" + name.rpartition(".")[2].upper().replace("-", "_")] = value.strip("'\"")
    env |= {name: os.environ[name] for name in os.environ if name.lower().endswith("_proxy")}
    words = [word for value in env.values() for word in value.split()]
    # The files of an index in a folder lie beside that folder.
    named = [Path(word.removeprefix("file://")).parent for word in words if word.startswith("file://")]
    named += [Path(word) for word in words]
    return env, [path for path in named if path.is_absolute() and path.exists()]


class Image:
    """Built below `folder`, in a mount namespace of its own, which ends with `close`."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder, self.base = folder, base
        self.env: dict[str, str] = {}
        self.workdir, self.user = "/", "root"
        self.volumes: list[str] = []
        self.exposed: list[str] = []
        self._instructions: dict[str, Instruction] = {}
        self._holder = _held(["unshare", "--mount", "--propagation", "private"])
        self._network: subprocess.Popen[str] | None = None
        self._roots: dict[str, Path] = {}
        #: Root → the folders that it is made of, the newest first. Mounts over mounts have a bound of two.
        self._made_of = {base: [base]}
        self.root = base

    def close(self) -> None:
        for holder in (self._network, self._holder):
            if holder is not None:
                holder.kill()
                holder.wait()

    # Building

    def build(self, text: str, ignore: str, context: Path) -> None:
        for stage in stages(text):
            self._start(stage)
            for one in stage.instructions:
                self._carry_out(one, context, ignore)

    def _start(self, stage: Stage) -> None:
        self.env, self.workdir, self.user = {"PATH": PATH}, "/", "root"
        self.volumes, self._instructions = [], {}
        self.root = self._layer(f"stage-{len(self._roots)}", self._roots.get(stage.base, self.base))
        self._roots[stage.name] = self.root

    def _layer(self, name: str, below: Path) -> Path:
        """A root whose changes are in `<name>-upper`, with what Docker mounts into each."""
        root, upper, work = (self.folder / f"{name}{part}" for part in ("", "-upper", "-work"))
        for path in (root, upper, work):
            path.mkdir()
        lower = self._made_of[below]
        self._made_of[root] = [upper, *lower]
        options = f"lowerdir={':'.join(map(str, lower))},upperdir={upper},workdir={work}"
        self._mount("-t", "overlay", "overlay", "-o", options, root)
        self._mount("-t", "proc", "proc", root / "proc")
        self._mount("--rbind", "/dev", root / "dev")
        return root

    def _mount(self, *words: str | Path) -> None:
        _run([*self._enter(), "mount", *map(str, words)])

    def _enter(self) -> list[str]:
        return ["nsenter", "--mount", "--target", str(self._holder.pid), "--"]

    def path(self, inside: str, root: Path | None = None) -> Path:
        """Where the test sees a path of the image."""
        return Path(f"/proc/{self._holder.pid}/root{root or self.root}") / inside.lstrip("/")

    def _carry_out(self, one: Instruction, context: Path, ignore: str) -> None:
        self._instructions[one.name] = one
        match one.name:
            case "ENV":
                self.env |= variables(one)
            case "WORKDIR":
                self.workdir = os.path.join(self.workdir, one.text)
                self.path(self.workdir).mkdir(parents=True, exist_ok=True)
            case "USER":
                self.user = one.text
            case "VOLUME":
                self.volumes += one.words
            case "EXPOSE":
                self.exposed += one.words
            case "COPY":
                self._copy(one, context, ignore)
            case "RUN":
                self._run_line(one)
            case "CMD" | "ENTRYPOINT" | "HEALTHCHECK" | "LABEL" | "STOPSIGNAL":
                pass
            case _:
                raise ValueError(f"not carried out here: {one.name}")

    def _run_line(self, one: Instruction) -> None:
        """With the machine's own way to names and to pip's registry, of which nothing stays in the image."""
        pip, files = pip_environment()
        binds = []
        for path in dict.fromkeys([Path("/etc/resolv.conf"), Path("/etc/hosts"), *files]):
            inside = f"{self.root}{path}"
            make = (
                f"mkdir -p {inside}" if path.is_dir() else f"mkdir -p {Path(inside).parent}; touch {inside}"
            )
            binds.append(f"[ -e {inside} ] || {{ {make}; }}; mount --bind {path} {inside}")
        script = "\n".join([*binds, 'exec "$@"'])
        outer = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"]
        _run([*self._enter(), *outer, *self.command(one.command, env=pip)], shown=f"RUN {one.text}")

    def _copy(self, one: Instruction, context: Path, ignore: str) -> None:
        *sources, target = one.words
        into = os.path.join(self.workdir, target)
        to_folder = target.endswith(("/", ".")) or len(sources) > 1
        from_stage = one.options.get("from")
        for source in sources:
            if from_stage is not None:
                found = self.path(source, self._roots[from_stage])
                files = _files(found)
            else:
                found = context / source
                files = [file for file in _files(found) if let_in(str(file.relative_to(context)), ignore)]
            assert files, f"COPY {source}: not there, or kept out"
            for file in files:
                rest = str(file.relative_to(found)) if found.is_dir() else file.name if to_folder else ""
                self._put(file, self.path(os.path.join(into, rest).rstrip("/")), one)

    def _put(self, file: Path, to: Path, one: Instruction) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.unlink(missing_ok=True)
        shutil.copy(file, to, follow_symlinks=False)
        ids = self.ids(one.options["chown"]) if "chown" in one.options else (0, 0)
        os.chown(to, *ids, follow_symlinks=False)
        if "chmod" in one.options:
            to.chmod(int(one.options["chmod"], 8))

    # Running

    def ids(self, user: str) -> tuple[int, int]:
        """Of a user as Docker reads it: name or number, with a group or with that of the user."""
        name, _, group = user.partition(":")
        accounts = [line.split(":") for line in self.path("/etc/passwd").read_text().splitlines()]
        account = next((one for one in accounts if name in (one[0], one[2])), None)
        if account is None and not name.isdigit():
            raise LookupError(f"the image has no user {name}")
        uid = int(account[2]) if account else int(name)
        groups = {
            one.split(":")[0]: int(one.split(":")[2])
            for one in self.path("/etc/group").read_text().splitlines()
        }
        if group:
            return uid, int(group) if group.isdigit() else groups[group]
        return uid, int(account[3]) if account else 0

    def command(self, words: list[str], env: dict[str, str] | None = None) -> list[str]:
        """In the chroot, by the image's user, in its folder, with its environment alone."""
        uid, gid = self.ids(self.user)
        names = self.env | {"HOME": "/root" if uid == 0 else "/nonexistent"} | (env or {})
        assigned = [f"{name}={value}" for name, value in names.items()]
        who = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        who += ["--no-new-privs", "--inh-caps=-all"] if uid else []
        return ["chroot", str(self.root), "env", "-i", f"--chdir={self.workdir}", *assigned, *who, *words]

    def start_container(self) -> Path:
        """From here on `root` is a container's; the folder of what it writes outside its volumes and /tmp."""
        image = self.root
        self.root = self._layer("container", image)
        for number, volume in enumerate([*self.volumes, "/tmp"]):
            kept = self.folder / f"volume-{number}"
            # As Docker does: a new volume begins with what the image has there.
            _run([*self._enter(), "cp", "-a", f"{image}{volume}", str(kept)])
            self._mount("--bind", kept, f"{self.root}{volume}")
        self._network = _held(["unshare", "--net"])
        with self.network():
            _raise_loopback()
        return self.folder / "container-upper"

    def inside(self, words: list[str], env: dict[str, str]) -> list[str]:
        """A command in the container."""
        assert self._network is not None
        network = ["nsenter", "--net", "--target", str(self._network.pid), "--"]
        return [*network, *self._enter(), *self.command(words, env)]

    @contextmanager
    def network(self) -> Iterator[None]:
        """Sockets that this thread makes meanwhile are on the container's network, and stay there."""
        assert self._network is not None
        with open("/proc/thread-self/ns/net") as own, open(f"/proc/{self._network.pid}/ns/net") as other:
            _enter_network(other.fileno())
            try:
                yield
            finally:
                _enter_network(own.fileno())

    @property
    def program(self) -> list[str]:
        parts = (self._instructions.get(name) for name in ("ENTRYPOINT", "CMD"))
        return [word for part in parts if part is not None for word in part.command]

    @property
    def health_command(self) -> list[str]:
        text = self._instructions["HEALTHCHECK"].text.removeprefix("CMD").strip()
        return Instruction("CMD", text, {}).command


def _files(found: Path) -> list[Path]:
    """Itself, or what is below it: files and links."""
    if not found.is_dir():
        return [found] if found.exists() else []
    return sorted(one for one in found.rglob("*") if one.is_symlink() or one.is_file())


def _held(unshare: list[str]) -> subprocess.Popen[str]:
    """A process that keeps a namespace, which is there when this returns."""
    holder = subprocess.Popen(
        [*unshare, "sh", "-c", "echo up; exec sleep infinity"], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "up\n"
    return holder


def _enter_network(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        asked = fcntl.ioctl(one, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        (flags,) = struct.unpack("16xH14x", asked)
        fcntl.ioctl(one, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
