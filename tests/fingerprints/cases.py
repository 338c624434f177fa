"""Which runs are frozen: what each shows, how it is run, and which other one it must equal."""

from __future__ import annotations

from dataclasses import dataclass

EXACT = ("drawn", "recorded")
"""Kinds whose bytes are the same on every machine: a world and a codec of whole numbers, and JPEG; sizes alone."""

SHIPPED = {
    "city_cell": "1 s",
    "drone_relay": "4 s",  # out of the station's reach after 3 s
    "drone_survey": "2 s",
    "edge_tasks": "1 s",
    "intersection": "1 s",
    "lossy_link": "2 s",
    "satellite": "3 s",  # the satellites change at 2 s
    "shared_air": "1 s",
    "shared_cell": "1600 ms",
    "shared_uplink": "4 s",  # the uplink halves at 3 s
    "sliced_links": "1 s",
    "stereo_pair": "1 s",
    "stereo_unsynchronised": "1 s",
    "tunnel_convoy": "4 s",  # the first car is out of the tunnel after 2.5 s
    "urban_5g": "2 s",
    "vehicle_convoy": "2 s",
    "vehicle_platoon": "2 s",
    "wired_anchor": "1 s",
}
"""Every shipped scenario, and how much of it shows what it is about."""
KINDS = {
    "city_cell": "jpeg",
    "drone_relay": "jpeg",
    "lossy_link": "jpeg",
    "satellite": "jpeg",
    "shared_air": "jpeg",
    "shared_uplink": "jpeg",
    "sliced_links": "still",
    "tunnel_convoy": "video",
    "urban_5g": "still",
}
"""What the shipped scenarios are coded with as they are; the others' codecs are learned."""
SIDED = (
    "drone_survey",
    "edge_tasks",
    "intersection",
    "stereo_pair",
    "vehicle_convoy",
    "vehicle_platoon",
    "wired_anchor",
)
"""Those whose streams have side information."""
CODECS = {
    "still": ("avif", "hevc-intra", "jpeg2000", "webp"),
    "video": ("h264", "hevc", "av1"),
    "learned": ("factorized", "lowres", "ndic", "atn", "{name: avif, side: fuse}"),
}
DRAWN = "world={kind: drifting}"
WAYS = (
    ("cell", "cell"),
    ("warm", "cell of which all is stored"),
    ("hosts", "--hosts 3"),
    ("delays", "--answer-delay"),
    ("hosts-delays", "--hosts 3 --answer-delay"),
    ("paced", "--realtime"),
    ("resumed", "killed at a frame, then --resume"),
    ("resumed-hosts", "the same with --hosts 3"),
    ("restarted", "--hosts 3, one of them killed at a frame and started again"),
    ("machines", "broker, camera, fusion"),
    ("exported", "--export, all kinds but mcap and prometheus"),
    ("lost", "a host for each node, one of them lost at a frame for good"),
)
"""How a run is led; all but the last make the run that a plain one is."""
FRAME = 7
"""At which frame of the stream whose codec is `frozen` a process ends."""


@dataclass(frozen=True)
class Case:
    """One run of the table."""

    name: str
    kind: str
    """drawn, recorded, jpeg, still, video or learned."""
    scenario: str
    settings: tuple[str, ...] = ()
    way: str = "plain"
    same_as: str = ""
    """The case whose run this is, led in another way."""
    cameras: tuple[str, ...] = ()
    """Nodes of cameras, where hosts are asked for by name or number."""
    quick: bool = False
    """Whether the tests run it."""

    def __post_init__(self) -> None:
        if self.way in {"lost", "machines"} and not self.cameras:
            raise ValueError(f"{self.name}: no nodes named; expected those with cameras")


def every() -> list[Case]:
    """Return all cases."""
    return [*_shipped(), *_features(), *_codecs(), *_ways()]


def _shipped() -> list[Case]:
    cases = []
    for name, duration in SHIPPED.items():
        kind, short = KINDS.get(name, "learned"), f"duration={duration}"
        cases.append(Case(f"own/{name}", kind, name, (short,)))
        if kind != "jpeg":
            cases.append(Case(f"jpeg/{name}", "jpeg", name, (short, "streams.*.codec=jpeg")))
        quick = name == "lossy_link"
        # What fills lost slices is aligned in floats.
        whole = ("streams.sliced/left.concealment=none",) if name == "sliced_links" else ()
        cases.append(
            Case(f"drawn/{name}", "drawn", name, (short, DRAWN, "streams.*.codec=jpeg", *whole), quick=quick),
        )
        if name in SIDED:
            settings = (short, DRAWN, "streams.*.codec=frozen")
            cases.append(Case(f"sided/{name}", "drawn", name, settings, quick=name == "vehicle_platoon"))
    return cases


def _features() -> list[Case]:
    platoon = (f"duration={SHIPPED['vehicle_platoon']}", DRAWN, "streams.*.codec=jpeg")
    changes = {
        "retransmission": ("streams.*.transport=retransmission",),
        "fec": ("streams.*.transport={kind: fec, repair: 50 %}",),
        "csma": ("media={air: csma}", "links.*.medium=air", "links.*.bandwidth=2 Mbit/s"),
        "tdma": (
            "media={air: {kind: tdma, slot: 4 ms, guard: 100 us}}",
            "links.*.medium=air",
            "links.*.bandwidth=4 Mbit/s",
        ),
        "mahimahi": ("links.*.bandwidth={trace: traces/hills.up, start: 2 s}", "links.*.queue.kind=codel"),
        "csv": ("links.*.bandwidth={trace: traces/hills.csv, column: uplink, unit: kbit/s, time: second}",),
        "outages": ("links.*.outages=[[0.3 s, 0.5 s], [1 s, 1.1 s]]",),
        "traffic": ("links.*.traffic=[{kind: greedy, window: 12 kB}, {rate: 40 kbit/s, packet: 300 B}]",),
        "cell": (
            "media={air: {kind: cell, scheduler: proportional-fair, traffic: {rate: 60 kbit/s, bandwidth: 1 Mbit/s}}}",
            "links.*.medium=air",
        ),
        "priority": ("links.*.queue={kind: priority, size: 9 kB}", "streams.follower_1/front.priority=3"),
        "propagation": ("links.*.propagation=1e5 m/s",),
    }
    traffic = (*platoon, "streams.follower_2/front.codec=frozen", *changes.pop("traffic"))
    scream = (*platoon, "streams.follower_2/front.codec=frozen", "streams.*.rate=scream")
    slices = (*platoon, "streams.*.slices=4", "links.*.loss=10 %")
    cases = [Case(f"link/{name}", "drawn", "vehicle_platoon", platoon + own) for name, own in changes.items()]
    cases += [
        Case("traffic/plain", "drawn", "vehicle_platoon", traffic),
        *(
            Case(f"traffic/{way}", "drawn", "vehicle_platoon", traffic, way, "traffic/plain")
            for way in ("cell", "hosts", "resumed")
        ),
        Case("scream/plain", "drawn", "vehicle_platoon", scream, quick=True),
        *(
            Case(f"scream/{way}", "drawn", "vehicle_platoon", scream, way, "scream/plain")
            for way in ("cell", "hosts", "resumed")
        ),
        Case("slices/plain", "drawn", "vehicle_platoon", slices, quick=True),
        *(Case(f"slices/{way}", "drawn", "vehicle_platoon", slices, way, "slices/plain") for way in ("cell", "hosts")),
        Case("handover/plain", "drawn", "handover.yaml", quick=True),
        Case("handover/cell", "drawn", "handover.yaml", way="cell", same_as="handover/plain"),
        Case("media/plain", "drawn", "media.yaml", quick=True),
        Case("media/cell", "drawn", "media.yaml", way="cell", same_as="media/plain"),
        Case("media/hosts", "drawn", "media.yaml", way="hosts", same_as="media/plain"),
        Case("recorded/plain", "recorded", "recorded.yaml", quick=True),
        Case("recorded/cell", "recorded", "recorded.yaml", way="cell", same_as="recorded/plain"),
        Case("recorded/paths", "recorded", "recorded.yaml", ("seed=9", "links.*.jitter=5 ms", "fusion.wait=0 s")),
    ]
    sizes = (
        "streams.*.codec={name: recorded, rows: sizes.parquet}",
        "nodes.*.cameras.*.size=[128, 64]",
        "duration=5 s",
    )
    for name in ("lossy_link", "shared_air", "drone_relay", "satellite"):
        cases.append(Case(f"recorded/{name}", "recorded", name, sizes, quick=name == "lossy_link"))
    return cases


def _codecs() -> list[Case]:
    cases = []
    for kind, names in CODECS.items():
        for name in names:
            label = "avif+fuse" if "fuse" in name else name
            # Video that loses packets asks for key frames; whatever else there is, is shown without.
            scenario = "lossy_link" if kind == "video" else "vehicle_platoon"
            settings = ("duration=1500 ms", f"streams.*.codec={name}")
            cases.append(Case(f"{kind}/{label}", kind, scenario, settings))
    return cases


def _ways() -> list[Case]:
    """Return four runs led in every way: one of whole numbers, one of learned codecs, one of video, and video that loses."""
    platoon = ("leader", "follower_1", "follower_2", "follower_3")
    learned = (
        "duration=1500 ms",
        "on_node_loss=fault",
        "streams.leader/front.codec=atn",
        "streams.follower_1/front.codec=atn",
        "streams.follower_2/front.codec=frozen",
        "streams.follower_3/front.codec=jpeg",
    )
    cars = ("car_1", "car_2", "car_3")
    video = (
        "duration=1500 ms",
        "on_node_loss=fault",
        "links.*.outages=[]",
        "streams.car_1/front.codec=frozen",
        "streams.car_3/front.codec=h264",
    )
    lossy = (*video[:2], "links.*.loss=5 %", "links.*.mtu=600 B", *video[3:], "streams.*.rate=adaptive")
    bases = [
        ("exact", "drawn", "hosts.yaml", (), ("a", "b", "c")),
        ("mixed", "learned", "vehicle_platoon", learned, platoon),
        ("video", "video", "tunnel_convoy", video, cars),
        ("lossy-video", "video", "tunnel_convoy", lossy, cars),
    ]
    cases = []
    for base, kind, scenario, settings, cameras in bases:
        plain = f"{base}/plain"
        cases.append(Case(plain, kind, scenario, settings))
        for way, _ in WAYS:
            same_as = "" if way == "lost" else plain
            quick = base == "exact" and way in {"hosts-delays", "lost"}
            cases.append(Case(f"{base}/{way}", kind, scenario, settings, way, same_as, cameras, quick))
    return cases
