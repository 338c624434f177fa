"""Loops of the range coder, in WebAssembly's text format.

`encode` and `decode` work on the program's own memory, where the caller puts everything. It begins with a header:

    0 state, 8 address of the next word, 12 of the end of the payload                       (state: 64 bits, all others: 32)
    16 address of the symbols, 20 of the indexes, 24 their number, 28 address of the counts, 32 of the tables, 36 their number

A table is three numbers: index of its first count, number of its symbols before the escape, first symbol. The functions take no
arguments, because converting them costs more than a short run of symbols. They return 0, or 1 for a table that is not there.
"""

HEADER = 40
"""Size of the header in bytes."""

PROGRAM = """
(module
  (memory (export "memory") 1)
  (global $state (mut i64) (i64.const 0))
  (global $at (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const 0))
  (global $symbols (mut i32) (i32.const 0))
  (global $indexes (mut i32) (i32.const 0))
  (global $counts (mut i32) (i32.const 0))
  (global $tables (mut i32) (i32.const 0))

  ;; Returns the number of symbols.
  (func $load_header (result i32)
    (global.set $state (i64.load (i32.const 0)))
    (global.set $at (i32.load (i32.const 8)))
    (global.set $end (i32.load (i32.const 12)))
    (global.set $symbols (i32.load (i32.const 16)))
    (global.set $indexes (i32.load (i32.const 20)))
    (global.set $counts (i32.load (i32.const 28)))
    (global.set $tables (i32.load (i32.const 32)))
    (i32.load (i32.const 24)))

  (func $store_header
    (i64.store (i32.const 0) (global.get $state))
    (i32.store (i32.const 8) (global.get $at)))

  ;; Address of the table that an index names; 0 for one that is not there.
  (func $table (param $index i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $index) (i32.load (i32.const 36)))
      (then (i32.add (global.get $tables) (i32.mul (local.get $index) (i32.const 12))))
      (else (i32.const 0))))

  ;; Address of a table's first count.
  (func $first (param $table i32) (result i32)
    (i32.add (global.get $counts) (i32.shl (i32.load (local.get $table)) (i32.const 2))))

  ;; Decoding: make $x the state; below 2^31 it takes another word. Words behind the payload are 0.
  (func $take (param $x i64)
    (if (i64.lt_u (local.get $x) (i64.const 0x80000000))
      (then
        (local.set $x (i64.shl (local.get $x) (i64.const 32)))
        (if (i32.lt_u (global.get $at) (global.get $end))
          (then
            (local.set $x (i64.or (local.get $x) (i64.load32_u (global.get $at))))
            (global.set $at (i32.add (global.get $at) (i32.const 4)))))))
    (global.set $state (local.get $x)))

  (func $take_nibble (result i32)
    (local $value i32)
    (local.set $value (i32.and (i32.wrap_i64 (global.get $state)) (i32.const 15)))
    (call $take (i64.shr_u (global.get $state) (i64.const 4)))
    (local.get $value))

  ;; A symbol that is not among the $known ones of its table: number of nibbles (15: more of that number follows), nibbles from
  ;; the lowest up. Odd: one of the symbols below the table, even: one above it.
  (func $take_rare (param $known i32) (result i32)
    (local $value i32) (local $nibbles i32) (local $shift i32) (local $rest i32)
    (loop $more
      (local.set $value (call $take_nibble))
      (local.set $nibbles (i32.add (local.get $nibbles) (local.get $value)))
      (br_if $more (i32.eq (local.get $value) (i32.const 15))))
    (loop $more
      (if (local.get $nibbles)
        (then
          (local.set $rest (i32.or (local.get $rest) (i32.shl (call $take_nibble) (local.get $shift))))
          (local.set $shift (i32.add (local.get $shift) (i32.const 4)))
          (local.set $nibbles (i32.sub (local.get $nibbles) (i32.const 1)))
          (br $more))))
    (local.set $value (i32.shr_s (local.get $rest) (i32.const 1)))
    (if (result i32) (i32.and (local.get $rest) (i32.const 1))
      (then (i32.sub (i32.const -1) (local.get $value)))
      (else (i32.add (local.get $known) (local.get $value)))))

  (func (export "decode") (result i32)
    (local $left i32) (local $table i32) (local $known i32) (local $low i32) (local $high i32) (local $middle i32)
    (local $slot i32) (local $start i32) (local $first i32) (local $below i32)
    (local.set $left (call $load_header))
    (loop $next
      (if (local.get $left)
        (then
          (local.set $table (call $table (i32.load (global.get $indexes))))
          (if (i32.eqz (local.get $table)) (then (return (i32.const 1))))
          (local.set $known (i32.load offset=4 (local.get $table)))
          (local.set $first (call $first (local.get $table)))
          ;; The symbol: the last count that is not above $slot, by halving, without a jump that depends on the payload.
          (local.set $slot (i32.and (i32.wrap_i64 (global.get $state)) (i32.const 0xffff)))
          (local.set $low (i32.const 0))
          (local.set $high (i32.add (local.get $known) (i32.const 1)))
          (loop $halve
            (local.set $middle (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1)))
            (local.set $below
              (i32.le_u
                (i32.load (i32.add (local.get $first) (i32.shl (local.get $middle) (i32.const 2))))
                (local.get $slot)))
            (local.set $low (select (local.get $middle) (local.get $low) (local.get $below)))
            (local.set $high (select (local.get $high) (local.get $middle) (local.get $below)))
            (br_if $halve (i32.gt_u (i32.sub (local.get $high) (local.get $low)) (i32.const 1))))
          ;; state = size of the symbol * (state >> 16) + $slot - $start
          (local.set $first (i32.add (local.get $first) (i32.shl (local.get $low) (i32.const 2))))
          (local.set $start (i32.load (local.get $first)))
          (call $take
            (i64.add
              (i64.mul
                (i64.extend_i32_u (i32.sub (i32.load offset=4 (local.get $first)) (local.get $start)))
                (i64.shr_u (global.get $state) (i64.const 16)))
              (i64.extend_i32_u (i32.sub (local.get $slot) (local.get $start)))))
          (if (i32.eq (local.get $low) (local.get $known))
            (then (local.set $low (call $take_rare (local.get $known)))))
          (i32.store (global.get $symbols) (i32.add (local.get $low) (i32.load offset=8 (local.get $table))))
          (global.set $symbols (i32.add (global.get $symbols) (i32.const 4)))
          (global.set $indexes (i32.add (global.get $indexes) (i32.const 4)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next))))
    (call $store_header)
    (i32.const 0))

  ;; Encoding: write a word if the state has reached $limit; return the state. Words are written downwards.
  (func $give (param $limit i64) (result i64)
    (if (result i64) (i64.ge_u (global.get $state) (local.get $limit))
      (then
        (global.set $at (i32.sub (global.get $at) (i32.const 4)))
        (i64.store32 (global.get $at) (global.get $state))
        (i64.shr_u (global.get $state) (i64.const 32)))
      (else (global.get $state))))

  (func $give_nibble (param $value i32)
    (global.set $state
      (i64.or
        (i64.shl (call $give (i64.const 0x0800000000000000)) (i64.const 4))
        (i64.extend_i32_u (local.get $value)))))

  ;; What $take_rare takes, backwards.
  (func $give_rare (param $rest i32)
    (local $nibbles i32) (local $left i32)
    (local.set $nibbles (i32.shr_u (i32.sub (i32.const 35) (i32.clz (local.get $rest))) (i32.const 2)))
    (local.set $left (local.get $nibbles))
    (loop $more
      (if (local.get $left)
        (then
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (call $give_nibble
            (i32.and (i32.shr_u (local.get $rest) (i32.shl (local.get $left) (i32.const 2))) (i32.const 15)))
          (br $more))))
    (call $give_nibble (local.get $nibbles)))

  (func (export "encode") (result i32)
    (local $left i32) (local $table i32) (local $known i32) (local $value i32) (local $first i32) (local $start i32)
    (local $size i64) (local $x i64)
    (local.set $left (call $load_header))
    (loop $next
      (if (local.get $left)
        (then
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (local.set $table
            (call $table (i32.load (i32.add (global.get $indexes) (i32.shl (local.get $left) (i32.const 2))))))
          (if (i32.eqz (local.get $table)) (then (return (i32.const 1))))
          (local.set $known (i32.load offset=4 (local.get $table)))
          (local.set $value
            (i32.sub
              (i32.load (i32.add (global.get $symbols) (i32.shl (local.get $left) (i32.const 2))))
              (i32.load offset=8 (local.get $table))))
          ;; Unsigned, a value below 0 is above, too.
          (if (i32.ge_u (local.get $value) (local.get $known))
            (then
              (call $give_rare
                (if (result i32) (i32.lt_s (local.get $value) (i32.const 0))
                  (then (i32.sub (i32.mul (local.get $value) (i32.const -2)) (i32.const 1)))
                  (else (i32.shl (i32.sub (local.get $value) (local.get $known)) (i32.const 1)))))
              (local.set $value (local.get $known))))
          ;; state = state / $size * 65536 + state % $size + $start
          (local.set $first (i32.add (call $first (local.get $table)) (i32.shl (local.get $value) (i32.const 2))))
          (local.set $start (i32.load (local.get $first)))
          (local.set $size (i64.extend_i32_u (i32.sub (i32.load offset=4 (local.get $first)) (local.get $start))))
          (local.set $x (call $give (i64.shl (local.get $size) (i64.const 47))))
          (global.set $state
            (i64.add
              (i64.add
                (i64.shl (i64.div_u (local.get $x) (local.get $size)) (i64.const 16))
                (i64.rem_u (local.get $x) (local.get $size)))
              (i64.extend_i32_u (local.get $start))))
          (br $next))))
    (call $store_header)
    (i32.const 0)))
"""
