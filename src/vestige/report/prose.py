"""The report's standing words, for a reader who is neither a statistician nor a programmer."""

from typing import Final

from vestige.disclosure import MINIMUM_MEMBERS, ROUND_COUNTS_TO


def paragraphs(text: str) -> tuple[str, ...]:
    """Paragraphs of a text that is wrapped for its source file; blank lines stand between them."""
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())


ABOUT: Final = paragraphs(f"""
This report describes what happened on an online forum, from records of who did what and when. It was made without
the forum's content: no text, title, name, picture, file or address was available to the analysis, and none can appear
here. Members are known by pseudonyms only, and no pseudonym is shown.

It describes groups. No figure is about one person, unless a chapter says at its head that it is; none says what
anybody will do, and none about a group rests on fewer than {MINIMUM_MEMBERS} members. The dataset is pseudonymised, not
anonymous.

Every figure can be made again from the same dataset with the command in the last chapter. Whoever relies on a figure
should read the notes at the head of chapter 3, and what is missing.
""")

OVERVIEW: Final = paragraphs("""
The figures that carry the rest of this report. Each stands in a table of its chapter, beside the members behind it.
""")

GROWTH: Final = paragraphs("""
New members are counted in the month they registered, posters in every month in which they wrote. Registrations alone
do not show growth: a forum grows when newcomers outnumber those who fall silent.

A cross on the axis marks a month whose figure is suppressed.
""")

PARTICIPATION: Final = paragraphs("""
Each bar is the share of all members who did something at least once in the window; the line through its end is a 95 %
interval. Reading and downloading leave traces only where the source recorded them.
""")

CONCENTRATION: Final = paragraphs("""
On most forums few members do most of what is done. The Lorenz curve orders members from the least to the most active
and adds up what they did. The Gini coefficient is 0 when all did equally much, and close to 1 when one did nearly
everything.

Two populations are shown, since they answer different questions. Among all members, those who never did it count as
zeros and raise every figure; among members with any, they are left out. Do not compare a figure of one with a figure
of the other.

Intervals are 95 % studentised bootstrap intervals: members are drawn anew, the busiest from a fitted tail. Where a
handful of members did very much, they are still too narrow: read them as a lower limit of the uncertainty.
""")

SECTIONS: Final = paragraphs("""
Kinds of sections are neutral codes; what they stand for is known to the custodian alone.
""")

MISSING: Final = paragraphs("""
A table or column that the source cannot fill is absent, and with it every figure that would need it. That nothing is
recorded does not mean that nothing happened.
""")

DISCLOSURE: Final = paragraphs(f"""
A figure leaves only if at least {MINIMUM_MEMBERS} members stand behind it; members are counted, not their posts. Zero
to {MINIMUM_MEMBERS - 1} members look alike, so that a suppressed figure cannot be told from an empty one. Counts are
rounded to {ROUND_COUNTS_TO}, and shares with their intervals are computed from the rounded counts. Where rows sum to a
total, more figures are suppressed, so that none follows by subtraction. What is computed from a suppressed figure is
suppressed with it.

The tables of this report are judged together: a figure is also held back where it lies within another and falls
short of it by fewer than {MINIMUM_MEMBERS}, and what one table holds back, no other shows. Another report on the same
records is not taken into account. The rules do not protect against somebody who already knows most of the members.
""")

OVERRIDES: Final = paragraphs("""
These figures would have been held back. Persons of the custodian decided that they may be shown to the readers of this
report, and answer for it. They are rounded like all others; what they would give away beside them is held back.
""")

PROVENANCE: Final = paragraphs("""
The digest identifies the dataset to the last byte: it is a SHA-256 over the names and digests of its files. The page
holds no time of its own making, so that the same dataset, versions and seed give the same page.
""")
