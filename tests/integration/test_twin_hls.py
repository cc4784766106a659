"""The twin's HLS: each form is what ffmpeg plays, with the packets of its source."""
from __future__ import annotations

import gzip
import json

import hls_make
import pytest
import signing
from agentctl import tw
from signing import request
from twin import Twin

pytestmark = pytest.mark.skipif(not hls_make.have_tools(), reason="needs ffmpeg and openssl")
# What cannot be played; ffmpeg 5.1 takes no byte order mark either.
UNPLAYABLE = {"sample-aes", "drm", "gap", "growing", "decorated"}


def fetch(url: str, **headers: str) -> signing.Answer:
    return request(url, headers=headers, timeout=5)


def entry_of(twin: Twin, media: tw.Media) -> str:
    return "%s/%s.m3u8" % (twin.url("stream"), media.playback_id)  # type: ignore[union-attr]


def links(playlist: bytes) -> list[str]:
    return [line for line in playlist.decode().splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize("form", sorted(set(hls_make.FORMS) - UNPLAYABLE))
def test_ffmpeg_plays_each_form(twin: Twin, form: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    stream = hls_make.make(form)
    media = twin.add_fastpix("Form", mp4="none", hls=stream)
    out = tmp_path_factory.mktemp("hls") / "out.mkv"
    best = "0:p:2" if form == "ts" else "0"
    hls_make._ffmpeg("-i", entry_of(twin, media), "-map", best, "-c", "copy", str(out))
    streams, duration = hls_make.probe(out)
    counts = dict(streams)
    assert {kind: counts[kind] for kind in stream.frames} == stream.frames
    assert abs(duration - stream.duration) < 0.1
    if form.endswith("no-codecs"):
        assert b"CODECS" not in fetch(entry_of(twin, media)).body


def test_signed_links_differ_and_run_out(twin: Twin) -> None:
    stream = hls_make.make("signed")
    media = twin.add_fastpix("Signed", mp4="none", hls=stream)
    [first], [second] = (links(fetch(entry_of(twin, media)).body) for _ in range(2))
    assert first != second
    segments = links(fetch(first).body)
    assert all(link.startswith(twin.url("elsewhere") + "/hls/") for link in segments)
    assert fetch(segments[0]).body == stream.tracks[0].segments[0].data
    assert fetch(segments[0] + "0").status == 403
    assert fetch(segments[0].partition("?")[0]).status == 403
    stream.revoke()
    assert fetch(segments[0]).status == 403
    fresh = links(fetch(links(fetch(entry_of(twin, media)).body)[0]).body)
    assert fetch(fresh[0]).status == 200
    twin.clock_offset = 301
    assert fetch(fresh[0]).status == 403


def test_a_growing_playlist_ends_later(twin: Twin) -> None:
    stream = hls_make.make("growing")
    asset = twin.add_optiview(hls=stream)
    detail = fetch("%s/api/v3/media/assets/%s" % (twin.url("api"), asset.id),
                   Authorization=twin.optiview.authorization)
    record = json.loads(detail.body)["data"]
    url = record["download"]["url"]
    assert record["metadata"]["format"] == "HLS" and url.endswith("/index.m3u8")
    [child] = links(fetch(url).body)
    child = url.rpartition("/")[0] + "/" + child
    body = fetch(child).body
    assert len(links(body)) == 2 and b"ENDLIST" not in body
    stream.visible = None
    body = fetch(child).body
    assert len(links(body)) == len(stream.tracks[0].segments) and b"ENDLIST" in body


def test_a_stream_can_be_asked_for_by_shells(twin: Twin) -> None:
    answer = request(twin.url("api") + "/_twin/fastpix", "POST",
                     json.dumps({"title": "Shell", "mp4": "none", "hls": "fmp4"}).encode())
    media = twin.find(json.loads(answer.body)["id"])
    assert b"#EXT-X-STREAM-INF" in fetch(entry_of(twin, media)).body
    answer = request(twin.url("api") + "/_twin/fastpix", "POST", b'{"hls": "of tomorrow"}')
    assert answer.status == 400


def test_playlists_in_odd_clothes(twin: Twin) -> None:
    plain = twin.add_fastpix("Plain", mp4="none", hls=hls_make.make("decorated"))
    packed = twin.add_fastpix("Packed", mp4="none", hls=hls_make.make("gzip"))
    body = fetch(entry_of(twin, plain)).body
    assert body.startswith(b"\xef\xbb\xbf#EXTM3U\r\n") and b"\n\r\n" in body
    answer = fetch(entry_of(twin, packed))
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body).startswith(b"#EXTM3U\n")


def test_private_playlists_want_a_token(twin: Twin) -> None:
    media = twin.add_fastpix("Private", mp4="none", policy="private", hls=hls_make.make("signed"))
    assert fetch(entry_of(twin, media)).status == 401


def test_what_cannot_be_archived_says_so(twin: Twin) -> None:
    said = {}
    for form in ("drm", "sample-aes", "gap"):
        media = twin.add_fastpix(form, mp4="none", hls=hls_make.make(form))
        text = fetch(entry_of(twin, media)).body
        [child] = links(text)
        said[form] = text + fetch(twin.url("stream") + "/" + child).body
    assert b"#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES" in said["drm"]
    assert b"#EXT-X-KEY:METHOD=SAMPLE-AES" in said["sample-aes"]
    assert b"#EXT-X-GAP" in said["gap"]
