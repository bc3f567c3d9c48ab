"""The arguments of the `photoseek` command: what can be asked, and what is wrong usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from photoseek.errors import QueryError
from photoseek.filters import SHAPES, parse_format, parse_near
from photoseek.paths import LIBRARY_VARIABLE
from photoseek.typed_dates import parse_date

__all__ = ["command_parser"]

T = TypeVar("T")


def command_parser() -> argparse.ArgumentParser:
    """A parser whose options have the `command`, such as "model add", and its `parser`."""
    parser = argparse.ArgumentParser(
        prog="photoseek", description="Find photos in your own folders by a phrase or a photo."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_CommandParser)
    shared = _CommandParser(add_help=False)
    shared.add_argument(
        "--library",
        metavar="DIR",
        type=Path,
        help=f"the library's folder (default: ${LIBRARY_VARIABLE}, or your data folder)",
    )
    shared.add_argument("--json", action="store_true", help="print JSON lines")

    index = commands.add_parser("index", parents=[shared], help="add folders and read their photos")
    index.add_argument(
        "folders",
        metavar="FOLDER",
        type=Path,
        nargs="*",
        help="without one, all folders of the library are looked at again",
    )
    index.add_argument(
        "--watch", action="store_true", help="stay, and read new photos as they come, until Ctrl+C"
    )
    index.add_argument(
        "--retry-failed", action="store_true", help="open all photos again that could not be read"
    )
    index.set_defaults(command="index", parser=index)

    search = commands.add_parser("search", parents=[shared], help="find photos")
    search.takes_words = True
    search.add_argument("words", metavar="PHRASE", nargs="*", help="for example: dog -beach")
    search.add_argument(
        "--image", metavar="FILE", type=Path, action="append", default=[], help="like this photo"
    )
    search.add_argument(
        "--not", dest="without", metavar="PHRASE", action="append", default=[], help="not like this"
    )
    search.add_argument("--queries", metavar="FILE", help="one phrase a line; - for standard input")
    search.add_argument(
        "--as-typed",
        action="store_true",
        help="put no misspelt word right, and take no date, file name or 'no people' for more",
    )
    _add_filter_arguments(search)
    search.add_argument(
        "--newest", action="store_true", help="put the likely matches in order of their dates"
    )
    search.add_argument("--top-k", metavar="N", type=_count, default=20, help="most rows (20)")
    search.set_defaults(command="search", parser=search)

    info = commands.add_parser("info", parents=[shared], help="what the library holds and misses")
    info.set_defaults(command="info", parser=info)

    explain = commands.add_parser(
        "explain", parents=[shared], help="why a photo is, or isn't, found"
    )
    explain.takes_words = True
    explain.add_argument("file", metavar="FILE", type=Path)
    explain.add_argument("words", metavar="PHRASE", nargs="*")
    _add_filter_arguments(explain)
    explain.set_defaults(command="explain", parser=explain)

    forget = commands.add_parser(
        "forget", parents=[shared], help="take folders, or photos that are gone, out of the library"
    )
    forget.add_argument(
        "paths",
        metavar="PATH",
        type=Path,
        nargs="*",
        help="a folder of the library, or an offline photo, folder or drive",
    )
    forget.add_argument(
        "--missing",
        action="store_true",
        help="only offline photos: those at or below each PATH, or all where none is named",
    )
    forget.set_defaults(command="forget", parser=forget)

    exclude = commands.add_parser(
        "exclude", parents=[shared], help="leave out files and folders, or tell which are"
    )
    exclude.add_argument(
        "patterns", metavar="PATTERN", nargs="*", help="as in .gitignore: Trash/ or *_edited.jpg"
    )
    exclude.add_argument("--remove", action="store_true", help="take these patterns back")
    exclude.set_defaults(command="exclude", parser=exclude)

    model = commands.add_parser("model", help="try other models beside the one in use")
    _add_model_commands(
        model.add_subparsers(required=True, metavar="COMMAND", parser_class=_CommandParser), shared
    )
    return parser


def _add_model_commands(
    commands: argparse._SubParsersAction[_CommandParser], shared: _CommandParser
) -> None:
    listing = commands.add_parser("list", parents=[shared], help="what the library keeps")
    listing.set_defaults(command="model list", parser=listing)
    add = commands.add_parser("add", parents=[shared], help="keep a bundle, and embed by it too")
    add.add_argument("bundle", metavar="BUNDLE", type=Path, help="the bundle's folder")
    add.set_defaults(command="model add", parser=add)
    use = commands.add_parser("use", parents=[shared], help="search with another model")
    use.add_argument("model", metavar="ID", help="as list shows it; its start is enough")
    use.add_argument(
        "--incomplete", action="store_true", help="although it has not embedded all photos yet"
    )
    use.set_defaults(command="model use", parser=use)
    remove = commands.add_parser("remove", parents=[shared], help="forget a model not in use")
    remove.add_argument("model", metavar="ID")
    remove.set_defaults(command="model remove", parser=remove)


class _CommandParser(argparse.ArgumentParser):
    """A parser that tells what a person leaves out, `-dog`, from an option.

    A minus before a number such as -34.6,-58.4 and before a word is not an option's, if the
    command `takes_words`; one with two is, so that a mistyped option is still wrong usage.
    """

    takes_words = False

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse as ever, but put the words behind `--`, where no minus makes an option."""
        if self.takes_words and args is not None:
            args = self._words_last(args)
        found, rest = super().parse_known_args(args, namespace)
        if self.takes_words and not rest:
            found.phrase = " ".join(found.words) if found.words else None
        return found, rest

    def _words_last(self, arguments: Sequence[str]) -> list[str]:
        options, words = list[str](), list[str]()
        left = list(arguments)
        while left:
            argument = left.pop(0)
            if argument == "--":
                words += left
                break
            option = self._option(argument)
            if option is not None and option.nargs != 0 and "=" not in argument and left:
                # Its value, even one with a minus; but not another option.
                if left[0] == "--" or self._option(left[0]) is not None:
                    options.append(argument)
                else:
                    options.append(f"{argument}={left.pop(0)}")
            elif option is not None or argument.startswith("--"):
                options.append(argument)
            else:
                words.append(argument)
        return [*options, "--", *words]

    def _option(self, argument: str) -> argparse.Action | None:
        """Return the option that an argument is, also where its name is cut short."""
        known, name = self._option_string_actions, argument.split("=")[0]
        if name in known:
            return known[name]
        if not name.startswith("--") or name == "--":
            return None
        alike = {known[each] for each in known if each.startswith(name)}
        return alike.pop() if len(alike) == 1 else None


class _Version(argparse.Action):
    """Looks the version up when it is asked for, which takes some time."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"photoseek {version('photoseek')}\n")
        parser.exit()


def _add_filter_arguments(command: argparse.ArgumentParser) -> None:
    filters = command.add_argument_group("filters, alone (newest first) or with a phrase")
    filters.add_argument(
        "--after", metavar="DATE", type=_usage(_begin), help="2024-05-31, 2024, 'May 2024'"
    )
    filters.add_argument("--before", metavar="DATE", type=_usage(_begin), help="not that day")
    filters.add_argument("--camera", metavar="WORDS", default="", help="words of its name")
    filters.add_argument("--folder", metavar="DIR", type=Path, help="below this folder")
    filters.add_argument("--format", metavar="NAME", type=_usage(parse_format))
    filters.add_argument("--near", metavar="LAT,LON[,KM]", type=_usage(parse_near))
    filters.add_argument("--name", metavar="TEXT", default="", help="part of the file's name")
    filters.add_argument("--lens", metavar="WORDS", default="", help="words of its name")
    filters.add_argument("--keyword", metavar="TEXT", default="", help="part of a keyword")
    filters.add_argument(
        "--rating", metavar="STARS", type=int, choices=range(6), help="at least, 0 to 5"
    )
    filters.add_argument("--megapixels", metavar="N", type=float, help="at least")
    filters.add_argument("--shape", choices=SHAPES, default="", help="of the upright photo")


def _begin(text: str) -> datetime:
    return parse_date(text).begin


def _usage(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Make what is wrong with an argument a usage error."""

    def checked(text: str) -> T:
        try:
            return parse(text)
        except QueryError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value
