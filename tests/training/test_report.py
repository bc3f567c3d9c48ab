from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from photoseek.manifest import Recall, RecallReport
from photoseek_training.ablations import Ablation, ablations_section, measure_ablation
from photoseek_training.errors import DatasetError
from photoseek_training.evaluate import main as evaluate
from photoseek_training.figures import Figures
from photoseek_training.page import write_page
from photoseek_training.report import Measured, recall_section, wang_section
from photoseek_training.wang import WangMeasures, measure_classes
from training.conftest import SmokeRun


def _measured(name: str, *, expanded: bool = False) -> Measured:
    classes = np.repeat(np.arange(10), 2)
    found = measure_classes((classes[:, None] == classes).astype(np.float32), classes, classes)
    recall = Recall(12.3, 45.6, 78.9, 4.0)
    report = RecallReport("Flickr8k test", 1000, 5000, recall, recall)
    wang = WangMeasures(found, found, found, found if expanded else None)
    return Measured(name, "encoders", report, wang)


def test_a_report_has_all_bundles_beside_the_paper_and_shows_its_plots(tmp_path: Path) -> None:
    measured = [_measured("one"), _measured("two", expanded=True)]
    sections = (recall_section(measured), wang_section(measured, tmp_path))
    write_page(sections, "the command", [], tmp_path)
    page = (tmp_path / "REPORT.md").read_text(encoding="utf-8")
    assert "| two | encoders | phrase finds photo | 12.3 | 45.6 | 78.9 | 4 |" in page
    assert "as published | 43 | 54 | - |" in page
    assert "| one | 20.0 | 20.0 | 20.0 | - |" in page
    assert "| two | 20.0 | 20.0 | 20.0 | 20.0 |" in page
    assert "| **mean** | 20.0 / 100.0 | 20.0 / 100.0 | 43 / - |" in page
    plots = sorted((tmp_path / "report").glob("*.png"))
    assert len(plots) == 5
    assert all(f"](report/{plot.name})" in page for plot in plots)


def test_a_variant_tells_its_change_its_gain_and_its_cost(smoke: SmokeRun, tmp_path: Path) -> None:
    base, variant = (
        _retold(smoke.out, tmp_path / name, told)
        for name, told in (
            ("base", {"changes": ["members=1"], "dev_recall_sum": 300.0, "seconds": 90}),
            ("soft", {"changes": ["members=1", "softness=0.5"], "dev_recall_sum": 302.25,
                      "seconds": 600, "devices": ["a slide rule", "an abacus"]}),
        )
    )  # fmt: skip
    group = [measure_ablation(base, ()), measure_ablation(variant, ())]
    section = ablations_section([group])
    assert "| base | `members=1` | 300.0 | - | - | - | 2 min |" in section
    assert (
        "| soft | `softness=0.5` | 302.2 | +2.2 | - | - | 10 min, a slide rule, an abacus |"
        in section
    )
    assert all(bundle.photo_ms > 0 for bundle in group)


def test_a_bundle_that_tells_not_how_it_was_trained_is_named(
    smoke: SmokeRun, tmp_path: Path
) -> None:
    silent = _retold(smoke.out, tmp_path / "silent", {})
    with pytest.raises(DatasetError, match=r"silent does not tell how .*'changes'"):
        measure_ablation(silent, ())


def _retold(bundle: Path, copy: Path, training: dict[str, object]) -> Path:
    """A copy of the bundle whose manifest tells this of its training."""
    shutil.copytree(bundle, copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    (copy / "manifest.json").write_text(
        json.dumps({**manifest, "training": training}), encoding="utf-8"
    )
    return copy


def test_several_bundles_are_measured_and_a_report_needs_no_wang_set(
    smoke: SmokeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(smoke.out), str(smoke.out), "--data", str(smoke.work / "shapes")]
    assert evaluate([*arguments, "--out", str(tmp_path / "report")]) == 0
    assert capsys.readouterr().out.count("phrase to photo") == 2
    page = (tmp_path / "report" / "REPORT.md").read_text(encoding="utf-8")
    assert "## Flickr8k test" in page
    assert "Wang" not in page


def test_figures_are_read_as_they_were_written(tmp_path: Path) -> None:
    figures = Figures((_measured("one"),), ((Ablation("one", ("members=1",), 300.0, 2.0, 6.5),),))
    figures.write(tmp_path / "report" / "report.json")
    assert Figures.read(tmp_path / "report" / "report.json") == figures


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "the file: Invalid JSON"),
        ("[]", "the file: Input should be"),
        ('{"bundles": [{}]}', r"bundles\.0\.name"),
    ],
)
def test_a_file_that_is_no_report_is_named_in_one_line(
    tmp_path: Path, text: str, wrong: str
) -> None:
    (tmp_path / "report.json").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=rf"report\.json is no .*\({wrong}") as failure:
        Figures.read(tmp_path / "report.json")
    assert "\n" not in str(failure.value)


def test_new_figures_take_the_places_of_those_of_the_same_name() -> None:
    def row(name: str, total: float) -> Ablation:
        return Ablation(name, (), total, 1.0, 1.0)

    earlier = Figures(
        (_measured("one"), _measured("two")), ((row("one", 1.0), row("soft", 2.0)), (row("x", 3),))
    )
    again = replace(_measured("one"), model="other encoders")
    new = Figures((again, _measured("three")), ((row("one", 4.0),),))
    merged = new.over(earlier)
    assert merged.bundles == (again, _measured("two"), _measured("three"))
    assert merged.ablations == ((row("one", 4.0),), (row("x", 3),))
    assert earlier.names == ("one", "two", "x")


def test_a_report_says_which_bundles_it_kept_of_an_earlier_one(
    smoke: SmokeRun, tmp_path: Path
) -> None:
    Figures((_measured("old"),), ()).write(tmp_path / "old.json")
    arguments = [str(smoke.out), "--data", str(smoke.work / "shapes"), "--out", str(tmp_path)]
    assert evaluate([*arguments, "--keep", str(tmp_path / "old.json")]) == 0
    page = (tmp_path / "REPORT.md").read_text(encoding="utf-8")
    assert "and kept: `old`." in page
    assert "| old | encoders | phrase finds photo | 12.3 |" in page
    kept = Figures.read(tmp_path / "report" / "report.json").bundles
    assert [bundle.name for bundle in kept] == ["old", smoke.out.name]
