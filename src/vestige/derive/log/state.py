"""What the compiled reader of access logs and its caller share: arrays, counters, and the compiled rules' layout."""

from typing import Final

DATA: Final = 0
STATE: Final = 1
RULES: Final = 2
TEXT: Final = 3
STARTERS: Final = 4
NAME_ENDS: Final = 5
CONDITIONS: Final = 6
BEARERS: Final = 7
AFFIX_ENDS: Final = 8
VALUES: Final = 9
FIELDS: Final = 10
ROWS_OUT: Final = 11
ARRAYS: Final = 12
"""Arrays of a job. DATA: the window. STATE: see below. RULES: RULE_SIZE numbers a page rule. TEXT: bytes of patterns,
names, conditions and affixes. STARTERS: for each byte the rules (bits) whose path may go on with it after a slash.
NAME_ENDS: start and end in TEXT of each name of a query parameter. CONDITIONS: name, start and end of each value asked
for. BEARERS: BEARER_SIZE numbers for each place where a member or session stands. AFFIX_ENDS: start and end of each
text that stands before a member's number. VALUES: where each parameter's value begins (scratch). FIELDS: starts, ends
and quotes of the fields after the bytes (scratch). ROWS_OUT: CAPACITY rows a column."""

POSITION: Final = 0
ROWS: Final = 1
CAPACITY: Final = 2
SKIPPING: Final = 3
WORD_0: Final = 4
WORD_1: Final = 5
WORD_2: Final = 6
ZONE: Final = 7
MINUTE: Final = 8
PREVIOUS: Final = 9
EARLIEST: Final = 10
LATEST: Final = 11
BASE_START: Final = 12
BASE_END: Final = 13
LINES: Final = 14
NO_TIME: Final = 15
BAD_TIME: Final = 16
NO_REQUEST: Final = 17
NO_STATUS: Final = 18
NO_BYTES: Final = 19
WITH_NUL: Final = 20
TOO_LONG: Final = 21
TRUNCATED: Final = 22
OTHER_METHOD: Final = 23
UNMATCHED: Final = 24
REFUSED: Final = 25
REDIRECTED: Final = 26
GUEST: Final = 27
BOT: Final = 28
PAGES: Final = 29
TRANSFERS: Final = 30
BACKWARDS: Final = 31
SILENCES: Final = 32
SILENT_SECONDS: Final = 33
ZONES: Final = 34
STATES: Final = 35
"""POSITION: first byte not consumed. ROWS: rows waiting in ROWS_OUT, which has room for CAPACITY. SKIPPING: 1 inside a
line that is too long. WORD_0 to WORD_2, ZONE, MINUTE: the last time's bytes without its seconds, its offset (bytes of
the last two digits), and the seconds since the epoch of its minute. PREVIOUS: time of the line before, in seconds.
EARLIEST, LATEST: of all lines. BASE_START, BASE_END: where the forum lies, in TEXT. From LINES on: counters."""

COUNTERS: Final = slice(LINES, STATES)

KIND: Final = 0
PATTERN_START: Final = 1
PATTERN_END: Final = 2
PARAMETERS: Final = 3
CONDITION_FIRST: Final = 7
CONDITION_LAST: Final = 8
NEEDED: Final = 9
RULE_SIZE: Final = 10
"""Numbers of a page rule: its kind; its pattern in TEXT; the parameter that gives each of THREAD to OBJECT, or -1; its
conditions; which of the four numbers (bits) it needs at least one of, 0 for none."""

MOST_RULES: Final = 60
MOST_NAMES: Final = 32
MOST_FIELDS: Final = 16

THREAD: Final = 0
SECTION: Final = 1
POST: Final = 2
OBJECT: Final = 3
NUMBERS: Final = 4

KIND_THREAD: Final = 0
KIND_SECTION: Final = 1
KIND_OBJECT: Final = 2
KIND_VISIT: Final = 3
KIND_OTHER: Final = 4

PLACEHOLDER: Final = 0x80
TO_LAST_DOT: Final = 0x90
ANYTHING: Final = 0x91
"""Bytes of a pattern that are not literal: PLACEHOLDER + THREAD to OBJECT is a number."""

WHERE: Final = 0
NAME: Final = 1
NAME_START: Final = 2
NAME_END: Final = 3
ANY_BEGINNING: Final = 4
FIELD: Final = 5
AFFIX_FIRST: Final = 6
AFFIX_LAST: Final = 7
IS_SESSION: Final = 8
BEARER_SIZE: Final = 9
"""Numbers of a bearer: where it stands; for QUERY its name's number; for COOKIE its name in TEXT and whether any
beginning will do; for FIELD which field after the user agent (from 1; negative from the end); the texts before the
number; whether it is a session."""

IN_QUERY: Final = 0
IN_COOKIE: Final = 1
IN_FIELD: Final = 2

COLUMNS: Final = ("second", "kind", "thread", "section", "post", "object", "member", "session", "status", "bytes")
"""Columns of ROWS_OUT: seconds since the epoch, and -1 where there is no number."""

MORE: Final = 0
FULL: Final = 1
"""Why compiled code came back: it needs more bytes; the rows' room is full."""

JUMP: Final = 600
"""Seconds by which a line may be earlier than the one before: a line is written when its transfer ends."""
SILENCE: Final = 86_400
"""Seconds without any line that count as a gap in the log."""
