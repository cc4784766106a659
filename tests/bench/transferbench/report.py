"""The table that a person reads, and the same as JSON."""
import dataclasses
import math
import statistics
from typing import Any

from .cases import GIB, MIB, Case, Target
from .contestants import Place
from .measure import Run

OURS, FLOOR, FLOOR_PLUS, DISK = "vodkeep", "floor", "floor+", "disk"
NOT_PEERS = (OURS, FLOOR, FLOOR_PLUS, DISK)
MEASURES = {"wall": "time", "cpu": "CPU", "rss": "memory"}


@dataclasses.dataclass
class Row:
    """Medians of one contestant."""
    name: str
    runs: list[Run]
    wrong: str

    def median(self, value: str) -> float:
        """The median of a member of its runs; not a number without any."""
        values = [getattr(run, value) for run in self.runs]
        return statistics.median(values) if values else math.nan

    def plus(self, value: str) -> float:
        """The same with SHA-256 and sync, which vodkeep and floor+ have done already."""
        values = [getattr(run, value) + getattr(run, f"plus_{value}") for run in self.runs]
        return statistics.median(values) if values else math.nan


def rows_of(results: dict[str, list[Run]]) -> dict[str, Row]:
    """A row for each contestant; runs that went wrong are no figures."""
    return {name: Row(name, [run for run in runs if not run.wrong],
                      next((run.wrong for run in runs if run.wrong), ""))
            for name, runs in results.items()}


def best(rows: dict[str, Row], plus: bool) -> Row | None:
    """The fastest peer, with or without the guarantee."""
    peers = [row for row in rows.values() if row.name not in NOT_PEERS and row.runs]
    if not peers:
        return None
    return min(peers, key=lambda row: row.plus("wall") if plus else row.median("wall"))


def base_of(target: Target, rows: dict[str, Row]) -> tuple[float, str]:
    """The figure that a target is compared with, and its name."""
    if not target.base:
        return 1.0, ""
    if target.base in ("peer", "peer+"):
        plus = target.base == "peer+"
        peer = best(rows, plus)
        if not peer:
            return math.nan, "no peer"
        return (peer.plus if plus else peer.median)(target.measure), peer.name + ("+" if plus else "")
    row = rows.get(target.base)
    return (row.median(target.measure) if row else math.nan), target.base


def judge(target: Target, rows: dict[str, Row]) -> dict[str, Any]:
    """How vodkeep stands to a target."""
    base, name = base_of(target, rows)
    ratio = rows[OURS].median(target.measure) / base
    return {"measure": target.measure, "base": name, "value": ratio, "must": target.must,
            "aim": target.aim, "met": ratio <= target.must}


def figure(value: float, form: str) -> str:
    """A figure, or a dash."""
    return "–" if math.isnan(value) else format(value, form)


def size_text(size: int) -> str:
    """256 KiB, 16 MiB, 2 GiB."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size >> 10} KiB"


def show_row(row: Row, total: int, ours: float) -> None:
    """A line of the table."""
    if not row.runs:
        print(f"  {row.name:12} {'failed: ' + row.wrong}", flush=True)
        return
    wall, cpu = row.median("wall"), row.median("cpu")
    walls = [run.wall for run in row.runs]
    plus = row.plus("wall") if row.name not in NOT_PEERS else math.nan
    print(f"  {row.name:12} {wall:8.3f} ({min(walls):7.3f}–{max(walls):7.3f}) {total / wall / 1e6:7.0f}"
          f" {cpu:7.2f} {cpu / total * 1e9:7.2f} {figure(row.median('rss'), '8.1f'):>8}"
          f" {figure(plus, '8.3f'):>8} {figure(ours / wall, '6.2f'):>7} {figure(ours / plus, '6.2f'):>7}"
          f"{'  once: ' + row.wrong if row.wrong else ''}", flush=True)


def show_case(place: Place, results: dict[str, list[Run]], skipped: dict[str, str]) -> None:
    """One case: settings, rows, what vodkeep's threads did, targets."""
    case, total = place.case, place.media_set.total
    rows = rows_of(results)
    ours = rows[OURS].median("wall") if OURS in rows else math.nan
    settings = ", ".join(f"{key} {value}" for key, value in case.transfer_settings().items())
    print(f"\n{case.name}: {len(place.media_set.ids)} × {size_text(place.media_set.size)} {case.title}\n"
          f"  vodkeep with {settings}; {case.at_once} files at once for everybody\n"
          f"  {'':12} {'wall s':>8} {'(spread)':>17} {'MB/s':>7} {'CPU s':>7} {'CPU/GB':>7}"
          f" {'RSS MiB':>8} {'wall +':>8} {'ours/it':>7} {'ours/+':>7}")
    for row in rows.values():
        show_row(row, total, ours)
    for name, why in skipped.items():
        print(f"  {name:12} skipped: {why}")
    if OURS not in rows or not rows[OURS].runs:
        return
    last = rows[OURS].runs[-1]
    used = sorted(last.threads.items(), key=lambda item: -item[1])
    print("  vodkeep's CPU by thread: " + ", ".join(f"{name} {cpu:.2f}" for name, cpu in used if cpu > 0)
          + "; " + ", ".join(f"{value:.0f} {name}" for name, value in last.counts.items()))
    for target in case.targets:
        verdict = judge(target, rows)
        if math.isnan(verdict["value"]):
            continue
        against = f" of {verdict['base']}" if verdict["base"] else " MiB"
        print(f"  {MEASURES[target.measure]}: {verdict['value']:.2f}{against}, must be at most "
              f"{target.must:g}, aim {target.aim:g}: {'met' if verdict['met'] else 'MISSED'}", flush=True)


def as_json(place: Place, results: dict[str, list[Run]], skipped: dict[str, str]) -> dict[str, Any]:
    """Everything of a case, run by run."""
    rows = rows_of(results)
    case: Case = place.case
    targets = [judge(target, rows) for target in case.targets] if OURS in rows else []
    return {"title": case.title, "files": len(place.media_set.ids), "size": place.media_set.size,
            "settings": case.transfer_settings(), "at_once": case.at_once, "skipped": skipped,
            "targets": targets,
            "runs": {name: [dataclasses.asdict(run) for run in runs] for name, runs in results.items()}}
