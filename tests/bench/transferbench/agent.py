"""vodkeep doing its whole job: delivery, API, download, SHA-256, fsync, name, sidecar, database."""
import base64
import http.client
import pathlib
import signal
import socket
import subprocess
import time

from receive import SECRET

from .contestants import Place
from .measure import GIVE_UP_S, Run, peak_rss, process_cpu, threads_cpu
from .server import free_ports

SENDERS = 16        # connections of the platform that delivers
LOOK_MIN_S = 0.002  # between two looks at how far the agent is
LOOK_MAX_S = 0.050
COUNTED = {"vodkeep_store_commits_total": "commits", "vodkeep_api_requests_total": "API calls",
           "vodkeep_transfers_total": "transfers"}


class AdminConnection(http.client.HTTPConnection):
    """HTTP over the admin socket, which is reached from every network namespace."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self) -> None:
        """Connect to the socket instead of an address."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def read(self, path: str) -> tuple[int, str]:
        """GET; the connection is kept."""
        self.request("GET", path)
        answer = self.getresponse()
        return answer.status, answer.read().decode()


def write_config(place: Place, folder: pathlib.Path, port: int) -> pathlib.Path:
    """Defaults but for what the benchmark's platform and the case need."""
    transfer = "\n".join(f"{key} = {value}" for key, value in place.case.transfer_settings().items())
    trust = f"ca_file = {place.authority}" if place.case.tls else ""
    host = place.base.split("//")[1].split(":")[0]
    path = folder / "vodkeep.ini"
    path.write_text(f"""
[agent]
archive_dir = {folder}/archive
state = {folder}/state.db
[receiver]
listen = 127.0.0.1:{port}
[admin]
socket = {folder}/admin.sock
listen =
[transfer]
{transfer}
[workspace bench]
platform = fastpix
api_id = id
api_secret = secret
webhook_secret = {base64.b64encode(SECRET).decode()}
api_url = {place.base}/v1
stream_url = {place.base}/stream
image_url = {place.base}/image
media_hosts = {host}
allow_private = yes
reconcile = off
{trust}
[rule all]
fetch = video, metadata
""")
    return path


class Agent:
    """A running vodkeep on a folder of its own."""

    def __init__(self, binary: str, place: Place, folder: pathlib.Path) -> None:
        (folder / "archive").mkdir()
        self.port = free_ports(1)[0]
        self.log = folder / "log"
        config = write_config(place, folder, self.port)
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [*place.prefix, binary, "-c", str(config), "run"], stderr=log, stdout=log)
        self.admin = AdminConnection(folder / "admin.sock")
        while not self.is_ready():
            if self.process.poll() is not None:
                raise SystemExit(f"vodkeep has ended:\n{self.log.read_text()[-2000:]}")
            time.sleep(LOOK_MIN_S)

    def is_ready(self) -> bool:
        """Whether it answers that it is."""
        try:
            return self.admin.read("/readyz")[0] == 200
        except OSError:
            self.admin.close()
            return False

    def metrics(self) -> dict[str, float]:
        """Everything that it counts; counts of a metric's labels are also added up."""
        values: dict[str, float] = {}
        for line in self.admin.read("/metrics")[1].splitlines():
            if line.startswith("#"):
                continue
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
            if "{" in name:
                bare = name.split("{")[0]
                values[bare] = values.get(bare, 0.0) + float(value)
        return values

    def follow(self, wanted: int) -> str:
        """Until so many assets are archived in the database; what went wrong, if it did.

        The pause between two looks is half of what the rest should take: a look costs the agent
        0.3 ms, so there are few of them but near the end, which is seen when it comes.
        """
        begun = time.monotonic()
        while True:
            values = self.metrics()
            done = values.get('vodkeep_assets{state="archived"}', 0.0)
            if done >= wanted:
                return ""
            failed = values.get('vodkeep_assets{state="failed"}', 0.0)
            passed = time.monotonic() - begun
            if failed or passed > GIVE_UP_S:
                return f"{done:.0f} of {wanted} archived, {failed:.0f} failed after {passed:.0f} s"
            pause = passed / done * (wanted - done) / 2 if done else passed / 16
            time.sleep(min(max(pause, LOOK_MIN_S), LOOK_MAX_S))

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        self.admin.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def measure(place: Place, agent: Agent, deliveries: pathlib.Path) -> Run:
    """From the first delivery until the last asset is archived in the database."""
    pid = agent.process.pid
    threads = threads_cpu(pid)
    counts = agent.metrics()
    cpu, begun = process_cpu(pid), time.monotonic()
    with subprocess.Popen([*place.prefix, str(place.tools / "send"), str(deliveries), "127.0.0.1",
                           str(agent.port), "/hooks/bench", str(SENDERS)]) as sender:
        wrong = agent.follow(len(place.media_set.ids))
        wall = time.monotonic() - begun
        run = Run(wall, process_cpu(pid) - cpu, peak_rss(pid), wrong=wrong)
    if sender.returncode and not run.wrong:
        run.wrong = "not every delivery was answered 200"
    run.threads = {name: used - threads.get(name, 0.0) for name, used in threads_cpu(pid).items()}
    after = agent.metrics()
    run.counts = {name: after.get(metric, 0.0) - counts.get(metric, 0.0)
                  for metric, name in COUNTED.items()}
    return run


def run_vodkeep(place: Place, binary: str) -> Run:
    """A fresh agent, ready before the clock starts: it is a daemon."""
    folder = place.disk.fresh()
    deliveries = place.media_set.deliveries(place.scratch / "deliveries")
    agent = Agent(binary, place, folder)
    try:
        run = measure(place, agent, deliveries)
    finally:
        status = agent.stop()
    if status and not run.wrong:
        run.wrong = f"vodkeep ended with status {status}"
    place.check(folder / "archive", run)
    place.disk.empty(folder)
    return run
