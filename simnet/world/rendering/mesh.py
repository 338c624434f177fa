"""Triangle meshes for Panda3D, grouped by texture and by piece of street, so that pieces out of view are culled whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np
from panda3d.core import (
    Geom,
    GeomEnums,
    GeomNode,
    GeomTriangles,
    GeomVertexArrayFormat,
    GeomVertexData,
    GeomVertexFormat,
    InternalName,
    NodePath,
    Texture,
    TransparencyAttrib,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Colour = tuple[float, float, float]
WHITE: Colour = (1.0, 1.0, 1.0)
PIECE_M = 80.0

BODIES, OWNERS = "bodies", "owners"
"""Tags: of a built node the kinds of its bodies; of each geometry the body of each triangle, from 1, 0 for none.

They are text: the scene graph would keep Python's own objects beyond the interpreter's end, and crash."""

_VERTEX = np.dtype([("place", "<f4", 3), ("colour", "u1", 4), ("texture", "<f4", 2)])


def times(light: float | Colour, colour: Colour) -> Colour:
    """Return the product of a light and a colour, channel by channel."""
    red, green, blue = (light, light, light) if isinstance(light, (int, float)) else light
    return (red * colour[0], green * colour[1], blue * colour[2])


class Mesh:
    """Builder of a node from polygons, each with a texture, texture coordinates and a colour per corner.

    While `turned` is set, added polygons are rotated by 90 degrees clockwise: (x, y) becomes (y, -x).
    """

    def __init__(self) -> None:
        self.turned = False
        self.bodies: list[str] = []
        self._owner = 0
        # One line a polygon, and one a corner: arrays are made of them at once, in `build`.
        self._textures: list[str] = []
        self._sizes: list[int] = []
        self._owners: list[int] = []
        self._turned: list[bool] = []
        self._corners: list[Sequence[float] | np.ndarray] = []
        self._uv: list[Sequence[float] | np.ndarray] = []
        self._colours: list[Colour] = []

    @contextmanager
    def body(self, kind: str) -> Iterator[None]:
        """Let polygons that are added within belong to one body, such as a car."""
        self.bodies.append(kind)
        self._owner = len(self.bodies)
        try:
            yield
        finally:
            self._owner = 0

    def polygon(
        self,
        texture: str,
        corners: Sequence[Sequence[float]] | np.ndarray,
        uv: Sequence[Sequence[float]] | np.ndarray,
        colours: Colour | Sequence[Colour] = WHITE,
    ) -> None:
        """Add a convex polygon: corners counter-clockwise as seen from its front (metres)."""
        count = len(corners)
        self._textures.append(texture)
        self._sizes.append(count)
        self._owners.append(self._owner)
        self._turned.append(self.turned)
        self._corners.extend(corners)
        self._uv.extend(uv)
        each = isinstance(colours[0], Sequence)
        self._colours.extend(cast("Sequence[Colour]", colours) if each else [cast("Colour", colours)] * count)

    def wall(
        self,
        texture: str,
        start: Sequence[float],
        end: Sequence[float],
        bottom: float,
        top: float,
        uv: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
        colours: Colour | Sequence[Colour] = WHITE,
    ) -> None:
        """Add a vertical wall from `start` to `end` (x, y), left to right as seen from its front."""
        (ax, ay), (bx, by) = start[:2], end[:2]
        corners = [(ax, ay, bottom), (bx, by, bottom), (bx, by, top), (ax, ay, top)]
        u0, v0, u1, v1 = uv
        self.polygon(texture, corners, [(u0, v0), (u1, v0), (u1, v1), (u0, v1)], colours)

    def slab(
        self,
        texture: str,
        low: Sequence[float],
        high: Sequence[float],
        z: float,
        metres: float,
        colours: Colour | Sequence[Colour] = WHITE,
    ) -> None:
        """Add a horizontal rectangle, visible from above; the texture repeats every `metres`, counted from the origin."""
        (ax, ay), (bx, by) = low[:2], high[:2]
        corners = [(ax, ay, z), (bx, ay, z), (bx, by, z), (ax, by, z)]
        self.polygon(texture, corners, [(x / metres, y / metres) for x, y, _ in corners], colours)

    def box(
        self,
        texture: str,
        low: Sequence[float],
        high: Sequence[float],
        metres: float = 4.0,
        colour: Colour = WHITE,
        shades: tuple[float, float, float, float, float] = (1.0, 0.85, 0.9, 0.55, 1.0),
    ) -> None:
        """Add a box without its bottom; `shades` light its south, east, west, north and top faces."""
        (ax, ay, az), (bx, by, bz) = low, high
        south, east, west, north, top = (times(shade, colour) for shade in shades)
        height = (bz - az) / metres
        for start, end, shade in (
            ((ax, ay), (bx, ay), south),
            ((bx, ay), (bx, by), east),
            ((ax, by), (ax, ay), west),
            ((bx, by), (ax, by), north),
        ):
            length = (abs(end[0] - start[0]) + abs(end[1] - start[1])) / metres
            self.wall(texture, start, end, az, bz, (0.0, 0.0, length, height), shade)
        self.slab(texture, (ax, ay), (bx, by), bz, metres, top)

    def build(self, name: str, textures: dict[str, Texture], *, cut_out: Sequence[str] = ()) -> NodePath:
        """Return a node with one geometry per texture and piece; `cut_out` textures have holes (alpha below 0.5)."""
        root = NodePath(name)
        root.set_tag(BODIES, " ".join(self.bodies))
        for texture, corners, indices, owners in self._pieces():
            node = GeomNode(texture)
            node.add_geom(_geometry(corners, indices))
            path = root.attach_new_node(node)
            path.set_texture(textures[texture])
            if self.bodies:
                path.set_tag(OWNERS, owners.tobytes().hex())
            if texture in cut_out:
                path.set_transparency(TransparencyAttrib.M_binary)
                path.set_two_sided(True)
        return root

    def _pieces(self) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield the texture, corners, indices of triangles and owners of triangles of each geometry, by texture and place."""
        if not self._sizes:
            return
        sizes, owners = np.asarray(self._sizes), np.asarray(self._owners, np.int32)
        starts = np.cumsum(sizes) - sizes
        data = self._vertices(sizes)
        sums = np.add.reduceat(data["place"][:, :2], starts, axis=0)
        middles = (sums / sizes[:, None].astype(np.float32)).tolist()
        found: dict[tuple[str, int, int], list[int]] = defaultdict(list)
        for number, (texture, (x, y)) in enumerate(zip(self._textures, middles, strict=True)):
            found[texture, round(x / PIECE_M), round(y / PIECE_M)].append(number)
        for key in sorted(found):
            own = np.asarray(found[key])
            fans = sizes[own] - 2
            corners = data[_ranges(starts[own], sizes[own])]
            firsts = np.repeat(np.cumsum(sizes[own]) - sizes[own], fans)
            places = _ranges(np.ones_like(own), fans)
            indices = np.stack([firsts, firsts + places, firsts + places + 1], axis=1).ravel().astype(np.uint32)
            yield key[0], corners, indices, np.repeat(owners[own], fans)

    def _vertices(self, sizes: np.ndarray) -> np.ndarray:
        """Return all corners, turned where they are to be."""
        place = np.array(self._corners, np.float32)
        turned = np.repeat(self._turned, sizes)
        place[turned] = place[turned][:, [1, 0, 2]] * np.asarray((1.0, -1.0, 1.0), np.float32)
        data = np.empty(len(place), _VERTEX)
        data["place"] = place
        data["texture"] = np.array(self._uv, np.float32)
        data["colour"][:, :3] = np.clip(np.array(self._colours, np.float32), 0.0, 1.0) * 255.0 + 0.5
        data["colour"][:, 3] = 255
        return data


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the numbers from each start on, as many as its length says, one range after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) + np.repeat(starts - ends + lengths, lengths)


def _geometry(corners: np.ndarray, indices: np.ndarray) -> Geom:
    layout = GeomVertexArrayFormat()
    layout.add_column(InternalName.get_vertex(), 3, GeomEnums.NT_float32, GeomEnums.C_point)
    layout.add_column(InternalName.get_color(), 4, GeomEnums.NT_uint8, GeomEnums.C_color)
    layout.add_column(InternalName.get_texcoord(), 2, GeomEnums.NT_float32, GeomEnums.C_texcoord)
    data = GeomVertexData("mesh", GeomVertexFormat.register_format(GeomVertexFormat(layout)), GeomEnums.UH_static)
    data.unclean_set_num_rows(len(corners))
    data.modify_array_handle(0).copy_data_from(corners)
    triangles = GeomTriangles(GeomEnums.UH_static)
    triangles.set_index_type(GeomEnums.NT_uint32)
    array = triangles.modify_vertices()
    array.unclean_set_num_rows(len(indices))
    array.modify_handle().copy_data_from(indices)
    geometry = Geom(data)
    geometry.add_primitive(triangles)
    return geometry


def triangles(geometry: Geom) -> tuple[np.ndarray, np.ndarray]:
    """Return corners N x 3 x 3 (metres) and texture coordinates N x 3 x 2 of a geometry that `Mesh` built."""
    vertices = np.frombuffer(geometry.get_vertex_data().get_array(0).get_handle().get_data(), _VERTEX)
    indices = np.frombuffer(geometry.get_primitive(0).get_vertices().get_handle().get_data(), np.uint32)
    used = vertices[indices]
    return used["place"].reshape(-1, 3, 3).astype(np.float64), used["texture"].reshape(-1, 3, 2)


def flat_geometry(corners: np.ndarray, uv: np.ndarray, colours: np.ndarray) -> Geom:
    """Return triangles (corners N x 3 x 3, texture coordinates N x 3 x 2) of one colour each (N x 3, uint8)."""
    data = np.empty(3 * len(corners), _VERTEX)
    data["place"], data["texture"] = corners.reshape(-1, 3), uv.reshape(-1, 2)
    data["colour"][:, :3], data["colour"][:, 3] = np.repeat(colours, 3, axis=0), 255
    return _geometry(data, np.arange(len(data), dtype=np.uint32))
