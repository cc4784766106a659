"""The cases: which files, over what, with which settings, against whom, to reach what."""
import dataclasses

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclasses.dataclass(frozen=True)
class FileSet:
    """So many files of one size; `quick` is the same smaller."""
    name: str
    count: int
    size: int
    quick_count: int
    quick_size: int

    def shape(self, quick: bool) -> tuple[int, int]:
        """How many files, of how many bytes."""
        return (self.quick_count, self.quick_size) if quick else (self.count, self.size)


@dataclasses.dataclass(frozen=True)
class HlsSet:
    """A stream of so many seconds; `form` is ts, fmp4 (with separate sound) or aes."""
    name: str
    form: str
    seconds: int
    quick_seconds: int


CLIPS = FileSet("clips", 2000, 256 * KIB, 400, 256 * KIB)
FEW_CLIPS = FileSet("few-clips", 400, 256 * KIB, 200, 256 * KIB)
MID = FileSet("mid", 64, 16 * MIB, 16, 16 * MIB)
FEW_MID = FileSet("few-mid", 16, 16 * MIB, 8, 16 * MIB)
LARGE = FileSet("large", 2, 2 * GIB, 2, 256 * MIB)
ONE = FileSet("one", 1, 128 * MIB, 1, 64 * MIB)


@dataclasses.dataclass(frozen=True)
class Target:
    """vodkeep's `measure` should be at most `must` (aimed at: `aim`) times that of `base`.

    Base is "peer+", "peer", "floor+", the name of one contestant, or "" for an absolute figure.
    """
    measure: str  # "wall", "cpu" or "rss"
    base: str
    must: float
    aim: float


@dataclasses.dataclass(frozen=True)
class Case:
    """One comparison. `at_once` is every contestant's number of files at once."""
    name: str
    title: str
    files: FileSet | HlsSet
    at_once: int
    peers: tuple[str, ...]
    targets: tuple[Target, ...]
    settings: tuple[tuple[str, str], ...] = ()
    tls: bool = False
    limited: bool = False  # 4 MB/s for each connection
    distant: bool = False  # 40 ms there and back
    floors: bool = True    # they know no ranges: where those decide, they tell nothing

    def transfer_settings(self) -> dict[str, str]:
        """Of the section [transfer]: what differs from the defaults."""
        return {"concurrency": str(self.at_once), "per_host": str(min(self.at_once, 64)),
                **dict(self.settings)}


MANY = ("curl", "aria2c", "wget2", "rclone", "lftp")
RANGES = ("aria2c-x16", "axel", "lftp-pget")
ONE_FILE = (("segments", "16"), ("segment_min", "4M"), ("per_host", "16"))
SPLIT = (("segments", "4"), ("segment_min", "4M"))
PLUS = "peer+"
HLS_PEERS = ("ffmpeg", "yt-dlp")
HLS_NEAR = (Target("wall", "ffmpeg", 1.3, 1.0), Target("wall", "yt-dlp", 0.3, 0.25))
HLS_FAR = (Target("wall", "peer", 0.35, 0.25),)

CASES = (
    Case("clips", "clips over HTTP", CLIPS, 16, MANY, (Target("wall", PLUS, 1.3, 1.0),)),
    Case("clips-tls", "clips over HTTPS/1.1", CLIPS, 16, MANY, (Target("wall", PLUS, 1.3, 1.0),),
         tls=True),
    Case("mid", "files over HTTP", MID, 16, MANY,
         (Target("wall", PLUS, 0.8, 0.65), Target("cpu", "floor+", 1.1, 1.0))),
    Case("mid-tls", "files over HTTPS/1.1", MID, 16, MANY, (Target("wall", PLUS, 0.8, 0.65),),
         tls=True),
    Case("large", "large files over HTTP", LARGE, 2,
         ("curl", "aria2c", "wget2", "rclone", "axel", "lftp"),
         (Target("wall", PLUS, 0.75, 0.6), Target("rss", "", 48, 32))),
    Case("limited-one", "one file, 4 MB/s for each connection", ONE, 1, RANGES,
         (Target("wall", "aria2c-x16", 1.0, 0.9),), ONE_FILE, limited=True, floors=False),
    Case("limited-mid", "files, 4 MB/s for each connection", MID, 64,
         ("curl", "aria2c-x16", "wget2", "rclone"), (Target("wall", "aria2c-x16", 1.0, 0.9),),
         SPLIT, limited=True),
    Case("far-clips", "clips, 40 ms away", FEW_CLIPS, 64, ("curl", "aria2c", "wget2", "rclone"),
         (Target("wall", "peer", 1.0, 0.8),), distant=True),
    Case("far-mid", "files, 40 ms away", FEW_MID, 16, ("curl", "aria2c", "wget2", "rclone"),
         (Target("wall", "peer", 1.0, 0.8),), distant=True),
    Case("far-one", "one file, 40 ms away", ONE, 1, ("curl", *RANGES),
         (Target("wall", "peer", 1.0, 0.8),), ONE_FILE, distant=True),
    Case("memory", "32 transfers at once", MID, 32, ("curl", "aria2c", "rclone"),
         (Target("rss", "", 48, 32),)),
    *(Case(("far-" if far else "") + "hls-" + form, "of HLS (%s)%s" % (form, ", 40 ms away" * far),
           HlsSet("hls-" + form, form, 60, 12), 8, HLS_PEERS, HLS_FAR if far else HLS_NEAR,
           distant=far, floors=False)
      for far in (False, True) for form in ("ts", "fmp4", "aes")),
)


def choose(names: str) -> list[Case]:
    """The cases of a comma-separated list; all of them if it is empty."""
    known = {case.name: case for case in CASES}
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise SystemExit(f"no such case: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in wanted]
