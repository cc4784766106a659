"""HLS in every form that platforms have it, archived as one MP4 and as a package: each stream
of the source is there, with all of its packets, and nothing leads outside."""
from __future__ import annotations

import re
from pathlib import Path

import hls_make
import pytest
from agentctl import Agent, tw
from hls import HlsStream
from twin import Twin

pytestmark = pytest.mark.skipif(not hls_make.have_tools(), reason="no ffmpeg or openssl")

WHOLE = sorted(set(hls_make.FORMS) - {"sample-aes", "drm", "gap", "growing"})
CASES = [*(("fastpix", form) for form in WHOLE),
         *(("optiview", form) for form in ("aes-rotation", "separate-no-codecs", "ts"))]


def expected(stream: HlsStream) -> list[tuple[str, int]]:
    """Every stream that must be there: of the video, and of each language."""
    count = {kind: max(1, sum(track.kind == kind for track in stream.tracks))
             for kind in stream.frames}
    count["video"] = 1
    return sorted((kind, packets) for kind, packets in stream.frames.items()
                  for _ in range(count[kind]))


def check_media(path: Path, stream: HlsStream) -> None:
    """The file or playlist, as Debian's ffprobe sees it; from the disk alone."""
    streams, duration = hls_make.probe(path)
    assert sorted(s for s in streams if s[0] != "subtitle") == expected(stream)
    assert abs(duration - stream.duration) < 0.1


def check_package(index: Path) -> None:
    """Every line of every playlist names a file beside it, and every file is named."""
    named = {index}
    playlists = [index]
    while playlists:
        playlist = playlists.pop()
        text = playlist.read_text()
        assert "://" not in text and "EXT-X-KEY" not in text and text.startswith("#EXTM3U\n")
        for name in re.findall(r'^(?!#)(.+)$|URI="([^"]+)"', text, re.MULTILINE):
            path = playlist.parent / (name[0] or name[1])
            assert path.parent == index.parent and path.is_file(), name
            if path.suffix == ".m3u8" and path not in named:
                assert "#EXT-X-ENDLIST" in path.read_text()
                playlists.append(path)
            named.add(path)
    assert named == set(index.parent.iterdir())


def add(twin: Twin, form: str, platform: str) -> tw.Media:
    stream = hls_make.make(form)
    if platform == "optiview":
        return twin.add_optiview(name="Form", hls=stream)
    return twin.add_fastpix("Form", mp4="none", hls=stream)


def archive(agent: Agent, media: tw.Media) -> Path:
    """Archive it, leaving nothing in staging; verify agrees."""
    agent.archive_now(media)
    assert agent.staged() == []
    agent.cli("verify")
    return agent.video(media)


@pytest.mark.parametrize("platform, form", CASES)
def test_as_mp4(agent: Agent, twin: Twin, platform: str, form: str) -> None:
    media = add(twin, form, platform)
    video = archive(agent, media)
    assert video.suffix == ".mp4" and media.hls
    check_media(video, media.hls)


@pytest.mark.parametrize("platform, form", CASES)
def test_as_package(idle_agent: Agent, twin: Twin, platform: str, form: str) -> None:
    idle_agent.config.set("rule all", hls_as="package")
    agent = idle_agent.start()
    media = add(twin, form, platform)
    index = archive(agent, media)
    assert index.name == "index.m3u8" and media.hls
    asked = len(twin.log.about_media())
    check_package(index)
    check_media(index, media.hls)
    assert len(twin.log.about_media()) == asked, "the package was not complete"
