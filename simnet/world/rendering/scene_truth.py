"""Truth of a rendered scene: which triangle each sample of a view shows, and from that depth and objects.

    scene ──copy──▶ each triangle in a flat colour of its own ──draw──▶ triangle of each sample
                                                                          │  its plane
                                                                          ▼
                                              depth of each pixel, samples of each object

The copy is drawn by the renderer that draws the pictures, with the same hidden surfaces and holes. Soft shadows are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from panda3d.core import NodePath, Texture, TransparencyAttrib

from simnet.errors import NodeError
from simnet.world.rendering import seen_objects, view_geometry
from simnet.world.rendering.mesh import BODIES, OWNERS, flat_geometry, triangles
from simnet.world.rendering.renderer import stage, to_texture
from simnet.world.rendering.seen_objects import RenderedBody

if TYPE_CHECKING:
    from simnet.records.view_truth import ViewTruth
    from simnet.world.rendering.render_requests import ViewRequest
    from simnet.world.rendering.scene import Scene

BITS = 6
"""Bits of a triangle's number in each channel: the renderer may round the two that are left."""
MOST = 1 << 3 * BITS
_SKY, _SHADOW = "sky", "blob"


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """One geometry: triangles N x 3 x 3 in the axes of the scene's child that carries it, and the body of each, 0 for none."""

    child: int
    corners: np.ndarray
    bodies: np.ndarray
    is_sky: bool


class SceneTruth:
    """Draws the truth of views of one scene."""

    def __init__(self, scene: Scene) -> None:
        """Copy the scene; NodeError if it has too many triangles."""
        self._scene = scene
        self._root = scene.root.copy_to(NodePath("truth"))
        self._pieces: list[_Piece] = []
        self._bodies: list[RenderedBody] = []
        self._first_body: dict[NodePath, int] = {}
        self._holes: dict[str, Texture] = {}
        self._count = 1
        children = {child: index for index, child in enumerate(scene.root.get_children())}
        originals, copies = (list(each.find_all_matches("**/+GeomNode")) for each in (scene.root, self._root))
        for original, copy in zip(originals, copies, strict=True):
            self._number(original, copy, children)
        if self._count >= MOST:
            raise NodeError(f"world: a scene of {self._count} triangles; expected fewer than {MOST} for its truth")

    def draw(self, view: ViewRequest, own: NodePath | None) -> ViewTruth:
        """Return what the view shows without the body `own`; the scene's objects are where its time wants them."""
        children, copies = list(self._scene.root.get_children()), list(self._root.get_children())
        moved = [np.array(child.get_mat()).reshape(4, 4) for child in children]
        hidden = None if own is None else copies[children.index(own)]
        for copy, child in zip(copies, children, strict=True):
            copy.set_transform(child.get_transform())
        if hidden is not None:
            hidden.hide()
        try:
            size = view.width, view.height
            drawn = stage().draw_samples(self._root, view.pose, view.field_of_view_deg, *size)
        finally:
            if hidden is not None:
                hidden.show()
        numbers = numbers_of(drawn)
        corners = np.concatenate(
            [piece.corners @ moved[piece.child][:3, :3] + moved[piece.child][3, :3] for piece in self._pieces]
        )
        is_sky = np.concatenate([np.full(len(piece.corners), piece.is_sky) for piece in self._pieces])
        bodies = np.concatenate([piece.bodies for piece in self._pieces])
        depth = view_geometry.depth(numbers[::2, ::2], corners, is_sky, view)
        of_samples = np.concatenate([[0], bodies])[numbers]
        found = seen_objects.seen(of_samples, depth, self._bodies, moved, view)
        return seen_objects.truth(depth, found)

    def _number(self, original: NodePath, copy: NodePath, children: dict[NodePath, int]) -> None:
        """Give each triangle of a geometry a flat colour of its own in the copy."""
        name = original.get_name()
        if name == _SHADOW:
            copy.hide()
            return
        carrier = next(path for path in [original, *original.get_ancestors()] if path in children)
        corners, uv = triangles(original.node().get_geom(0))
        matrix = np.array(original.get_mat(carrier.get_parent()) if carrier == original else original.get_mat(carrier))
        matrix = matrix.reshape(4, 4) if carrier != original else np.eye(4)
        placed = corners @ matrix[:3, :3] + matrix[3, :3]
        bodies = self._bodies_of(original, placed, children[carrier])
        self._pieces.append(_Piece(children[carrier], placed, bodies, name == _SKY))
        node = copy.node()
        node.remove_all_geoms()
        node.add_geom(flat_geometry(corners, uv, colours_of(self._count, len(corners))))
        copy.set_texture_off(1000)
        if original.get_transparency() == TransparencyAttrib.M_binary:
            copy.set_texture(self._holed(original), 1001)
        self._count += len(corners)

    def _bodies_of(self, original: NodePath, corners: np.ndarray, child: int) -> np.ndarray:
        """Return the number of each triangle's body, counted over the scene; 0 for none."""
        owners = np.frombuffer(bytes.fromhex(original.get_tag(OWNERS)), np.int32)
        built = next((path for path in original.get_ancestors() if path.get_tag(BODIES)), None)
        if not owners.size or built is None:
            return np.zeros(len(corners), np.int32)
        if built not in self._first_body:
            self._first_body[built] = len(self._bodies)
            self._bodies += [RenderedBody(kind, child) for kind in built.get_tag(BODIES).split()]
        first = self._first_body[built]
        for owner in np.unique(owners[owners > 0]):
            self._bodies[first + owner - 1].corners.append(corners[owners == owner].reshape(-1, 3))
        return np.where(owners > 0, owners + first, 0).astype(np.int32)

    def _holed(self, original: NodePath) -> Texture:
        """Return a white texture with the holes of the original's."""
        texture = original.get_texture()
        name = original.get_name()
        if name not in self._holes:
            shape = texture.get_y_size(), texture.get_x_size(), texture.get_num_components()
            pixels = np.frombuffer(texture.get_ram_image(), np.uint8).reshape(shape)[::-1]
            white = np.full((*shape[:2], 4), 255, np.uint8)
            white[..., 3] = pixels[..., 3]
            self._holes[name] = to_texture(white)
        return self._holes[name]


def colours_of(first: int, count: int) -> np.ndarray:
    """Return the colours N x 3 of triangles numbered from `first`; 0 is what no triangle covers."""
    numbers = np.arange(first, first + count)[:, None] >> np.array([0, BITS, 2 * BITS])
    return ((numbers & (1 << BITS) - 1) * 4 + 2).astype(np.uint8)


def numbers_of(samples: np.ndarray) -> np.ndarray:
    """Return the number of the triangle that each sample shows; samples are H x W x 3."""
    parts = samples.astype(np.int32) >> 2
    return parts[..., 0] | parts[..., 1] << BITS | parts[..., 2] << 2 * BITS
