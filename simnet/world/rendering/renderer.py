"""Software renderer on the process's single Panda3D engine: draws a scene from a pose into a picture.

Panda3D allows one engine per process, and its software renderer is used by one thread alone: that of `draw_server`.
The renderer's own minification filter aliases fine textures, so pictures are drawn larger and averaged down.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from panda3d.core import (
    Camera,
    FrameBufferProperties,
    GraphicsEngine,
    GraphicsOutput,
    GraphicsPipe,
    GraphicsPipeSelection,
    NodePath,
    PerspectiveLens,
    SamplerState,
    Texture,
    WindowProperties,
    load_prc_file_data,
)

from simnet.errors import NodeError

if TYPE_CHECKING:
    from simnet.tracks.poses import Pose

_SETTINGS = """
load-display p3tinydisplay
window-type offscreen
audio-library-name null
notify-level error
sync-video false
garbage-collect-states false
state-cache false
transform-cache false
"""
# The last three: only Panda3D's own main loop empties its caches; without it they keep every scene's textures.
_NEAR_M, _FAR_M = 0.3, 900.0
_OVERSAMPLING = 2
_BACKGROUND = (0.6, 0.7, 0.8, 1.0)


class _View:
    """An off-screen buffer for one picture size."""

    def __init__(self, engine: GraphicsEngine, pipe: GraphicsPipe, width: int, height: int) -> None:
        self.size = (width, height)
        self.drawn = (width * _OVERSAMPLING, height * _OVERSAMPLING)
        properties = FrameBufferProperties()
        properties.set_rgb_color(True)
        properties.set_depth_bits(16)
        self.buffer = engine.make_output(
            pipe, "view", 0, properties, WindowProperties.size(*self.drawn), GraphicsPipe.BF_refuse_window
        )
        self.texture = Texture("view")
        self.buffer.add_render_texture(self.texture, GraphicsOutput.RTM_copy_ram)
        self.lens = PerspectiveLens()
        self.lens.set_near_far(_NEAR_M, _FAR_M)
        self.camera = NodePath(Camera("eye", self.lens))
        self.buffer.make_display_region().set_camera(self.camera)
        self.buffer.set_active(False)

    def samples(self) -> np.ndarray:
        """Return what was drawn, twice the picture's size: BGRA from the bottom row up."""
        width, height = self.drawn
        return np.frombuffer(self.texture.get_ram_image(), np.uint8).reshape(height, width, 4)

    def read(self) -> np.ndarray:
        picture = self.samples()
        small = cv2.resize(picture, self.size, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(cv2.flip(small, 0), cv2.COLOR_BGRA2RGB)


class Stage:
    """Drawer of scenes. Use `stage()`; a process cannot have a second engine."""

    def __init__(self) -> None:
        load_prc_file_data("", _SETTINGS)
        self._engine = GraphicsEngine.get_global_ptr()
        self._pipe = GraphicsPipeSelection.get_global_ptr().make_pipe("TinyOffscreenGraphicsPipe", "p3tinydisplay")
        if self._pipe is None:
            raise NodeError("world: Panda3D has no software renderer here; expected its module p3tinydisplay")
        self._views: dict[tuple[int, int], _View] = {}

    def draw(self, scene: NodePath, pose: Pose, field_of_view_deg: float, width: int, height: int) -> np.ndarray:
        """Return the picture (uint8, height x width x 3, RGB) of `scene`; the field of view is the horizontal one."""
        return self._drawn(scene, pose, field_of_view_deg, width, height).read()

    def draw_samples(
        self, scene: NodePath, pose: Pose, field_of_view_deg: float, width: int, height: int
    ) -> np.ndarray:
        """Return the samples (uint8, 2 height x 2 width x 3, RGB) that a picture is made from; black where nothing is."""
        view = self._drawn(scene, pose, field_of_view_deg, width, height, background=(0.0, 0.0, 0.0, 1.0))
        return view.samples()[::-1, :, 2::-1].copy()

    def _drawn(
        self,
        scene: NodePath,
        pose: Pose,
        field_of_view_deg: float,
        width: int,
        height: int,
        background: tuple[float, float, float, float] = _BACKGROUND,
    ) -> _View:
        view = self._views.get((width, height))
        if view is None:
            view = self._views[width, height] = _View(self._engine, self._pipe, width, height)
        half = math.tan(math.radians(field_of_view_deg) / 2)
        view.lens.set_fov(field_of_view_deg, 2 * math.degrees(math.atan(half * height / width)))
        view.camera.reparent_to(scene)
        view.camera.set_pos_hpr(*pose.position_m, pose.yaw_deg - 90.0, pose.pitch_deg, 0.0)
        view.buffer.set_clear_color(background)
        view.buffer.set_active(True)
        self._engine.render_frame()
        view.buffer.set_active(False)
        view.camera.detach_node()
        return view


@cache
def stage() -> Stage:
    """Return the process's stage."""
    return Stage()


def to_texture(image: np.ndarray, *, repeat: bool = True) -> Texture:
    """Return a texture made from `image` (H x W x 3 or 4, RGB(A), uint8 or float in 0..1; powers of two)."""
    if image.dtype != np.uint8:
        image = (np.clip(image, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    height, width, channels = image.shape
    texture = Texture()
    texture.setup_2d_texture(width, height, Texture.T_unsigned_byte, Texture.F_rgba if channels == 4 else Texture.F_rgb)
    order = [2, 1, 0, 3][:channels]
    texture.set_ram_image(np.ascontiguousarray(image[::-1, :, order]))
    texture.set_minfilter(SamplerState.FT_linear_mipmap_linear)
    texture.set_magfilter(SamplerState.FT_linear)
    mode = SamplerState.WM_repeat if repeat else SamplerState.WM_clamp
    texture.set_wrap_u(mode)
    texture.set_wrap_v(mode)
    return texture
