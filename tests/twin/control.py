"""The twin's own interface, /_twin/… on its API host: the same things that class Twin
offers to Python, for shells and people. Requests and answers are JSON.

  GET    /_twin/state                     media, sins, addresses
  POST   /_twin/fastpix | /_twin/optiview add media; fields as of Twin.add_fastpix(),
                                          Twin.add_optiview(), "size" a grown clip's,
                                          "hls" a form of hls_make.FORMS
  POST   /_twin/change                    {"id": …, "title": …}
  POST   /_twin/delete                    {"id": …, "gone": "deleted"}
  POST   /_twin/sins                      {"path": …, "kind": …, "count": …, "code": …}
  DELETE /_twin/sins                      forget them all
  GET    /_twin/requests                  the log;  DELETE forgets it
  POST   /_twin/clock                     {"offset": seconds}
  POST   /_twin/deliver                   {"id": …, "event": "video.media.ready"}
"""
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable

import hls_make
from content import parse_size
from wire import Reply, Request, json_reply

if TYPE_CHECKING:
    from twin import Twin


class Control:
    """Maps paths to methods of the twin."""

    def __init__(self, twin: "Twin") -> None:
        self.twin = twin
        self.table: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "state"): self._state,
            ("POST", "fastpix"): self._add_fastpix,
            ("POST", "optiview"): self._add_optiview,
            ("POST", "change"): self._change,
            ("POST", "delete"): self._delete,
            ("POST", "sins"): self._sin,
            ("DELETE", "sins"): lambda _: self.twin.forgive(),
            ("GET", "requests"): lambda _: [e.public() for e in self.twin.log.find()],
            ("DELETE", "requests"): lambda _: self.twin.log.clear(),
            ("POST", "clock"): self._clock,
            ("POST", "deliver"): self._deliver,
        }

    def __call__(self, request: Request) -> Reply:
        act = self.table.get((request.method, request.path.removeprefix("/_twin/")))
        if act is None or request.host != "api":
            return json_reply(404, {"error": "no such control", "help": __doc__})
        try:
            result = act(json.loads(request.body or b"{}"))
        except (KeyError, TypeError, ValueError) as error:
            return json_reply(400, {"error": "%s: %s" % (type(error).__name__, error)})
        return json_reply(200, {"ok": True} if result is None else result)

    def _state(self, _: dict[str, Any]) -> dict[str, Any]:
        twin = self.twin
        return {"api": twin.url("api"),
                "fastpix": [{"id": m.id, "title": m.title, "mp4": m.mp4, "gone": m.gone}
                            for m in twin.fastpix.media.values()],
                "optiview": [{"id": a.id, "name": a.name, "status": a.status, "gone": a.gone}
                             for a in twin.optiview.assets.values()]}

    def _add_fastpix(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"id": self.twin.add_fastpix(**_readable(options)).id}

    def _add_optiview(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"id": self.twin.add_optiview(**_readable(options)).id}

    def _change(self, options: dict[str, Any]) -> None:
        self.twin.change(self.twin.find(options.pop("id")), **options)

    def _delete(self, options: dict[str, Any]) -> None:
        self.twin.delete(self.twin.find(options["id"]), options.get("gone", "deleted"))

    def _sin(self, options: dict[str, Any]) -> None:
        self.twin.sin(options.pop("path"), options.pop("kind"), **options)

    def _clock(self, options: dict[str, Any]) -> None:
        self.twin.clock_offset = float(options["offset"])

    def _deliver(self, options: dict[str, Any]) -> dict[str, Any]:
        answer = self.twin.announce(self.twin.find(options["id"]), options["event"])
        return {"status": answer.status, "body": answer.body.decode("utf-8", "replace")}


def _readable(options: dict[str, Any]) -> dict[str, Any]:
    """Sizes may be written as "10M", streams by the name of their form."""
    if "size" in options:
        options["size"] = parse_size(str(options["size"]))
    if "hls" in options:
        options["hls"] = hls_make.make(options["hls"])
    return options
