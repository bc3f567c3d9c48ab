from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from photoseek.manifest import Recall, RecallReport
from photoseek_training.errors import DatasetError
from photoseek_training.evaluate import main as evaluate
from photoseek_training.page import write_report
from photoseek_training.report import Measured, ablations_section, recall_section, wang_section
from photoseek_training.wang import WangMeasures, measure_classes
from training.conftest import SmokeRun


def _measured(name: str) -> Measured:
    classes = np.repeat(np.arange(10), 2)
    found = measure_classes((classes[:, None] == classes).astype(np.float32), classes, classes)
    recall = Recall(12.3, 45.6, 78.9, 4.0)
    report = RecallReport("Flickr8k test", 1000, 5000, recall, recall)
    return Measured(name, "encoders", report, WangMeasures(found, found, found))


def test_a_report_has_all_bundles_beside_the_paper_and_shows_its_plots(tmp_path: Path) -> None:
    measured = [_measured("one"), _measured("two")]
    ablations = tmp_path / "ablations.json"
    row = {"lever": "words", "dev_gain": 3.5, "training_time": "1 min", "encoder_time": "none"}
    ablations.write_text(json.dumps([row]), encoding="utf-8")
    sections = (
        recall_section(measured),
        wang_section(measured, tmp_path),
        ablations_section(ablations),
    )
    write_report(sections, "the command", tmp_path)
    page = (tmp_path / "REPORT.md").read_text(encoding="utf-8")
    assert "| two | encoders | phrase finds photo | 12.3 | 45.6 | 78.9 | 4 |" in page
    assert "as published | 43 | 54 | - |" in page
    assert "| one | 20.0 | 20.0 | 20.0 |" in page
    assert "| **mean** | 20.0 / 100.0 | 20.0 / 100.0 | 43 / - |" in page
    assert "| words | 3.5 | 1 min | none |" in page
    figures = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert figures["wang"]["one"]["phrase_to_photo"]["precision"]["bus"] == 20
    plots = sorted((tmp_path / "report").glob("*.png"))
    assert len(plots) == 4
    assert all(f"](report/{plot.name})" in page for plot in plots)


def test_damaged_ablations_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"lever": "x"}]', encoding="utf-8")
    with pytest.raises(DatasetError, match=r"a\.json cannot be read as ablations"):
        ablations_section(tmp_path / "a.json")


def test_several_bundles_are_measured_and_a_report_needs_no_wang_set(
    smoke: SmokeRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(smoke.out), str(smoke.out), "--data", str(smoke.work / "shapes")]
    assert evaluate([*arguments, "--out", str(tmp_path / "report")]) == 0
    assert capsys.readouterr().out.count("phrase to photo") == 2
    page = (tmp_path / "report" / "REPORT.md").read_text(encoding="utf-8")
    assert "## Flickr8k test" in page
    assert "Wang" not in page
