"""What the compiled tokenizer and its caller share: the arrays of a job, and what is remembered between blocks."""

from typing import Final

DATA: Final = 0
STATE: Final = 1
KINDS: Final = 2
SLOTS: Final = 3
VALUES: Final = 4
VALID: Final = 5
ERRORS: Final = 6
GATHERED: Final = 7
WORDS: Final = 8
WORD_ENDS: Final = 9
WORD_NUMBERS: Final = 10
WORD_FIRSTS: Final = 11
HEADER: Final = 12
DELIMITER: Final = 13
LEAD: Final = 14
TRAIL: Final = 15
NAMES: Final = 16
ARRAYS: Final = 17
"""Arrays of a job. DATA: the window. STATE: see below. KINDS, SLOTS: for each cell of a row its kind (or SKIP) and the
slot that takes it. VALUES: int64, CAPACITY a slot; VALID: 1 where VALUES holds a number. ERRORS: for each slot its
first malformed cell: outcome (0: none), row in VALUES, offset. GATHERED: room for one cell. WORDS, WORD_ENDS,
WORD_NUMBERS, WORD_FIRSTS: the vocabularies, as in `cell_codes.Vocabularies`, by slot. HEADER: how the statement began
(a row's statement up to VALUES); others that begin so are read without returning. DELIMITER: what ends a statement.
LEAD, TRAIL: for each byte whether it begins, and may end, a character of two bytes. NAMES: room for texts."""

POSITION: Final = 0
PHASE: Final = 1
QUOTE: Final = 2
SEQUENCE: Final = 3
COLUMN: Final = 4
ROW: Final = 5
LENGTH: Final = 6
FLAVOUR: Final = 7
DEPTH: Final = 8
CONDITIONAL: Final = 9
BACKSLASH: Final = 10
MULTIBYTE: Final = 11
REPEATS: Final = 12
ANSI: Final = 13
TEXT_END: Final = 14
CAPACITY: Final = 15
TEXT_ROOM: Final = 16
STATES: Final = 17
BYTES: Final = 256
"""POSITION: index of the first byte not consumed. PHASE: see below. QUOTE: the byte that ends the string at hand.
SEQUENCE: number of the packet that comes next (MySQL's answers). COLUMN, ROW: where the cell at hand belongs. LENGTH,
FLAVOUR: of the cell gathered. DEPTH: open parentheses in an expression. CONDITIONAL: open `/*!` comments. BACKSLASH: 1
where it escapes. MULTIBYTE: 1 where a byte may be the second of a character. REPEATS: statements that began like the
one before. ANSI: 1 where double quotes are identifiers. TEXT_END: bytes of texts gathered. CAPACITY: rows that fit.
TEXT_ROOM: no further row begins when there are more bytes of texts. STATES: size of the state. BYTES: how many values a
byte has."""

BEFORE_ROW: Final = 0
CELL: Final = 1
STRING: Final = 2
WORD: Final = 3
SIGN: Final = 4
AFTER_TOKEN: Final = 5
NESTED: Final = 6
AFTER_ROW: Final = 7
LINE_COMMENT: Final = 8
BLOCK_COMMENT: Final = 9
PLAIN: Final = 10
"""Phases; LINE_COMMENT, BLOCK_COMMENT, PLAIN and STRING are those of a statement that is skipped."""

MORE: Final = 0
FULL: Final = 1
ENDED: Final = 2
ODD: Final = 3
UNPLACED: Final = 4
TOO_MANY_CELLS: Final = 5
TOO_FEW_CELLS: Final = 6
OUT_OF_RANGE: Final = 7
REFUSED: Final = 8
"""Why compiled code came back: it needs more bytes; the rows' room is full; the statement ended; something other than
a row follows; a byte cannot be placed; a row is too wide; a row is too narrow. From a live database: a cell is no
number of 64 bits; an error stands in place of a row."""

QUOTED: Final = 1
HEXADECIMAL: Final = 2
BINARY: Final = 4
OVERLONG: Final = 8
BROKEN: Final = 16
NULLED: Final = 32
"""Flavours of a gathered cell; NULLED: it began as COPY's sign for null."""

SKIP: Final = -1
KIND_BITS: Final = 16
KIND_TEXT: Final = 17
"""Kinds of cell beside those of `cell_kernels`: skipped; a BIT column; bytes for `text_cells` or the custodian's map.
The value of the last is the place of its first byte in NAMES times TEXT_SHIFT, and its length; -1 less that when it was
cut off or broken."""

TEXT_SHIFT: Final = 1 << 20

NO_MORE_RECORDS: Final = 0xFFFFFFFF
"""What stands in place of a record's count of fields behind the last one (PostgreSQL's answers)."""
