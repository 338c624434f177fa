"""Loops of MS-SSIM, in WebAssembly's text format, four samples at a time.

A plane is a channel at one scale: float32 rows of `stride` bytes, with 16 bytes of zeros in front of each row and a row of zeros
in front of the first. `widen` makes the finest one from bytes, `halve` the next one, `scale` compares two.

    row ── 7 columns ──▶ four sums ──▶ ring of 7 rows ── 7 rows ──▶ means, variances, covariance ──▶ term, added up

The four sums are of x, y, x y and (x - y)**2: the last two give the covariance and the sum of both variances.
"""

from __future__ import annotations

import math

WINDOW = 7
SIGMA = 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_MAPS = ("x", "y", "xy", "dd")
HEADER = 64
"""Address of the header, behind the masks: where the bytes of both channels are. A header of each scale follows."""
SCALES = 80
FIELDS = ("x", "y", "room", "rows", "columns", "stride", "is_last", "terms", "mask", "back", "sum", "")
"""Of a scale's header, four bytes each; `back`: by how many bytes the next scale begins in front of this one (odd sides)."""
SCALE_BYTES = 4 * len(FIELDS)


def _of(scale: str, *names: str) -> str:
    """Return loads of fields of the scale that a local names."""
    return " ".join(f"(i32.load offset={4 * FIELDS.index(name)} (local.get ${scale}))" for name in names)


def _weights() -> list[float]:
    own = [math.exp(-((k - WINDOW // 2) ** 2) / (2 * SIGMA**2)) for k in range(WINDOW)]
    return [each / sum(own) for each in own[: WINDOW // 2 + 1]]


def _splat(value: float) -> str:
    return "(v128.const f32x4 " + " ".join([f"{value:.9g}"] * 4) + ")"


def _window(loads: list[str]) -> str:
    """Return the weighted sum of seven loads, which is symmetric."""
    parts = [
        f"(f32x4.mul {_splat(weight)} {loads[k] if k == WINDOW // 2 else f'(f32x4.add {loads[k]} {loads[WINDOW - 1 - k]})'})"
        for k, weight in enumerate(_weights())
    ]
    total = parts[0]
    for part in parts[1:]:
        total = f"(f32x4.add {total} {part})"
    return total


def _ring() -> str:
    """Address of each slot of the ring, in the locals $p0 to $p6."""
    place = "(i32.add (local.get $room) (i32.mul (i32.const {}) (local.get $stride)))"
    return "\n".join(f"(local.set $p{k} {place.format(4 * k)})" for k in range(WINDOW))


def _across() -> str:
    """Sums along a row, from the row's own samples and products to the slot of the ring."""
    lines = []
    for place, name in enumerate(_MAPS):
        source = f"(local.get ${name})"
        loads = [f"(v128.load offset={4 * k} (i32.add {source} (local.get $i)))" for k in range(WINDOW)]
        address = (
            f"(i32.add (i32.add (local.get $p6) (i32.mul (i32.const {place}) (local.get $stride))) (local.get $i))"
        )
        lines.append(f"(v128.store {address} {_window(loads)})")
    return "\n".join(lines)


def _down() -> str:
    """Sums along columns, from the ring to the locals $mx, $my, $exy, $edd."""
    lines = []
    for place, name in enumerate(("mx", "my", "exy", "edd")):
        loads = [f"(v128.load (i32.add (local.get $p{k}) (local.get $j)))" for k in range(WINDOW)]
        lines.append(f"(local.set ${name} {_window(loads)})")
        lines.append("(local.set $j (i32.add (local.get $j) (local.get $stride)))" if place < 3 else "")
    return "\n".join(lines)


PROGRAM = f"""
(module
  (memory (export "memory") 1)

  ;; Bytes of a channel to a plane; `columns` is rounded up to fours, and what is behind the last column is of no account.
  (func $widen (param $from i32) (param $to i32) (param $rows i32) (param $columns i32) (param $stride i32)
    (local $i i32) (local $end i32)
    (memory.fill (i32.sub (local.get $to) (i32.add (local.get $stride) (i32.const 16))) (i32.const 0)
      (i32.add (local.get $stride) (i32.const 16)))
    (loop $row
      (v128.store (i32.sub (local.get $to) (i32.const 16)) {_splat(0)})
      (local.set $i (i32.const 0))
      (loop $next
        (v128.store (i32.add (local.get $to) (i32.shl (local.get $i) (i32.const 2)))
          (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u
            (v128.load32_zero (i32.add (local.get $from) (local.get $i)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $columns))))
      (local.set $from (i32.add (local.get $from) (local.get $columns)))
      (local.set $to (i32.add (local.get $to) (local.get $stride)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br_if $row (local.get $rows))))

  ;; Means over 2 x 2 samples; `rows` and `columns` are those of the result. An odd side begins with the zeros in front of the
  ;; plane, which $from has been moved to.
  (func $halve (param $from i32) (param $step i32) (param $to i32) (param $rows i32) (param $columns i32)
    (param $stride i32)
    (local $i i32) (local $a v128) (local $b v128) (local $at i32)
    (memory.fill (i32.sub (local.get $to) (i32.add (local.get $stride) (i32.const 16))) (i32.const 0)
      (i32.add (local.get $stride) (i32.const 16)))
    (loop $row
      (v128.store (i32.sub (local.get $to) (i32.const 16)) {_splat(0)})
      (local.set $i (i32.const 0))
      (loop $next
        (local.set $at (i32.add (local.get $from) (i32.shl (local.get $i) (i32.const 3))))
        (local.set $a (f32x4.add (v128.load (local.get $at)) (v128.load (i32.add (local.get $at) (local.get $step)))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $b (f32x4.add (v128.load (local.get $at)) (v128.load (i32.add (local.get $at) (local.get $step)))))
        (v128.store (i32.add (local.get $to) (i32.shl (local.get $i) (i32.const 2)))
          (f32x4.mul {_splat(0.25)} (f32x4.add
            (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $a) (local.get $b))
            (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $a) (local.get $b)))))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $columns))))
      (local.set $from (i32.add (local.get $from) (i32.shl (local.get $step) (i32.const 1))))
      (local.set $to (i32.add (local.get $to) (local.get $stride)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br_if $row (local.get $rows))))

  ;; Sum of the contrast-structure terms of two planes, or of SSIM at the coarsest scale, over all places where the window fits.
  ;; $room has space for two rows of products and a ring of seven times four rows. A row has $terms bytes of terms; of its last
  ;; four, those count that the 16 bytes at $mask select.
  (func $scale (param $x i32) (param $y i32) (param $room i32) (param $rows i32) (param $columns i32)
    (param $stride i32) (param $is_last i32) (param $terms i32) (param $mask i32) (result f64)
    (local $i i32) (local $j i32) (local $r i32) (local $bytes i32) (local $xy i32) (local $dd i32) (local $free i32)
    {" ".join(f"(local $p{k} i32)" for k in range(WINDOW))}
    (local $a v128) (local $b v128) (local $mx v128) (local $my v128) (local $exy v128) (local $edd v128)
    (local $sum v128) (local $total f64)
    (local.set $xy (local.get $room))
    (local.set $dd (i32.add (local.get $room) (local.get $stride)))
    (local.set $room (i32.add (local.get $dd) (local.get $stride)))
    {_ring()}
    (local.set $bytes (i32.shl (local.get $columns) (i32.const 2)))
    (loop $row
      (local.set $free (local.get $p0))
      {" ".join(f"(local.set $p{k} (local.get $p{k + 1}))" for k in range(WINDOW - 1))}
      (local.set $p6 (local.get $free))
      (local.set $i (i32.const 0))
      (loop $next
        (local.set $a (v128.load (i32.add (local.get $x) (local.get $i))))
        (local.set $b (v128.load (i32.add (local.get $y) (local.get $i))))
        (v128.store (i32.add (local.get $xy) (local.get $i)) (f32x4.mul (local.get $a) (local.get $b)))
        (local.set $a (f32x4.sub (local.get $a) (local.get $b)))
        (v128.store (i32.add (local.get $dd) (local.get $i)) (f32x4.mul (local.get $a) (local.get $a)))
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $bytes))))
      (local.set $i (i32.const 0))
      (loop $next
        {_across()}
        (local.set $i (i32.add (local.get $i) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $terms))))
      (local.set $r (i32.add (local.get $r) (i32.const 1)))
      (if (i32.ge_u (local.get $r) (i32.const {WINDOW}))
        (then
          (local.set $sum {_splat(0)})
          (local.set $i (i32.const 0))
          (loop $next
            (local.set $j (local.get $i))
            {_down()}
            ;; $a: product of the means, $b: square of their difference, $exy: 2 covariances + C2, $edd: variances + C2
            (local.set $a (f32x4.mul (local.get $mx) (local.get $my)))
            (local.set $b (f32x4.sub (local.get $mx) (local.get $my)))
            (local.set $b (f32x4.mul (local.get $b) (local.get $b)))
            (local.set $exy (f32x4.sub (local.get $exy) (local.get $a)))
            (local.set $exy (f32x4.add (f32x4.add (local.get $exy) (local.get $exy)) {_splat(C2)}))
            (local.set $edd (f32x4.add (local.get $exy) (f32x4.sub (local.get $edd) (local.get $b))))
            (local.set $exy (f32x4.div (local.get $exy) (local.get $edd)))
            (if (local.get $is_last)
              (then
                (local.set $a (f32x4.add (f32x4.add (local.get $a) (local.get $a)) {_splat(C1)}))
                (local.set $exy (f32x4.mul (local.get $exy)
                  (f32x4.div (local.get $a) (f32x4.add (local.get $a) (local.get $b)))))))
            (local.set $i (i32.add (local.get $i) (i32.const 16)))
            (if (i32.gt_u (local.get $i) (local.get $terms))
              (then (local.set $exy (v128.and (local.get $exy) (v128.load (local.get $mask))))))
            (local.set $sum (f32x4.add (local.get $sum) (local.get $exy)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $terms))))
          (local.set $total (f64.add (local.get $total) (f64.promote_f32
            (f32.add (f32.add (f32x4.extract_lane 0 (local.get $sum)) (f32x4.extract_lane 1 (local.get $sum)))
              (f32.add (f32x4.extract_lane 2 (local.get $sum)) (f32x4.extract_lane 3 (local.get $sum)))))))))
      (local.set $x (i32.add (local.get $x) (local.get $stride)))
      (local.set $y (i32.add (local.get $y) (local.get $stride)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br_if $row (local.get $rows)))
    (local.get $total))

  ;; All scales of a channel, as the caller's header says.
  (func (export "run")
    (local $scale i32) (local $next i32)
    (local.set $scale (i32.const {SCALES}))
    (call $widen (i32.load (i32.const {HEADER})) {_of("scale", "x", "rows", "columns", "stride")})
    (call $widen (i32.load (i32.const {HEADER + 4})) {_of("scale", "y", "rows", "columns", "stride")})
    (loop $each
      (f64.store offset={4 * FIELDS.index("sum")} (local.get $scale) (call $scale {
    _of("scale", "x", "y", "room", "rows", "columns", "stride", "is_last", "terms", "mask")
}))
      (if (i32.eqz {_of("scale", "is_last")})
        (then
          (local.set $next (i32.add (local.get $scale) (i32.const {SCALE_BYTES})))
          (call $halve (i32.sub {_of("scale", "x")} {_of("scale", "back")}) {_of("scale", "stride")}
            {_of("next", "x", "rows", "columns", "stride")})
          (call $halve (i32.sub {_of("scale", "y")} {_of("scale", "back")}) {_of("scale", "stride")}
            {_of("next", "y", "rows", "columns", "stride")})
          (local.set $scale (local.get $next))
          (br $each)))))
)
"""
