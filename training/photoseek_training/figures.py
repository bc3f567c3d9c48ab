"""A report's figures as report.json keeps them, for a later report to take over."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from photoseek_training.ablations import Ablation
from photoseek_training.errors import DatasetError
from photoseek_training.report import Measured


@dataclass(frozen=True)
class Figures:
    """Measured bundles by their names, and groups of a bundle and its variants."""

    bundles: tuple[Measured, ...]
    ablations: tuple[tuple[Ablation, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the bundles, and of those that a group begins with."""
        first = (group[0].name for group in self.ablations)
        return tuple(dict.fromkeys((*(bundle.name for bundle in self.bundles), *first)))

    def over(self, earlier: "Figures") -> "Figures":
        """These and the earlier ones, which keep their places; a group goes by its first bundle."""
        bundles = {bundle.name: bundle for bundle in (*earlier.bundles, *self.bundles)}
        groups = {group[0].name: group for group in (*earlier.ablations, *self.ablations)}
        return Figures(tuple(bundles.values()), tuple(groups.values()))

    def write(self, file: Path) -> None:
        """Write them as JSON; the folder is made."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(TypeAdapter(Figures).dump_json(self, indent=1) + b"\n")

    @classmethod
    def read(cls, file: Path) -> "Figures":
        """What `write` wrote; DatasetError names a file that is not there, or something else."""
        try:
            return TypeAdapter(cls).validate_json(file.read_bytes())
        except OSError as error:
            raise DatasetError(f"{file} cannot be read: {error.strerror}") from error
        except ValidationError as error:
            wrong = error.errors()[0]
            where = ".".join(map(str, wrong["loc"])) or "the file"
            raise DatasetError(
                f"{file} is no report.json of this photoseek-evaluate ({where}: {wrong['msg']}): "
                "measure its bundles again"
            ) from error
