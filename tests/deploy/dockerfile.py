"""A Dockerfile and its .dockerignore as Docker reads them, and what a linter says of a Dockerfile."""

import json
import re
from dataclasses import dataclass, field

KNOWN = {
    *("FROM", "WORKDIR", "COPY", "ADD", "RUN", "ENV", "ARG", "USER", "EXPOSE", "VOLUME"),
    *("HEALTHCHECK", "ENTRYPOINT", "CMD", "LABEL", "STOPSIGNAL"),
}
#: Words of a name whose value must not lie in an image.
SECRETS = re.compile(r"TOKEN|PASSWORD|SECRET|CREDENTIAL|API_KEY|MERCHANT", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Instruction:
    name: str
    #: What follows the name, without the options.
    text: str
    #: --from=…, --chown=…, --interval=…
    options: dict[str, str]

    @property
    def listed(self) -> list[str] | None:
        """The words of the JSON form; None in the form for a shell."""
        if not self.text.startswith("["):
            return None
        words = json.loads(self.text)
        assert all(isinstance(word, str) for word in words), self.text
        return list(words)

    @property
    def words(self) -> list[str]:
        return self.listed if self.listed is not None else self.text.split()

    @property
    def command(self) -> list[str]:
        """What is run: the JSON form as it stands, the other by a shell."""
        return self.listed if self.listed is not None else ["/bin/sh", "-c", self.text]


@dataclass(slots=True)
class Stage:
    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def last(self, name: str) -> Instruction | None:
        return next((one for one in reversed(self.instructions) if one.name == name), None)


def instructions(text: str) -> list[Instruction]:
    """Raises ValueError on an instruction that is not known here."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\[ \t]*\n", "", "\n".join(lines))
    found = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, rest = line.partition(" ")
        if name.upper() not in KNOWN or "<<" in rest:
            raise ValueError(f"not read here: {line}")
        options = {}
        while option := re.match(r"--([a-z-]+)(?:=(\S+))?\s+", rest := rest.lstrip()):
            options[option[1]] = option[2] or ""
            rest = rest[option.end() :]
        found.append(Instruction(name.upper(), rest.strip(), options))
    return found


def stages(text: str) -> list[Stage]:
    found: list[Stage] = []
    for one in instructions(text):
        if one.name == "FROM":
            base, *rest = one.words
            found.append(Stage(base, rest[1] if rest else str(len(found))))
        elif found:
            found[-1].instructions.append(one)
        elif one.name != "ARG":
            raise ValueError(f"before FROM: {one.name}")
    return found


def variables(instruction: Instruction) -> dict[str, str]:
    """Of ENV: NAME=value …, quoted or not; or NAME value."""
    pairs = re.findall(r"""(\w+)=("[^"]*"|'[^']*'|\S*)""", instruction.text)
    if pairs:
        return {name: value.strip("\"'") for name, value in pairs}
    name, _, value = instruction.text.partition(" ")
    return {name: value}


def _pattern(line: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", line.strip().strip("/"))
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meant.get(part, re.escape(part)) for part in parts))


def let_in(path: str, ignore: str) -> bool:
    """Does the build see the file `path`? A pattern means what lies below too; the last one that fits decides."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    seen = True
    for line in map(str.strip, ignore.splitlines()):
        if line and not line.startswith("#"):
            pattern = _pattern(line.removeprefix("!"))
            if any(pattern.fullmatch(one) for one in above):
                seen = line.startswith("!")
    return seen


def complaints(text: str) -> list[str]:
    """What is wrong with a Dockerfile, without its being built."""
    found: list[str] = []
    all_stages = stages(text)
    for number, stage in enumerate(all_stages):
        if stage.base not in {one.name for one in all_stages[:number]}:
            found += _of_base(stage.base)
        for one in stage.instructions:
            found += _of_instruction(one)
    return found + _of_program(all_stages[-1])


def _of_base(base: str) -> list[str]:
    image, _, digest = base.partition("@")
    _, _, tag = image.rpartition("/")[2].partition(":")
    pinned = re.search(r"\d", tag) and "latest" not in tag
    return [] if pinned or digest.startswith("sha256:") else [f"{base}: no version"]


def _of_instruction(one: Instruction) -> list[str]:
    found = []
    if one.name == "ADD":
        found.append("ADD fetches and unpacks; COPY does not")
    if one.name in {"COPY", "ADD"} and "from" not in one.options and "." in one.words[:-1]:
        found.append("everything is copied")
    if one.name == "WORKDIR" and not one.text.startswith("/"):
        found.append(f"WORKDIR {one.text} is relative")
    if one.name in {"ENV", "ARG"}:
        found += [f"{name} is a secret" for name in variables(one) if SECRETS.search(name)]
    if one.name in {"CMD", "ENTRYPOINT"} and one.listed is None:
        found.append(f"{one.name} runs in a shell, which gets the signals in the place of the program")
    if one.name == "HEALTHCHECK" and one.words[:1] != ["NONE"] and not one.text.startswith("CMD ["):
        found.append("HEALTHCHECK runs in a shell")
    return found + (_of_run(one.text) if one.name == "RUN" else [])


def _of_run(text: str) -> list[str]:
    found = []
    if re.search(r"\bsudo\b", text):
        found.append("sudo")
    if re.search(r"\b(curl|wget)\b.*\|\s*(ba)?sh\b", text):
        found.append("what is fetched is run")
    if re.search(r"\bapt\s+(install|update)", text):
        found.append("apt is for people, apt-get for files")
    for install in re.findall(r"\bapt(?:-get)?\b[^&;|]*\binstall\b[^&;|]*", text):
        wanted = {"-y": r"\s(-y|-\w*y\w*|--yes)\b", "--no-install-recommends": r"--no-install-recommends\b"}
        found += [f"apt-get without {name}" for name, form in wanted.items() if not re.search(form, install)]
        if "apt-get update" not in text:
            found.append("apt-get install without update in the same layer")
        if "rm -rf /var/lib/apt/lists/*" not in text:
            found.append("apt's lists stay in the layer")
    for install in re.findall(r"\bpip3?\b[^&;|]*\binstall\b[^&;|]*", text):
        found += [f"pip without {o}" for o in ("--require-hashes", "--no-cache-dir") if o not in install]
    return found


def _of_program(stage: Stage) -> list[str]:
    found = []
    user = stage.last("USER")
    if user is None or user.text.partition(":")[0] in {"root", "0"}:
        found.append("the program runs as root")
    elif not user.text.partition(":")[0].isdigit():
        found.append("the host does not know the user by name; a number it does")
    found += [f"no {name}" for name in ("CMD", "HEALTHCHECK") if stage.last(name) is None]
    return found
