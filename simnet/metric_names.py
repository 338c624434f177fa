"""Prometheus metric names, shared by a run's live page and the file that a run writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name, help text and labels."""

    name: str
    about: str
    labels: tuple[str, ...] = ()


RUN = Metric("simnet_run", "The run.")
VIRTUAL_TIME = Metric("simnet_virtual_time_seconds", "The run's clock.")
EVENTS = Metric("simnet_events", "Losses, hand-overs, faults.", ("kind",))
FRAMES = Metric("simnet_frames", "Frames by what became of them.", ("stream", "outcome"))
STREAM_BYTES = Metric("simnet_stream_bytes", "What entered the stream's first link.", ("stream",))
PSNR = Metric("simnet_stream_psnr_decibels", "PSNR of the last picture decoded.", ("stream",))
BITS_PER_PIXEL = Metric("simnet_stream_bits_per_pixel", "Of the last frame.", ("stream",))
PSNR_MEAN = Metric("simnet_stream_psnr_mean_decibels", "PSNR, mean over all pictures decoded.", ("stream",))
LATENCY = Metric("simnet_frame_latency_seconds", "From capture to picture, in virtual time.", ("stream",))
STREAM_PACKETS = Metric("simnet_stream_packets", "Packets sent, those sent again included.", ("stream",))
STREAM_PACKETS_LOST = Metric("simnet_stream_packets_lost", "Packets lost or dropped on any link.", ("stream",))
STREAM_RETRANSMISSIONS = Metric("simnet_stream_retransmissions", "Packets sent again.", ("stream",))
LINK_PACKETS = Metric("simnet_link_packets", "Packets by what became of them on a link.", ("link", "fate"))
LINK_BYTES = Metric("simnet_link_bytes", "Bytes, headers included, by what became of them on a link.", ("link", "fate"))
