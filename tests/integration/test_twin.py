"""The twin itself: the other tests trust its honesty and its sins."""
from __future__ import annotations

import gzip
import http.client
import json

import pytest

import signing
from agentctl import REPORTED, check_reports, tw
from content import grown_clip
from fastpix import WORKSPACE_ID
from signing import fastpix_signature, optiview_signature, request
from sins import KINDS
from twin import Twin

FASTPIX_DELETED = (
    '{"type":"video.media.deleted","object":{"type":"media",'
    '"id":"d49e44c7-df42-4ffa-9764-8dea1543b63e"},"id":"e0000000-0000-4000-8000-000000000001",'
    '"workspace":{"id":"6dc2b4e0-0615-42fd-a580-1f4aad932dfe","name":null},'
    '"status":"media_created","data":{"success":true},'
    '"createdAt":"2026-08-10T12:38:29.375000001Z","attempts":[]}')


def get(twin: Twin, role: str, path: str, **headers: str) -> signing.Answer:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(twin.url(role) + path, headers=fields, timeout=5)


def fastpix_detail(twin: Twin, media: tw.Media) -> signing.Answer:
    return get(twin, "api", "/v1/on-demand/" + media.id, Authorization=twin.fastpix.authorization)


def link(twin: Twin, asset: tw.Media) -> str:
    """A fresh download link: path and query."""
    answer = get(twin, "api", "/api/v3/media/assets/" + asset.id,
                 Authorization=twin.optiview.authorization)
    url: str = json.loads(answer.body)["data"]["download"]["downloadUrl"]
    return url.removeprefix(twin.url("store"))


def test_fastpix_signatures_match_the_vectors() -> None:
    secret = "ZmFzdHBpeC10ZXN0LWtleS0wMTIzNDU2Nzg5YWJjZGU="
    assert fastpix_signature(secret, b"{}") == "CUxrmphqEciso2+tDnCEcGPgKGwdHRgD1kp6+XdBzeA="
    assert len(FASTPIX_DELETED) == 322
    assert (fastpix_signature(secret, FASTPIX_DELETED.encode())
            == "J5W/kl5k0AwxQJ3VO7tkvKU9ELag0XllzJRQJt7JOWA=")


def test_optiview_signatures_match_the_vectors() -> None:
    secret = tw.OPTIVIEW_HOOK_SECRET
    image = bytes.fromhex("ffd8ffe000104a46494600ffd9")
    assert optiview_signature(secret, image) == "sha1=08d6b5398502ec5db1db0aef795a73dd904cf3de"
    assert optiview_signature(secret, b"") == "sha1=76833d30b489f1d2f0f0d4c1af2a201498ed8c18"


def test_fastpix_api_shapes(twin: Twin) -> None:
    media = twin.add_fastpix("Goal", subtitles=("en",))
    assert get(twin, "api", "/v1/on-demand/" + media.id).status == 401
    record = json.loads(fastpix_detail(twin, media).body)
    assert record["success"] is True and record["data"]["workspaceId"] == WORKSPACE_ID
    assert record["data"]["mp4Support"][0]["status"] == "ready"
    twin.delete(media)
    gone = fastpix_detail(twin, media)
    assert gone.status == 404
    assert json.loads(gone.body)["error"]["message"] == "media workspace relation not found"


def test_fastpix_list_pages_from_one(twin: Twin) -> None:
    ids = [twin.add_fastpix(str(number)).id for number in range(7)]
    seen = []
    for page in (1, 2, 3):
        answer = get(twin, "api", "/v1/on-demand?limit=3&offset=%d&orderBy=asc" % page,
                     Authorization=twin.fastpix.authorization)
        seen += [entry["id"] for entry in json.loads(answer.body)["data"]]
    assert sorted(seen) == sorted(ids)
    refused = get(twin, "api", "/v1/on-demand?limit=3&offset=0",
                  Authorization=twin.fastpix.authorization)
    assert refused.status == 422


def test_media_hosts_serve_what_the_record_names(twin: Twin) -> None:
    media = twin.add_fastpix(audio=True, subtitles=("en",))
    base = "/" + media.playback_id
    assert get(twin, "stream", base + "/capped-4k.mp4").body[4:8] == b"ftyp"
    assert get(twin, "stream", base + "/audio.m4a").body[8:11] == b"M4A"
    assert get(twin, "stream", base + "/text/%s.vtt" % media.tracks[0].id).body[:6] == b"WEBVTT"
    assert get(twin, "stream", base + ".m3u8").status == 404
    assert get(twin, "images", base + "/thumbnail.jpg").body[:2] == b"\xff\xd8"
    assert get(twin, "images", base + "/thumbnail.png").body[1:4] == b"PNG"
    assert get(twin, "stream", base + "/capped-4k.mp4", Authorization="Basic x").status == 400


def test_optiview_links_expire_and_refuse_tampering(twin: Twin) -> None:
    asset = twin.add_optiview(link_uses=1)
    assert get(twin, "api", "/api/v3/media/assets/" + asset.id).status == 403
    path = link(twin, asset)
    assert get(twin, "store", path.replace("Expires=1", "Expires=9")).status == 403
    assert get(twin, "store", path).status == 200
    assert get(twin, "store", path).status == 403, "the link was good for one use"
    assert get(twin, "store", link(twin, asset), Authorization="Bearer x").status == 400
    assert request(twin.url("store") + link(twin, asset), "HEAD").status == 403
    path = link(twin, asset)
    twin.clock_offset = 3600
    assert get(twin, "store", path).status == 403
    assert get(twin, "store", link(twin, asset)).status == 200


@pytest.mark.parametrize("gone, status, shown", [
    ("deleting", 200, "deleting"), ("deleted", 200, "deleted"), ("404", 404, None),
    ("400", 400, None)])
def test_optiview_deletions_show_in_four_ways(
        twin: Twin, gone: str, status: int, shown: str | None) -> None:
    asset = twin.add_optiview()
    twin.delete(asset, gone)
    answer = get(twin, "api", "/api/v3/media/assets/" + asset.id,
                 Authorization=twin.optiview.authorization)
    assert answer.status == status
    assert json.loads(answer.body)["data"].get("status") == shown


def test_ranges_follow_the_validators(twin: Twin) -> None:
    media = twin.add_fastpix(size=100_000)
    path = "/%s/capped-4k.mp4" % media.playback_id
    whole = get(twin, "stream", path)
    part = get(twin, "stream", path, Range="bytes=5000-", If_Range=whole.headers["etag"])
    assert part.status == 206 and part.body == whole.body[5000:]
    assert part.headers["content-range"] == "bytes 5000-99999/100000"
    assert get(twin, "stream", path, Range="bytes=5000-", If_Range='"old"').status == 200
    assert get(twin, "stream", path, Range="bytes=-100").body == whole.body[-100:]
    assert get(twin, "stream", path, Range="bytes=100000-").status == 416


def test_grown_clips_differ_everywhere_and_end_on_a_box() -> None:
    clip = grown_clip(200_000)
    data, at = clip.read(0, clip.size), 0
    while at < len(data):
        at += int.from_bytes(data[at:at + 4], "big")
    assert at == len(data) == 200_000
    assert len({data[i:i + 16] for i in range(50_000, 200_000, 16)}) > 9000


class Sinner:
    """One media of 100 kB, and requests for it under a sin."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.media = twin.add_fastpix(size=100_000)
        self.path = "/%s/capped-4k.mp4" % self.media.playback_id
        self.whole = get(twin, "stream", self.path).body

    def commit(self, kind: str, **args: object) -> None:
        self.sin = self.twin.sin(self.path, kind, **args)  # type: ignore[arg-type]

    def get(self, **headers: str) -> signing.Answer:
        return get(self.twin, "stream", self.path, **headers)


@pytest.fixture
def sinner(twin: Twin) -> Sinner:
    return Sinner(twin)


def test_every_sin_ends_with_its_count(sinner: Sinner) -> None:
    sinner.commit("status", code=503, retry_after=7, count=2)
    assert [sinner.get().status for _ in range(3)] == [503, 503, 200]
    assert sinner.sin.hits == 2
    assert sinner.twin.log.find(sinner.path)[1].status == 503


def test_unknown_sins_are_refused(twin: Twin) -> None:
    with pytest.raises(ValueError, match="no such sin"):
        twin.sin("*", "gluttony")


def test_cut_bodies(sinner: Sinner) -> None:
    for framing in ("length", "chunked"):
        sinner.commit("cut", after=5000, framing=framing, count=1)
        with pytest.raises(http.client.IncompleteRead) as caught:
            sinner.get()
        assert len(caught.value.partial) == 5000
    sinner.commit("cut", after=5000, framing="close", count=1)
    assert sinner.get().body == sinner.whole[:5000], "nothing but the boxes tells this cut"
    sinner.commit("short", after=5000, count=1)
    assert sinner.get().body == sinner.whole[:5000]


def test_resets(sinner: Sinner) -> None:
    sinner.commit("reset", after=0, count=1)
    with pytest.raises(ConnectionError):
        sinner.get()
    assert sinner.get().body == sinner.whole


def test_stalls_hold_until_released(sinner: Sinner) -> None:
    sinner.commit("stall", after=60_000, count=1)
    connection = signing.connect(sinner.twin.url("stream"), timeout=5)
    connection.request("GET", sinner.path)
    response = connection.getresponse()
    begin = response.read(60_000)
    sinner.sin.wait_reached()
    connection.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        response.fp.read(1)  # type: ignore[union-attr]
    sinner.sin.release()
    connection.close()
    assert begin == sinner.whole[:60_000]
    sinner.twin.log.wait_for(lambda log: log.entries[-1].done, "the end of the stalled answer")


def test_range_sins(sinner: Sinner) -> None:
    span = {"Range": "bytes=1000-1999"}
    sinner.commit("norange", count=1)
    assert sinner.get(**span).status == 200
    sinner.commit("wrong-range", by=10, count=1)
    early = sinner.get(**span)
    assert early.headers["content-range"] == "bytes 990-1999/100000"
    assert early.body == sinner.whole[990:2000]
    sinner.commit("wrong-total", count=1)
    assert sinner.get(**span).headers["content-range"] == "bytes 1000-1999/100001"
    sinner.commit("other-etag", count=1)
    assert sinner.get(**span).headers["etag"] == '"another"'
    sinner.commit("416", count=1)
    assert sinner.get(**span).status == 416
    assert sinner.get(**span).body == sinner.whole[1000:2000]


def test_a_renewed_object_keeps_its_new_etag(sinner: Sinner) -> None:
    before = sinner.get().headers["etag"]
    sinner.commit("renew", count=1)
    renewed = sinner.get(Range="bytes=1000-", If_Range=before)
    assert renewed.status == 200 and renewed.headers["etag"] != before
    assert sinner.get().headers["etag"] == renewed.headers["etag"]


def test_disguises(sinner: Sinner) -> None:
    sinner.commit("html", count=1, type="video/mp4")
    page = sinner.get()
    assert page.headers["content-type"] == "video/mp4" and b"<html>" in page.body
    sinner.commit("redirect", to=sinner.twin.url("elsewhere") + "/x", code=307, count=1)
    moved = sinner.get()
    assert moved.status == 307 and moved.headers["location"].endswith("/x")
    sinner.commit("no-validators", count=1)
    assert "etag" not in sinner.get().headers
    sinner.commit("no-etag", count=1)
    dated = sinner.get().headers
    assert "etag" not in dated and dated["last-modified"]
    sinner.commit("content-type", type="text/plain", count=1)
    assert sinner.get().headers["content-type"] == "text/plain"
    for kind in ("chunked", "close-framed"):
        sinner.commit(kind, count=1)
        bare = sinner.get()
        assert "content-length" not in bare.headers and bare.body == sinner.whole


def test_slow_answers_are_slow_but_whole(sinner: Sinner) -> None:
    sinner.commit("slow", rate=2_000_000, count=1)
    assert sinner.get().body == sinner.whole
    sinner.commit("slow-head", pause=0.0005, count=1)
    assert sinner.get().body == sinner.whole


def test_json_sins(twin: Twin) -> None:
    media = twin.add_fastpix()
    path = "/v1/on-demand/" + media.id

    def under(kind: str, **args: object) -> signing.Answer:
        twin.sin(path, kind, count=1, **args)  # type: ignore[arg-type]
        return fastpix_detail(twin, media)

    with pytest.raises(ValueError):
        json.loads(under("cut-json").body)
    assert under("deep-json", depth=5000).body.count(b"[") == 5000
    assert len(under("huge-json", size=1 << 20).body) > 1 << 20
    assert isinstance(json.loads(under("wrong-shape").body)["data"], list)
    packed = under("gzip")
    assert json.loads(gzip.decompress(packed.body))["success"] is True
    assert json.loads(under("processing").body)["data"]["status"] == "Processing"
    assert under("html").body.startswith(b"<!DOCTYPE")
    assert under("body", body="[]").body == b"[]"
    assert json.loads(under("status", code=401).body)["error"]["code"] == 401


def test_all_sins_are_tested_here() -> None:
    source = open(__file__, encoding="utf-8").read()
    missing = [kind for kind in KINDS if '"%s"' % kind not in source]
    assert missing == []


def test_control_over_http(twin: Twin) -> None:
    def control(method: str, path: str, value: object = None) -> object:
        body = None if value is None else json.dumps(value).encode()
        answer = request(twin.url("api") + "/_twin/" + path, method, body)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    added = control("POST", "fastpix", {"title": "By hand", "size": "64K"})
    control("POST", "sins", {"path": "/v1/*", "kind": "status", "code": 500, "count": 1})
    media = twin.find(added["id"])  # type: ignore[index]
    assert fastpix_detail(twin, media).status == 500
    control("POST", "change", {"id": media.id, "title": "Changed"})
    assert json.loads(fastpix_detail(twin, media).body)["data"]["title"] == "Changed"
    assert len(control("GET", "requests")) == 2  # type: ignore[arg-type]
    control("POST", "delete", {"id": media.id})
    assert fastpix_detail(twin, media).status == 404
    control("POST", "clock", {"offset": 60})
    assert twin.clock_offset == 60
    refused = request(twin.url("api") + "/_twin/sins", "POST", b'{"path":"*","kind":"x"}')
    assert refused.status == 400


@pytest.mark.parametrize("text, status", [
    ("started\n==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n", None),
    ("==7==ERROR: LeakSanitizer: detected memory leaks\n", REPORTED),
    ("WARNING: ThreadSanitizer: data race (pid=7)\n", -9),
    ("src/x.c:3:5: runtime error: signed integer overflow\n", 0),
    ("stopped\n", REPORTED),
])
def test_the_report_of_a_sanitizer_is_a_failure(text: str, status: int | None) -> None:
    with pytest.raises(AssertionError):
        check_reports(text, status, "the agent")
    check_reports("started\nstopped\n", 0, "the agent")
