"""An aligner with an encoder of its own, which is none of the models: fine-tuned to align, say."""

from pathlib import Path

import pytest
import yaml

from realign.config.reading import read_config
from realign.errors import InputError
from study import Study

OWN = {"awesome": {"model": {"source": "files", "path": "encoder"}, "layer": 2}}
METHODS = ["baseline", "before-awesome"]


def test_an_encoder_of_the_aligners_is_imported_for_it_alone(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    with study.changed_config(methods=METHODS, aligners=OWN):
        planned = study.planned()
        of_encoder = {path for path in planned if "awesome-encoder" in path}
        assert {path.split("/")[0] for path in of_encoder} == {"models"}, "it is neither realigned nor measured"
        assert any(path.startswith("links/awesome/train/") for path in planned)
        study.run("results/links/awesome/train/en-de.txt")
        assert any((study.folder / "results/links/awesome/train/en-de.txt").read_text().split())
        assert not [path for path in study.planned() if "awesome-encoder" in path], "it is kept"
        (study.folder / "encoder/config.json").touch()
    layered = {"awesome": {**OWN["awesome"], "layer": 1}}
    with study.changed_config(methods=METHODS, aligners=layered):
        planned = study.planned("results/links/awesome/train/en-de.txt")
        assert planned == {"links/awesome/train/en-de.txt"}, "another layer links again, and imports nothing"
    with study.changed_config(methods=METHODS, aligners={"awesome": {"model": "mine", "layer": 2}}):
        planned = study.planned("results/links/awesome/train/en-de.txt")
        assert "links/awesome/train/en-de.txt" in planned, "another encoder links again"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"aligners": {"awesome": {"model": "none"}}}, "aligners.awesome.model: found 'none'; expected one of models,"),
        (
            {"aligners": {"awesome": {"model": {"source": "hub", "nme": "a/b"}}}},
            "aligners.awesome.model.nme?: (missing|unknown key)|aligners.awesome.model.name: missing",
        ),
        ({"aligners": {"awesome": {"model": {"name": "a/b"}}}}, "aligners.awesome.model.source: missing"),
        (
            {"models": {"awesome-encoder": {"source": "files", "path": "encoder"}}, "aligners": OWN},
            "models: 'awesome-encoder' is what the aligner's own encoder is called; choose another name",
        ),
        (
            {"aligners": {"awesome": {"model": {"source": "lab", "layers": 6}, "layer": 8}}},
            "aligners.awesome.layer: found 8; 'awesome-encoder' has 6",
        ),
    ],
)
def test_a_mistake_about_an_aligners_encoder_is_reported(
    new_study: Study, changes: dict[str, object], said: str
) -> None:
    content = yaml.safe_load((new_study.folder / "config.yaml").read_text(encoding="utf-8"))
    with pytest.raises(InputError, match=said):
        read_config({**content, "methods": METHODS, **changes})
