"""Reader of YAML text, which returns a plain tree and the location of every key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from simnet import input_files
from simnet.errors import ScenarioError

Path = tuple[str | int, ...]

DEEPEST_TREE = 50
LARGEST_TREE = 50_000
"""Maximum number of nodes, with aliases counted at each use: a scenario has hundreds, a file of nested aliases billions."""
MOST_ALIASES = 1000
LONGEST_VALUE = 1000
"""Maximum length of a number, a date or anything else but text."""
_SHOWN_KEY = re.compile(r"[\w*?./ -]{1,64}")

_STANDARD = "tag:yaml.org,2002:"
_TEXT = f"{_STANDARD}str"
_PLAIN = {yaml.MappingNode: "tag:yaml.org,2002:map", yaml.SequenceNode: "tag:yaml.org,2002:seq"}


@dataclass(frozen=True, order=True)
class SourceLocation:
    """Location of a key or value. An error begins with `text`; lower ranks are reported first."""

    rank: tuple[int, int]
    """Line and column; line 0 for an override."""
    text: str
    file: str = ""
    """The file; empty for an override."""

    @property
    def is_override(self) -> bool:
        """Whether this is the location of an override, not of the file."""
        return self.rank[0] == 0


@dataclass
class SourceLocations:
    """Locations of keys and of values, by path."""

    root: SourceLocation
    keys: dict[Path, SourceLocation] = field(default_factory=dict)
    values: dict[Path, SourceLocation] = field(default_factory=dict)

    def of_key(self, path: Path) -> SourceLocation:
        """Return the location of the key at `path`, or of the nearest enclosing mapping in the text."""
        return self._nearest(path, self.keys)

    def of_value(self, path: Path) -> SourceLocation:
        """Return the location of the value at `path`, or of the nearest enclosing key in the text."""
        return self.values[path] if path in self.values else self._nearest(path, self.keys)

    def replace(self, path: Path, location: SourceLocation) -> None:
        """Set `location` for `path` and everything below it."""
        for known in (self.keys, self.values):
            for inner in [inner for inner in known if inner[: len(path)] == path]:
                del known[inner]
            known[path] = location

    def put(self, path: Path, other: SourceLocations) -> None:
        """Take the locations at and below `path` from `other`, and forget those known."""
        for known, new in ((self.keys, other.keys), (self.values, other.values)):
            for inner in [inner for inner in known if inner[: len(path)] == path]:
                del known[inner]
            known.update({inner: location for inner, location in new.items() if inner[: len(path)] == path})

    def _nearest(self, path: Path, known: dict[Path, SourceLocation]) -> SourceLocation:
        for length in range(len(path), 0, -1):
            if path[:length] in known:
                return known[path[:length]]
        return self.root


def show(path: Path) -> str:
    """Return `path` as text for errors and `--set`."""
    return ".".join(_shown(str(key)) for key in path)


def _shown(key: str) -> str:
    """Return a key for a message; one that is no name may be a line of another file, such as one of passwords."""
    return key if _SHOWN_KEY.fullmatch(key) else f"(a key of {len(key)} characters)"


def read(text: str, file: str) -> tuple[Any, SourceLocations]:
    """Return the tree of YAML `text` and the locations in it; `file` is its name in errors.

    Raises:
        ScenarioError: The text is not valid YAML, has a duplicate key, or is far too large.
    """
    return _TreeReader(file).read(text)


def read_value(text: str) -> Any:
    """Return the tree of an override's value; ScenarioError (locations from 1:1 in `value`) if it is not valid YAML."""
    return _TreeReader("value").read(text)[0]


def _kind(problem: str | None) -> str:
    """Return what PyYAML found wrong, without the text of the file in it."""
    if problem and r"'\t'" in problem:
        return "a tab; expected spaces"
    return re.sub(r"'([^']*)'", lambda quoted: quoted[0] if _is_sign(quoted[1]) else "a name", problem or "")


def _is_sign(text: str) -> bool:
    """Return whether PyYAML quotes a sign or a kind of token, such as `,` or `<block end>`, not a name of the file."""
    return len(text) <= 1 or text.startswith("<")


class _BoundedLoader(yaml.SafeLoader):
    """PyYAML's loader with limits that hold while it reads."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._nodes = self._aliases = self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node; a MarkedYAMLError at the one that is too many or too deep."""
        event = self.peek_event()
        self._nodes += 1
        self._aliases += isinstance(event, yaml.AliasEvent)
        self._depth += 1
        for count, most, what in (
            (self._nodes, LARGEST_TREE, "values"),
            (self._aliases, MOST_ALIASES, "aliases"),
            (self._depth, 2 * DEEPEST_TREE, "levels"),
        ):
            if count > most:
                raise yaml.MarkedYAMLError(problem=f"more than {most} {what}", problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class WrittenInt(int):
    """A whole number that keeps its text."""

    written: str


class WrittenFloat(float):
    """A number that keeps its text."""

    written: str


def _with_text(value: Any, text: str) -> Any:
    """Return a number that keeps its text: 0, 08 and 1.10 may be names."""
    kind = {int: WrittenInt, float: WrittenFloat}.get(type(value))
    if kind is None:
        return value
    number = kind(value)
    number.written = text
    return number


def _named(path: Path) -> str:
    return show(path)[:80] or "scenario"


class _TreeReader:
    """Reader that visits the composed nodes once; it resolves scalars like YAML's safe loader and keeps keys as text."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.locations = SourceLocations(SourceLocation((1, 1), f"{file}:1:1", file))
        self.nodes = 0

    def read(self, text: str) -> tuple[Any, SourceLocations]:
        if len(text) > input_files.YAML_BYTES:
            raise self._error(None, f"larger than {input_files.YAML_BYTES / input_files.MB:g} MB; expected a scenario")
        try:
            self.loader = _BoundedLoader(text)
            node = self.loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._error(mark, f"no valid YAML: {_kind(error.problem or error.context)}{self._hint()}") from None
        except yaml.reader.ReaderError as error:
            raise self._error(None, f"no valid YAML: {error.reason} (character {error.position + 1})") from None
        except (yaml.YAMLError, RecursionError, ValueError):
            raise self._error(None, "no valid YAML") from None
        return (None if node is None else self._tree(node, ())), self.locations

    def _hint(self) -> str:
        """Say what was expected of a file whose name is another kind's."""
        is_other = "." in self.file and not self.file.endswith((".yaml", ".yml"))
        return "; expected a YAML file, such as those in scenarios/" if is_other else ""

    def _error(self, mark: yaml.Mark | None, problem: str) -> ScenarioError:
        return ScenarioError(f"{self._location(mark).text}: {problem}")

    def _location(self, mark: yaml.Mark | None) -> SourceLocation:
        if mark is None:
            return self.locations.root
        line, column = mark.line + 1, mark.column + 1
        return SourceLocation((line, column), f"{self.file}:{line}:{column}", self.file)

    def _count(self, node: yaml.Node, path: Path, depth: int) -> None:
        self.nodes += 1
        if self.nodes > LARGEST_TREE or depth > DEEPEST_TREE:
            raise self._error(node.start_mark, f"{_named(path)}: too large or too deep; expected a scenario")

    def _tree(self, node: yaml.Node, path: Path) -> Any:
        self._count(node, path, len(path))
        if node.tag != _PLAIN.get(type(node), node.tag):
            known = node.tag.startswith(_STANDARD)
            tag = repr(node.tag) if known else "of its own"
            raise self._error(node.start_mark, f"{_named(path)}: tag {tag}; expected plain YAML")
        if isinstance(node, yaml.ScalarNode) and node.tag != _TEXT and len(node.value) > LONGEST_VALUE:
            what = f"a value of {len(node.value)} characters"
            raise self._error(node.start_mark, f"{_named(path)}: {what}; expected at most {LONGEST_VALUE}")
        self.locations.values[path] = self._location(node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            # An item has no key, so an error about a missing key has the location of the item's start.
            items = {(*path, index): item for index, item in enumerate(node.value)}
            self.locations.keys.update({here: self._location(item.start_mark) for here, item in items.items()})
            return [self._tree(item, here) for here, item in items.items()]
        try:
            return _with_text(self.loader.construct_object(node), node.value)
        except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
            # PyYAML accepts values such as "!!bool x" without a check.
            what = f"no plain value ({type(error).__name__})"
            raise self._error(node.start_mark, f"{_named(path)}: {what}; expected text or a number") from None

    def _mapping(self, node: yaml.MappingNode, path: Path, merges: int = 0) -> dict[str, Any]:
        self._count(node, path, merges)
        tree: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node.start_mark, f"{_named(path)}: a key that is no plain text; expected a name")
            key = key_node.value
            here = (*path, key)
            if key in tree:
                first = self.locations.keys[here].text
                raise self._error(key_node.start_mark, f"{show(here)}: duplicate key; the first is at {first}")
            self.locations.keys[here] = self._location(key_node.start_mark)
            tree[key] = self._tree(value_node, here)
        for base in merged:
            if not isinstance(base, yaml.MappingNode):
                raise self._error(base.start_mark, f"{_named(path)}: '<<' takes a mapping such as *name")
            own, self.locations = self.locations, SourceLocations(self.locations.root)
            inherited = self._mapping(base, path, merges + 1)
            tree = inherited | tree
            # What stands here wins over what is inherited.
            for inner, location in self.locations.keys.items():
                own.keys.setdefault(inner, location)
            for inner, location in self.locations.values.items():
                own.values.setdefault(inner, location)
            self.locations = own
        return tree
