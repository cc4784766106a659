"""The twin's misbehaviour: what a host or a network may do wrong, one name each.

A sin waits for requests whose host and path match, happens `count` times (None: always)
after `skip` harmless ones, and counts its hits. KINDS is the whole list; each entry names
the stage at which it acts:

  request  before the route: changes the request, or answers in its place
  reply    after the route: changes what is said
  plan     when sending: changes how it is said
"""
from __future__ import annotations

import fnmatch
import gzip
import json
import threading
from dataclasses import dataclass, field
from typing import Any, Callable

from slowness import SLOWNESS
from wire import Plan, Reply, Request, html_reply, json_reply


@dataclass
class Sin:
    """One entry of the script."""

    kind: str
    path: str = "*"
    host: str | None = None
    method: str | None = None
    count: int | None = None
    skip: int = 0
    args: dict[str, Any] = field(default_factory=dict)
    hits: int = 0
    _reached: threading.Event = field(default_factory=threading.Event, repr=False)
    _release: threading.Event = field(default_factory=threading.Event, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def matches(self, request: Request) -> bool:
        return (fnmatch.fnmatchcase(request.path, self.path)
                and self.host in (None, request.host)
                and self.method in (None, request.method))

    def release(self) -> None:
        """End the stalls of this sin: what was held back follows."""
        self._release.set()

    def wait_reached(self, timeout: float = 10.0) -> None:
        """Wait until a cut, stall or reset has sent its `after` bytes."""
        if not self._reached.wait(timeout * SLOWNESS):
            raise AssertionError("nobody came to the %s of %s" % (self.kind, self.path))

    def wait_hit(self, hits: int = 1, timeout: float = 10.0) -> None:
        """Wait until it has happened so many times."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.hits >= hits, timeout * SLOWNESS):
                raise AssertionError("the twin was not asked for %s (%s): %d of %d hits"
                                     % (self.path, self.kind, self.hits, hits))

    def hit(self) -> None:
        with self._changed:
            self.hits += 1
            self._changed.notify_all()


class Script:
    """All sins of a twin. Thread-safe: counts are taken under one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sins: list[Sin] = []

    def add(self, sin: Sin) -> Sin:
        if sin.kind not in KINDS:
            raise ValueError("no such sin: %s; known: %s" % (sin.kind, " ".join(KINDS)))
        with self._lock:
            self._sins.append(sin)
        return sin

    def clear(self) -> None:
        with self._lock:
            for sin in self._sins:
                sin.release()
            self._sins.clear()

    def take(self, request: Request) -> list[Sin]:
        """The sins that happen to this request, their counts used up."""
        taken = []
        with self._lock:
            for sin in self._sins:
                if not sin.matches(request):
                    continue
                if sin.skip > 0:
                    sin.skip -= 1
                    continue
                if sin.count is not None:
                    if sin.count <= 0:
                        continue
                    sin.count -= 1
                taken.append(sin)
        return taken


RequestSin = Callable[[Sin, Request], "Reply | None"]
ReplySin = Callable[[Sin, Request, Reply], Reply]
PlanSin = Callable[[Sin, Reply, Plan], None]


# Stage "request".

def _status(sin: Sin, request: Request) -> Reply:
    """Status `code`, with `retry_after`, with `body` or the platform's error envelope."""
    code = sin.args.get("code", 500)
    headers = {}
    if "retry_after" in sin.args:
        headers["Retry-After"] = str(sin.args["retry_after"])
    if "body" in sin.args:
        reply = Reply(code, {"Content-Type": sin.args.get("type", "text/plain")},
                      sin.args["body"].encode())
    elif request.host == "api":
        reply = json_reply(code, error_envelope(request.path, code))
    else:
        reply = html_reply(code, "Error %d" % code)
    reply.headers.update(headers)
    return reply


def error_envelope(path: str, code: int) -> dict[str, Any]:
    """How the API of this path says that something is wrong."""
    words = {401: "unauthorized", 403: "forbidden", 404: "media workspace relation not found",
             429: "too many requests"}
    word = words.get(code, "something went wrong")
    if path.startswith("/api/"):
        return {"status": "fail" if code < 500 else "error", "message": word,
                "data": {"message": word.capitalize()}}
    return {"success": False, "error": {"code": code, "message": word, "description": word}}


def _html(sin: Sin, request: Request) -> Reply:
    """200 and a web page; `type` lies about it."""
    reply = html_reply(sin.args.get("code", 200), "Just a moment...")
    if "type" in sin.args:
        reply.headers["Content-Type"] = sin.args["type"]
    return reply


def _redirect(sin: Sin, request: Request) -> Reply:
    """To `to`; without it to the very same address, which is a loop when repeated."""
    return Reply(sin.args.get("code", 302), {"Location": sin.args.get("to", request.path)})


def _norange(sin: Sin, request: Request) -> None:
    """Ignore Range: 200 and the whole body."""
    request.headers.pop("range", None)


def _unsatisfiable(sin: Sin, request: Request) -> Reply | None:
    """416 to a request with Range; without one there is nothing to refuse."""
    if "range" not in request.headers:
        return None
    return Reply(416, {"Content-Range": "bytes */%d" % sin.args.get("size", 1)})


def _processing(sin: Sin, request: Request) -> None:
    """The record still says that the media is being made."""
    request.flags["processing"] = True


# Stage "reply".

def _renew(sin: Sin, request: Request, reply: Reply) -> Reply:
    """The object was replaced: another ETag from now on, whatever If-Range says."""
    content = reply.content
    if content is None:
        return reply
    content.etag = '"renewed-%d-%s' % (sin.hits, content.etag.lstrip('"'))
    return Reply(200, {**{k: v for k, v in reply.headers.items() if k != "Content-Range"},
                       "ETag": content.etag}, content=content, length=content.size)


def _other_etag(sin: Sin, request: Request, reply: Reply) -> Reply:
    """A 206 that belongs to something else."""
    if reply.status == 206:
        reply.headers["ETag"] = '"another"'
    return reply


def _wrong_range(sin: Sin, request: Request, reply: Reply) -> Reply:
    """A 206 whose bytes and Content-Range begin `by` bytes too early."""
    if reply.status != 206 or reply.content is None:
        return reply
    first = max(0, reply.offset - sin.args.get("by", 1))
    last = reply.offset + reply.length - 1
    reply.headers["Content-Range"] = "bytes %d-%d/%d" % (first, last, reply.content.size)
    reply.offset, reply.length = first, last - first + 1
    return reply


def _wrong_total(sin: Sin, request: Request, reply: Reply) -> Reply:
    """A 206 whose total differs from what was said before."""
    if reply.status == 206 and reply.content is not None:
        span = reply.headers["Content-Range"].rsplit("/", 1)[0]
        total = reply.content.size + sin.args.get("by", 1)
        reply.headers["Content-Range"] = "%s/%d" % (span, total)
    return reply


def _short(sin: Sin, request: Request, reply: Reply) -> Reply:
    """The first `after` bytes only, and a Content-Length that agrees with them."""
    keep = min(sin.args.get("after", 0), reply.size)
    headers = {k: v for k, v in reply.headers.items() if k != "Content-Range"}
    return Reply(200, headers, reply.read(0, keep))


def _no_validators(sin: Sin, request: Request, reply: Reply) -> Reply:
    """No ETag, no Last-Modified: nothing to make a resume safe."""
    for name in ("ETag", "Last-Modified"):
        reply.headers.pop(name, None)
    return reply


def _no_etag(sin: Sin, request: Request, reply: Reply) -> Reply:
    """Only the time tells one content from another."""
    reply.headers.pop("ETag", None)
    return reply


def _content_type(sin: Sin, request: Request, reply: Reply) -> Reply:
    """Another Content-Type: `type`."""
    reply.headers["Content-Type"] = sin.args["type"]
    return reply


def _body(sin: Sin, request: Request, reply: Reply) -> Reply:
    """200 with `body` as it stands, `type` as its type."""
    return Reply(sin.args.get("code", 200),
                 {"Content-Type": sin.args.get("type", "application/json")},
                 sin.args["body"].encode())


def _wrong_shape(sin: Sin, request: Request, reply: Reply) -> Reply:
    """Good JSON of another shape: lists for objects, numbers for texts."""
    return json_reply(200, {"success": "yes", "status": 7,
                            "data": [[{"id": 5, "playbackIds": "none", "download": []}]]})


def _cut_json(sin: Sin, request: Request, reply: Reply) -> Reply:
    """JSON that ends in the middle, with a Content-Length that agrees."""
    reply.body = reply.body[:len(reply.body) // 2]
    return reply


def _deep_json(sin: Sin, request: Request, reply: Reply) -> Reply:
    """JSON nested `depth` deep."""
    depth = sin.args.get("depth", 100_000)
    body = b'{"data":' + b"[" * depth + b"]" * depth + b"}"
    return Reply(200, {"Content-Type": "application/json"}, body)


def _huge_json(sin: Sin, request: Request, reply: Reply) -> Reply:
    """The good answer with `size` bytes of another key before it."""
    try:
        value = json.loads(reply.body)
    except ValueError:
        value = {}
    value = {"padding": "x" * sin.args.get("size", 32 << 20), **value}
    return json_reply(reply.status, value)


def _gzip(sin: Sin, request: Request, reply: Reply) -> Reply:
    """Compressed, asked for or not."""
    reply.headers["Content-Encoding"] = "gzip"
    reply.body = gzip.compress(reply.read(0, reply.size), mtime=0)
    reply.content = None
    return reply


# Stage "plan".

def _cut(sin: Sin, reply: Reply, plan: Plan) -> None:
    """The connection closes after `after` bytes; `framing` length, close or chunked."""
    plan.framing = sin.args.get("framing", "length")
    plan.limit, plan.reached = sin.args.get("after", 0), sin._reached


def _stall(sin: Sin, reply: Reply, plan: Plan) -> None:
    """Nothing more after `after` bytes, until release()."""
    plan.limit, plan.then = sin.args.get("after", 0), "stall"
    plan.release, plan.reached = sin._release, sin._reached


def _reset(sin: Sin, reply: Reply, plan: Plan) -> None:
    """RST after `after` bytes."""
    plan.limit, plan.then = sin.args.get("after", 0), "reset"
    plan.reached = sin._reached


def _slow(sin: Sin, reply: Reply, plan: Plan) -> None:
    """`rate` bytes a second."""
    plan.rate = float(sin.args.get("rate", 1000))


def _slow_head(sin: Sin, reply: Reply, plan: Plan) -> None:
    """The head of the answer, one byte every `pause` seconds."""
    plan.head_pause = float(sin.args.get("pause", 1.0))
    plan.release = sin._release


def _chunked(sin: Sin, reply: Reply, plan: Plan) -> None:
    """An honest body without Content-Length."""
    plan.framing = "chunked"


def _close_framed(sin: Sin, reply: Reply, plan: Plan) -> None:
    """An honest body that ends with the connection."""
    plan.framing = "close"


KINDS: dict[str, tuple[str, Any]] = {
    "status": ("request", _status),
    "html": ("request", _html),
    "redirect": ("request", _redirect),
    "norange": ("request", _norange),
    "416": ("request", _unsatisfiable),
    "processing": ("request", _processing),
    "renew": ("reply", _renew),
    "other-etag": ("reply", _other_etag),
    "wrong-range": ("reply", _wrong_range),
    "wrong-total": ("reply", _wrong_total),
    "short": ("reply", _short),
    "no-etag": ("reply", _no_etag),
    "no-validators": ("reply", _no_validators),
    "content-type": ("reply", _content_type),
    "body": ("reply", _body),
    "wrong-shape": ("reply", _wrong_shape),
    "cut-json": ("reply", _cut_json),
    "deep-json": ("reply", _deep_json),
    "huge-json": ("reply", _huge_json),
    "gzip": ("reply", _gzip),
    "cut": ("plan", _cut),
    "stall": ("plan", _stall),
    "reset": ("plan", _reset),
    "slow": ("plan", _slow),
    "slow-head": ("plan", _slow_head),
    "chunked": ("plan", _chunked),
    "close-framed": ("plan", _close_framed),
}


def apply_request(sins: list[Sin], request: Request) -> Reply | None:
    """Run the request stage; the first answer wins."""
    for sin in sins:
        stage, act = KINDS[sin.kind]
        if stage == "request":
            reply = act(sin, request)
            if reply is not None:
                return reply
    return None


def apply_reply(sins: list[Sin], request: Request, reply: Reply) -> Reply:
    for sin in sins:
        stage, act = KINDS[sin.kind]
        if stage == "reply":
            reply = act(sin, request, reply)
    return reply


def plan_for(sins: list[Sin], reply: Reply) -> Plan:
    plan = Plan()
    for sin in sins:
        stage, act = KINDS[sin.kind]
        if stage == "plan":
            act(sin, reply, plan)
    return plan
