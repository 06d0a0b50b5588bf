"""Public functions say in their docstring which errors they raise."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = sorted(path for room in ("bot", "handlers", "models") for path in (ROOT / room).rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(node: ast.AST) -> Iterator[Function]:
    """The functions and methods of a module whose names, and whose classes' names, have no leading underscore."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef) and not child.name.startswith("_"):
            if isinstance(child, Function):
                yield child
            else:
                yield from public_functions(child)


def raised_errors(function: Function) -> set[str]:
    """The names of the classes in its own `raise` statements; raising again what was caught is left out."""
    names = set()
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, Function | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = error.attr if isinstance(error, ast.Attribute) else getattr(error, "id", "")
            if name[:1].isupper():
                names.add(name)
        pending.extend(ast.iter_child_nodes(node))
    return names


def silent_functions(source: str) -> list[str]:
    """The public functions that raise an error which their docstring neither names nor mentions."""
    found = []
    for function in public_functions(ast.parse(source)):
        docstring = ast.get_docstring(function) or ""
        says_raises = "raises" in docstring.lower()
        if any(name not in docstring and not says_raises for name in raised_errors(function)):
            found.append(function.name)
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_public_function_that_raises_says_so(path: Path) -> None:
    assert silent_functions(path.read_text()) == []


def test_the_check_sees_what_it_is_to_see() -> None:
    source = '''
def silent():
    """Does it."""
    if True:
        raise ValueError("no")

def named():
    """Does it, or `ValueError`."""
    raise ValueError

def again():
    """Does it."""
    try:
        pass
    except ValueError as error:
        raise error

def _private():
    raise ValueError

class Public:
    def silent_method(self):
        raise errors.KeyError("no")
'''
    assert silent_functions(source) == ["silent", "silent_method"]
