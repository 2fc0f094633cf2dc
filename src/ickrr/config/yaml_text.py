"""Read YAML that people write: its values, and the file and line of each of them.

Numbers are those of YAML 1.2: ``1e-6`` is one, ``010`` is ten, and ``1:30`` is text. Merge keys
(``<<: *base``) are understood.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from ickrr.errors import ConfigError, FileError
from ickrr.io.texts import read_text

KeyPath = tuple[str, ...]
Positions = dict[KeyPath, str]

MOST_VALUES: Final = 100_000  # a few aliases of aliases can stand for more values than fit into memory
DEEPEST: Final = 100  # levels; composing a document recurses
MERGE: Final = "tag:yaml.org,2002:merge"
NUMBER: Final = r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?"
SPECIAL: Final = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
DIGITS: Final = "-+0123456789."

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster if PyYAML was built with it


class _Loader(_Base):  # type: ignore[misc]  # its base is chosen at run time
    """Safe YAML with the numbers of YAML 1.2."""


_Loader.yaml_implicit_resolvers = {
    first: [entry for entry in entries if entry[0].rpartition(":")[2] not in ("int", "float", "timestamp")]
    for first, entries in _Base.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9][0-9_]*$"), list(DIGITS))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(f"^(?:{NUMBER}|{SPECIAL})$"), list(DIGITS)
)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value.replace("_", "")))


def read_yaml(path: Path) -> tuple[dict[str, Any], Positions]:
    """Return the values of a YAML file, and where each of its keys stands.

    Returns:
        Its values, and ``file:line`` of every key path; entries of lists are counted from 0.

    Raises:
        ConfigError: the file is missing, is not text, does not parse, is not a mapping, or has a key twice.
    """
    try:
        text = read_text(path)
    except FileError as error:
        raise ConfigError(str(error)) from error
    if not text.strip():
        raise ConfigError(f"{path}: is empty; write 'key: value' lines, or leave the file out")
    document = _Document(path)
    values = document.read(text)
    if values is None:  # the file has only comments
        return {}, {}
    if not isinstance(values, dict):
        found = f"{values!r:.60}"
        raise ConfigError(f"{path}: expected 'key: value' lines at the top, found {found}")
    return values, document.positions


def scalar(text: str) -> Any:
    """Return the meaning of a bare word in YAML: a number, true, false, None, or the word itself."""
    loader = _Loader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))
        return loader.construct_object(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError):  # merge keys and the like count as words
        return text
    finally:
        loader.dispose()


class _Document:
    """One YAML file, while its nodes become values."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.positions: Positions = {}
        self._count = 0

    def read(self, text: str) -> Any:
        """Return the values of the only document of a text."""
        loader = None
        try:
            self._refuse_depths(text)
            loader = self._loader = _Loader(text)
            node = loader.get_single_node()
            return None if node is None else self._value(node, (), ())
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            told = [str(part) for name in ("context", "problem") if (part := getattr(error, name, None))]
            problem = ", ".join(told) or str(error).splitlines()[0]
            raise ConfigError(
                f"{self._path}{line}: not valid YAML: {problem}; mind indentation (by spaces), colons and "
                "brackets"
            ) from error
        finally:
            if loader is not None:
                loader.dispose()

    def _refuse_depths(self, text: str) -> None:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise ConfigError(f"{self._where(event)}: is nested more than {DEEPEST} levels deep")

    def _value(self, node: yaml.Node, key: KeyPath, above: tuple[yaml.Node, ...]) -> Any:
        where = self._where(node)
        self.positions[key] = where
        self._count += 1
        if self._count > MOST_VALUES:
            raise ConfigError(f"{where}: holds more than {MOST_VALUES} values, counting aliases")
        if node in above or len(above) > DEEPEST:
            raise ConfigError(f"{where}: {'.'.join(key)}: this alias holds itself; write out what is meant")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, key)
        if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            raise ConfigError(f"{where}: {'.'.join(key)}: tags such as {node.tag} are not known; remove it")
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return [self._value(item, (*key, str(index)), (*above, node)) for index, item in items]
        assert isinstance(node, yaml.MappingNode)  # the only other kind of collection
        values: dict[str, Any] = {}
        for name_node, value_node in self._entries(node, key, ()):
            name = name_node.value
            values[name] = self._value(value_node, (*key, name), (*above, node))
            self.positions[(*key, name)] = self._where(name_node)
        return values

    def _entries(
        self, node: yaml.MappingNode, key: KeyPath, above: tuple[yaml.Node, ...]
    ) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        """Yield names and values of a mapping: its own first, then those that it only has by merging."""
        taken: set[str] = set()
        merged: list[yaml.Node] = []
        for name, value in node.value:
            where = self._where(name)
            if name.tag == MERGE:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                continue
            if not isinstance(name, yaml.ScalarNode):
                raise ConfigError(f"{where}: {'.'.join(key) or 'top level'}: a key must be one word")
            if name.value in taken:
                raise ConfigError(f"{where}: {'.'.join((*key, name.value))}: this key stands twice; keep one")
            taken.add(name.value)
            yield name, value
        for other in merged:
            if not isinstance(other, yaml.MappingNode) or other in (*above, node):
                raise ConfigError(
                    f"{self._where(other)}: {'.'.join((*key, '<<'))}: merges what is not another mapping; "
                    "write <<: *name, or <<: [*name, *other]"
                )
            for name, value in self._entries(other, key, (*above, node)):
                if name.value not in taken:
                    taken.add(name.value)
                    yield name, value

    def _scalar(self, node: yaml.ScalarNode, key: KeyPath) -> Any:
        try:
            return self._loader.construct_object(node)
        except ValueError as error:
            found = f"{node.value:.60}"
            raise ConfigError(
                f"{self._where(node)}: {'.'.join(key)}: {found} cannot be read ({error})"
            ) from error

    def _where(self, node: yaml.Node | yaml.Event) -> str:
        mark: Any = node.start_mark  # the parser sets all of them
        return f"{self._path}:{mark.line + 1}"
