"""YAML files as JSON with line numbers: stricter than YAML, because specs are short and shared."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from shared.contracts.printable import printable, shortened

LINE_CHARACTERS_MAX = 2_000  # of a mistake; paths are long, too
FILE_BYTES_MAX = 64 * 1024  # sixteen times what a spec may have: room for comments
STRING_TAG = "tag:yaml.org,2002:str"
INT_TAG = "tag:yaml.org,2002:int"
NESTING_MAX = 20  # a spec is three deep
NUMBER_CHARACTERS_MAX = 300  # what a double can hold
FLOAT_TAG = "tag:yaml.org,2002:float"


class FileError(ValueError):
    """Files that cannot be used: each line names file, place, what is wrong and what to do."""

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(shortened(printable(line), LINE_CHARACTERS_MAX) for line in lines)
        super().__init__("\n".join(self.lines))


class Document(NamedTuple):
    """One mapping as read from a file."""

    path: Path
    json_text: str
    line_numbers: dict[str, int]
    """Line of each key, counted from 1, by its path with dots: ``gate.limit_ratio``."""

    def at(self, key: str) -> str:
        """Place of a key, or of the nearest one above it: ``models/fees.yaml:7``."""
        while key and key not in self.line_numbers:
            key = key.rpartition(".")[0]
        return f"{self.path}:{self.line_numbers[key]}" if key else str(self.path)


class _Loader(yaml.SafeLoader):
    """YAML without aliases (a short file could unfold to gigabytes) and tags, with 1e-3 as a
    number, and not deeper than a spec can be."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _marked("aliases are not supported: write the value again", event)
        if event.tag:
            raise _marked("tags are not supported: write the value alone", event)
        if self.depth == NESTING_MAX:
            raise RecursionError
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > NUMBER_CHARACTERS_MAX:
            raise _marked(f"a number has at most {NUMBER_CHARACTERS_MAX} digits", node)
        number: int = super().construct_yaml_int(node)
        return number


def _marked(problem: str, place: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


_Loader.add_constructor(INT_TAG, _Loader.construct_yaml_int)


_Loader.add_implicit_resolver(
    FLOAT_TAG, re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read(path: Path) -> Document:
    """Read a file that holds one mapping.

    Raises
    ------
    FileError
        If the file is absent, too large, no YAML, no mapping, or gives a key twice.
    """
    try:
        return _document(path, _Loader(_text(path)))
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise FileError(f"{path}{line}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise FileError(f"{path}: nested too deeply") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:  # what is no file has no size, and may never end
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            raise FileError(f"{path}: has more than the {FILE_BYTES_MAX} bytes of a spec at most")
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from error


def _document(path: Path, loader: _Loader) -> Document:
    node = loader.get_single_node()
    if not isinstance(node, yaml.MappingNode):
        wrong = "is empty" if node is None else "is no mapping"
        raise FileError(f"{path}: {wrong}: write keys and values, such as 'model: fees'")
    line_numbers: dict[str, int] = {}
    mistakes = _visit(path, node, "", line_numbers)
    if mistakes:
        raise FileError(*mistakes)
    text = json.dumps(loader.construct_document(node), default=str, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FileError(f"{path}: a text holds half of a character: write another") from error
    return Document(path, text, line_numbers)


def _visit(path: Path, node: yaml.Node, above: str, line_numbers: dict[str, int]) -> list[str]:
    """Note the line of each key under `node`; return a line for each key that is wrong."""
    if not isinstance(node, yaml.MappingNode):
        return []
    mistakes = []
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if key_node.tag != STRING_TAG:
            mistakes.append(f"{path}:{line}: a key must be text: {_shown(key_node)}")
            continue
        key = f"{above}{key_node.value}"
        if key in line_numbers:
            mistakes.append(
                f"{path}:{line}: {key}: given twice, first in line {line_numbers[key]}: remove one"
            )
            continue
        line_numbers[key] = line
        mistakes += _visit(path, value_node, f"{key}.", line_numbers)
    return mistakes


def _shown(key_node: Any) -> str:
    return f"put {key_node.value} in quotes" if isinstance(key_node, yaml.ScalarNode) else "a word"
