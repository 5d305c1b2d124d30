"""The statistics in SQL against statsmodels and scipy."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml
from jinja2 import Environment
from scipy.stats import chisquare, norm
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

ROOT = Path(__file__).resolve().parents[2]
UNIT_TESTS = ROOT / "models" / "reports" / "experiments" / "_experiments__unit_tests.yml"


def test_normal_tail_equals_scipy() -> None:
    """From the middle to where doubles end, relative to the value itself."""
    macro = (ROOT / "macros" / "normal_tail.sql").read_text(encoding="utf-8")
    template = Environment(extensions=["jinja2.ext.do"]).from_string(
        macro + "{{ normal_tail('z') }}"
    )
    points = np.linspace(0, 36, 3_601)
    with duckdb.connect() as connection:
        connection.execute("create table points as select unnest(?) as z", [points.tolist()])
        rows = connection.execute(f"select z, {template.render()} from points").fetchall()
    for z, tail in rows:
        assert tail == pytest.approx(norm.sf(z), rel=2e-6 if z > 7 else 1e-12)
        assert abs(tail - norm.sf(z)) < 1e-13


def worked_experiment() -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Given outcomes and expected rows of the unit test of rpt_experiments, by variant."""
    (test,) = yaml.safe_load(UNIT_TESTS.read_text(encoding="utf-8"))["unit_tests"]

    def by_variant(text: str) -> dict[str, dict[str, str]]:
        return {row["variant"]: row for row in csv.DictReader(io.StringIO(text))}

    return by_variant(test["given"][0]["rows"]), by_variant(test["expect"]["rows"])


@pytest.mark.parametrize(("variant", "control"), [("b", "Control"), ("young", "old")])
def test_worked_experiment_equals_statsmodels(variant: str, control: str) -> None:
    given, expected = worked_experiment()
    counts = [int(given[name]["conversions"]) for name in (variant, control)]
    leads = [int(given[name]["leads"]) for name in (variant, control)]
    row = {
        key: float(value) for key, value in expected[variant].items() if re.match("[-0-9]", value)
    }

    low, high = confint_proportions_2indep(
        counts[0], leads[0], counts[1], leads[1], method="wald", compare="diff"
    )
    assert row["difference_low"] == pytest.approx(low, abs=1e-11)
    assert row["difference_high"] == pytest.approx(high, abs=1e-11)
    assert row["p_value"] == pytest.approx(proportions_ztest(counts, leads)[1], abs=1e-11)
    assert row["split_p_value"] == pytest.approx(chisquare(leads).pvalue, abs=1e-11)


def test_minimum_detectable_difference_has_the_power_it_claims() -> None:
    given, expected = worked_experiment()
    leads = {name: int(given[name]["leads"]) for name in ("b", "Control")}
    spread = (0.1 * 0.9) ** 0.5  # the control's rate is 0.1
    power = NormalIndPower().power(
        effect_size=float(expected["b"]["minimum_detectable_difference"]) / spread,
        nobs1=leads["b"],
        alpha=0.05,
        ratio=leads["Control"] / leads["b"],
    )
    assert power == pytest.approx(0.8, abs=1e-4)
