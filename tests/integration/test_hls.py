"""Media that is there as HLS alone: fetched, resumed, put together; or refused, with the reason."""
from __future__ import annotations

import hls_make
import pytest
from agentctl import Agent, wait_until
from fastpix import FastpixMedia
from hls import HlsStream
from twin import Twin

pytestmark = pytest.mark.skipif(not hls_make.have_tools(), reason="no ffmpeg or openssl")

SEGMENT = "*/hls/video_*/*.ts"


def only_hls(twin: Twin, form: str, **fields: object) -> FastpixMedia:
    return twin.add_fastpix("HLS " + form, mp4="none", hls=hls_make.make(form), **fields)


def counts(agent: Agent, media: FastpixMedia) -> dict[str, int]:
    """Packets by kind in what was archived, and a duration that must fit."""
    streams, duration = hls_make.probe(agent.video(media))
    assert media.hls is not None
    assert abs(duration - media.hls.duration) < 0.1
    return dict(streams)


def frames(stream: HlsStream | None) -> dict[str, int]:
    assert stream is not None
    return stream.frames


@pytest.mark.parametrize("form", ["ts", "fmp4", "aes-rotation", "separate", "ranges-ts",
                                  "discontinuity"])
@pytest.mark.parametrize("as_", ["mp4", "package"])
def test_archived(idle_agent: Agent, twin: Twin, form: str, as_: str) -> None:
    idle_agent.config.set("rule all", hls_as=as_)
    agent = idle_agent.start()
    media = only_hls(twin, form)
    agent.archive_now(media)
    assert counts(agent, media) == frames(media.hls)
    assert agent.video(media).suffix == (".mp4" if as_ == "mp4" else ".m3u8")
    assert list((agent.archive / ".vodkeep/staging").iterdir()) == []
    agent.cli("verify")
