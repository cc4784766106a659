"""What a run costs, and where it writes.

Nothing is unlinked between runs: ext4 takes several times as long to make files right after
others were removed. Each run has a folder of its own, which is emptied by truncating.
"""
import dataclasses
import os
import pathlib
import subprocess

TICKS = os.sysconf("SC_CLK_TCK")
GIVE_UP_S = 900


@dataclasses.dataclass
class Run:
    """One run of one contestant. Seconds, MiB; `plus` is what the same guarantee costs on top."""
    wall: float
    cpu: float
    rss: float
    plus_wall: float = 0.0
    plus_cpu: float = 0.0
    wrong: str = ""
    threads: dict[str, float] = dataclasses.field(default_factory=dict)
    counts: dict[str, float] = dataclasses.field(default_factory=dict)


class Disk:
    """A fresh folder for each run."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.runs = 0

    def fresh(self) -> pathlib.Path:
        """An empty folder, with nothing of earlier runs left to be written."""
        self.runs += 1
        path = self.folder / f"run-{self.runs}"
        path.mkdir(parents=True)
        os.sync()
        return path

    @staticmethod
    def empty(path: pathlib.Path) -> None:
        """Give the space back and keep the names."""
        for parent, _, names in os.walk(path):
            for name in names:
                file = pathlib.Path(parent, name)
                if file.is_file() and not file.is_symlink():
                    os.truncate(file, 0)


def metered(meter: pathlib.Path, words: list[str], result: pathlib.Path,
            env: dict[str, str] | None = None) -> Run:
    """Run a command to its end; some downloaders try for ever."""
    words = [str(meter), str(result), "timeout", "-k5", str(GIVE_UP_S), *words]
    with open(result.with_suffix(".err"), "w+") as errors:
        subprocess.run(words, stdin=subprocess.DEVNULL, check=True,
                       stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **(env or {})})
        errors.seek(0)
        said = errors.read().strip()
    wall, user, system, rss, status = result.read_text().split()
    wrong = "" if status == "0" else f"exit status {status}: {said[-300:]}"
    return Run(float(wall), float(user) + float(system), int(rss) / 1024, wrong=wrong)


def count_videos(folder: pathlib.Path) -> tuple[int, int]:
    """How many videos lie below the folder, and their bytes."""
    sizes = [os.stat(os.path.join(parent, name)).st_size for parent, _, names in os.walk(folder)
             for name in names if name.endswith(".mp4")]
    return len(sizes), sum(sizes)


def threads_cpu(pid: int) -> dict[str, float]:
    """CPU seconds by the name of the thread; libuv's bear the process's name."""
    found: dict[str, float] = {}
    process = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (task / "stat").read_text()
        except FileNotFoundError:  # it has just ended
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        if name == process:
            name = "control" if int(task.name) == pid else "pool"
        fields = text[text.rindex(")") + 2:].split()
        found[name] = found.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS
    return found


def process_cpu(pid: int) -> float:
    """CPU seconds of a process, with ended threads, and ended children such as ffmpeg."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text[text.rindex(")") + 2:].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def peak_rss(pid: int) -> float:
    """The most memory a process has had, MiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")
