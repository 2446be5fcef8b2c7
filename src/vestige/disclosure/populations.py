"""What the figures of a run count, by names that hold across tables, and which of them lie within which.

Two figures can be subtracted where a reader knows that one group lies within the other. That knowledge is declared
here, once: a name stands for a group of members, or for a kind of event, whatever table counts it. A group is the
smaller by its row's labels too: those who posted in a month are among those who posted.
"""

from functools import cache
from typing import Final

EVERYBODY: Final = "members"
"""All members of the run."""

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    EVERYBODY: (),
    "active": (EVERYBODY,),
    "traceless": (EVERYBODY,),
    "registered": (EVERYBODY,),
    "communicating": ("active",),
    "posting": ("communicating",),
    "opening": ("communicating",),
    "messaging": ("communicating",),
    "starting-posts": ("posting",),
    "replying": ("posting",),
    "reacting": ("active",),
    "viewing": ("active",),
    "downloading": ("active",),
    "visiting": ("active",),
    "paging": ("viewing", "visiting"),
    "completing": ("downloading",),
    "reading-only": ("viewing",),
    "silent-downloading": ("downloading",),
    "viewing-and-posting": ("viewing", "posting"),
    "never-posting": (EVERYBODY,),
    "never-communicating": ("never-posting",),
    "seen-never-posting": ("active", "never-posting"),
    "seen-never-communicating": ("seen-never-posting", "never-communicating"),
    "holding-roles": (EVERYBODY,),
    "holding-roles-at-end": ("holding-roles",),
    "networked": (EVERYBODY,),
    "tied": ("networked",),
    "sharing-threads": ("networked",),
    "staying": ("networked",),
    "connected": ("networked",),
    "observed-longer": ("opening",),
    "awaiting-onset": (EVERYBODY,),
    "begun": (EVERYBODY,),
    "running-careers": ("begun",),
    "ended-careers": ("begun",),
    "with-trends": (EVERYBODY,),
    "in-cohorts": (EVERYBODY,),
    "begun-in-cohorts": ("in-cohorts",),
    "awaiting-role": (EVERYBODY,),
    "left-waiting": (EVERYBODY,),
    "grouped": (EVERYBODY,),
    "learnt-from": (EVERYBODY,),
    "judged-on": (EVERYBODY,),
    "picked": (EVERYBODY,),
    "others": (),
}
"""A group of members, and the smallest declared groups that it lies within. "Others" are all but the one member whom a
comparison is about and whom its reader asked for, so that their number tells nothing new."""

APART: Final = (
    frozenset({"communicating", "silent-downloading"}),
    frozenset({"communicating", "reading-only"}),
)
"""Groups that share no member, and do not fill the groups that they lie within."""

EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "posts": (),
    "openings": ("posts",),
    "replies": ("posts",),
    "threads": (),
    "threads-observed": ("threads",),
    "messages": (),
    "reactions": (),
    "views": (),
    "page-views": ("views",),
    "downloads": (),
    "visits": (),
    "ties": (),
}
"""A kind of event, and the kinds that it is a part of."""

NAMES: Final = GROUPS | EVENTS


@cache
def wider(name: str) -> tuple[str, ...]:
    """The name, and every group or kind that it lies within."""
    found = {name: None}
    for parent in NAMES[name]:
        found |= dict.fromkeys(wider(parent))
    return tuple(found)


@cache
def apart_from(name: str) -> tuple[str, ...]:
    """Groups that share no member with this one."""
    return tuple(other for pair in APART if name in pair for other in sorted(pair - {name}))
