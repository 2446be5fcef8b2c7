"""Attainment as tables, each with the rule by which it may leave."""

from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.careers.career_figures import SHOWN_MONTHS, told
from vestige.disclosure import Additive, ColumnKind, ColumnRule, Runs, TableRule
from vestige.disclosure.figures import Figures, members_column, rows_table

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from vestige.careers.attainment import Effects
    from vestige.careers.incidence import EventHistories, Incidence

COHORT_MONTHS: Final = 12
"""Months since registration at which cohorts are compared."""


def incidence_figures(found: "Incidence", naive: "Incidence", causes: dict[int, str]) -> Figures:
    """Cumulative incidence of each cause by months since registration."""
    rule = TableRule(
        "incidence",
        "What became of members, by months since registration",
        (
            ColumnRule("cause", "What", ColumnKind.LABEL, vocabulary=tuple(causes.values())),
            ColumnRule(
                "months", "Months", ColumnKind.LABEL, vocabulary=tuple(str(month) for month in SHOWN_MONTHS),
                ordered=True,
            ),
            members_column(
                "at_risk", "Still observed", additive=Additive.NO, counts="awaiting-role", runs=Runs.SHRINKING
            ),
            members_column(
                "events", "Members so far", additive=Additive.NO, counts="left-waiting", runs=Runs.GROWING
            ),
            *(
                ColumnRule(name, title, ColumnKind.PROPORTION, behind=("at_risk", "events"), restates="events")
                for name, title in (("incidence", "Share"), ("low", "95 % from"), ("high", "to"),
                                    ("naive", "If other causes were ignored"))
            ),
        ),
        "Shares allow for members whose time is cut off and for the other causes (Aalen-Johansen). Ignoring those "
        "gives the last column (1 - Kaplan-Meier), which is too high.",
    )  # fmt: skip
    alone = [row[2] for row in told(naive, 0)]
    rows = []
    for number, cause in causes.items():
        for place, row in enumerate(told(found, number - 1)):
            rows.append((cause, str(SHOWN_MONTHS[place]), *row, alone[place] if number == 1 else None))
    return Figures(rule, rows_table(rule, rows))


def cohort_figures(cohorts: "dict[int, Incidence]", members: dict[int, int]) -> Figures:
    """The role's incidence a year after registration, by year of registration."""
    rule = TableRule(
        "cohorts",
        f"Attained within {COHORT_MONTHS} months, by year of registration",
        (
            ColumnRule("year", "Registered in", ColumnKind.LABEL, vocabulary=tuple(map(str, cohorts))),
            members_column("members", "Members", additive=Additive.DISJOINT, counts="in-cohorts"),
            members_column("at_risk", "Still observed", additive=Additive.NO),
            members_column("events", "Attained", additive=Additive.NO),
            ColumnRule("incidence", "Share", ColumnKind.PROPORTION, behind=("at_risk", "events")),
            ColumnRule("low", "95 % from", ColumnKind.PROPORTION, behind=("at_risk", "events")),
            ColumnRule("high", "to", ColumnKind.PROPORTION, behind=("at_risk", "events")),
        ),
        "A cohort that was observed for less than that shows no share.",
    )
    rows: list[tuple[object, ...]] = []
    for year, found in cohorts.items():
        figures = dict(zip(SHOWN_MONTHS, told(found, 0), strict=False)).get(COHORT_MONTHS)
        rows.append((str(year), members[year], *(figures or (0, 0, None, None, None))))
    return Figures(rule, rows_table(rule, rows))


def effect_figures(effects: "Effects", confidence: float) -> Figures:
    """Hazard ratios, with the test of proportional hazards."""
    from scipy.stats import norm

    fit = effects.fit
    error = np.sqrt(np.diag(fit.covariance))
    width = norm.ppf(0.5 + confidence / 2) * error
    p_value = 2 * norm.sf(np.abs(fit.coefficients) / error)
    rule = TableRule(
        "effects",
        "What goes with attaining the role",
        (
            ColumnRule("covariate", "Covariate", ColumnKind.LABEL, vocabulary=effects.names),
            members_column("members", "Members", additive=Additive.NO),
            members_column("events", "Attained", additive=Additive.NO),
            *(
                ColumnRule(name, title, ColumnKind.ESTIMATE, behind=("members", "events"))
                for name, title in (("ratio", "Hazard ratio"), ("low", f"{confidence:.0%} from"), ("high", "to"),
                                    ("p_value", "p"), ("proportional", "p, constant over time"))
            ),
        ),
        "Ratios are for a doubling of a count (plus one), or for one unit; they tell what goes together, not why.",
    )  # fmt: skip
    tested = (
        [None] * error.size if effects.proportionality is None else list(map(float, effects.proportionality.p_value))
    )
    rows = [
        (name, effects.members, effects.events, *map(float, figures), tested[place])
        for place, (name, *figures) in enumerate(
            zip(effects.names, np.exp(fit.coefficients), np.exp(fit.coefficients - width),
                np.exp(fit.coefficients + width), p_value, strict=True)
        )
    ]  # fmt: skip
    return Figures(rule, rows_table(rule, rows))


def member_table(
    pseudonym: "pa.Array", chosen: "NDArray[np.bool_]", histories: "EventHistories", causes: dict[int, str]
) -> "pa.Table":
    """One row a member at risk; null where no cause was seen."""
    import pyarrow as pa

    day = 86_400
    words = [None, *causes.values()]
    return pa.table(
        {
            "pseudonym": pseudonym.filter(pa.array(chosen)),
            "entry_days": histories.entry / day,
            "end_days": histories.end / day,
            "cause": pa.array(words, pa.string()).take(pa.array(histories.cause)),
        }
    )
