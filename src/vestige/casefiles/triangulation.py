"""A log of what each kind of source, and each expert, says about each claim."""

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from vestige.casefiles.problems import ProblemList
from vestige.casefiles.reading import read_table
from vestige.casefiles.schema import Column, Kind, TableSchema
from vestige.casefiles.study import Row, Study

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE_KINDS: Final = ("case-file", "interview", "dataset", "literature", "expert")
SAYS: Final = ("supports", "contradicts", "silent")
SCHEMA: Final = TableSchema(
    "triangulation",
    "triangulation",
    (
        Column("claim", Kind.IDENTIFIER, "code of a claim of study.toml or claim.toml", required=True),
        Column("source_kind", Kind.CODE, "kind of source", required=True, codes=SOURCE_KINDS),
        Column("source", Kind.IDENTIFIER, "neutral id of the source or expert", required=True),
        Column("says", Kind.CODE, "what it says", required=True, codes=SAYS),
        Column("page", Kind.COUNT, "page or item number"),
        Column("logged_by", Kind.IDENTIFIER, "who made the entry"),
        Column("logged_on", Kind.DATE, "when", required=True),
    ),
)


def read_triangulation(study: Study, claims: set[str], problems: ProblemList) -> tuple[Row, ...]:
    """Rows of triangulation.csv; a claim nobody states is a fault."""
    rows = read_table(study.folder, SCHEMA, problems)
    for row in rows:
        if row.text("claim") and row.text("claim") not in claims:
            problems.error(
                "triangulation.csv",
                row.number,
                "claim",
                "no claim has that code",
                "state the claim first",
            )
    return rows


def triangulate(rows: tuple[Row, ...]) -> "pa.Table":
    """Each claim: sources that support it, contradict it, or are silent; how many kinds support it; and the upshot.

    Upshot: "dissonant" when any source contradicts and any supports, "contradicted" or "silent" when nothing
    supports, "convergent" when two kinds of source support, "single kind" when one does (Denzin 1970).
    """
    import pyarrow as pa

    by_claim: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_claim[row.text("claim")].append(row)
    found = []
    for claim, own in by_claim.items():
        says = {word: [row for row in own if row.text("says") == word] for word in SAYS}
        kinds = {row.text("source_kind") for row in says["supports"]}
        found.append(
            {
                "claim": claim,
                **{word: len({row.text("source") for row in each}) for word, each in says.items()},
                "experts": len({row.text("source") for row in own if row.text("source_kind") == "expert"}),
                "kinds_supporting": len(kinds),
                "upshot": _upshot(bool(says["supports"]), bool(says["contradicts"]), len(kinds)),
            }
        )
    counts = ("supports", "contradicts", "silent", "experts", "kinds_supporting")
    fields = [("claim", pa.string()), *((name, pa.int64()) for name in counts), ("upshot", pa.string())]
    return pa.Table.from_pylist(found, schema=pa.schema(fields))


def _upshot(supported: bool, contradicted: bool, kinds: int) -> str:
    if contradicted:
        return "dissonant" if supported else "contradicted"
    if not supported:
        return "silent"
    return "convergent" if kinds > 1 else "single kind"
