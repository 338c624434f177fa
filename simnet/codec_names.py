"""Names of simnet's own codecs, by the module that implements them; no codec is imported for them."""

from __future__ import annotations

from simnet import plugins

FAMILIES = {
    "simnet.codec.learned.learned_codec": ("factorized",),
    "simnet.codec.learned.lowres_codec": ("atn", "lowres", "ndic"),
    "simnet.codec.dsin.dsin_codec": ("dsin",),
    "simnet.codec.still.pillow_codecs": ("jpeg", "jpeg2000", "webp", "avif"),
    "simnet.codec.published.published_codec": ("atn-paper", "ndic-bls17", "ndic-bmshj18", "bls17", "bmshj18"),
    "simnet.codec.video.video_codec": ("h264", "hevc", "av1"),
    "simnet.codec.still.hevc_intra": ("hevc-intra",),
    "simnet.codec.compressai.compressai_models": ("compressai",),
}
FUSE = "+fuse"
"""End of the names of codecs with the stand-alone side-information stage behind them."""
RECORDED = "recorded"
"""Codec that draws frame sizes without coding pictures."""


def names() -> list[str]:
    """Return all codec names that a scenario can use, those of other packages included."""
    return plugins.names(plugins.CODECS, [name for family in FAMILIES.values() for name in family])
