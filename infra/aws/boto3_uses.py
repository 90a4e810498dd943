"""What a service uses of boto3, read from its code: operations, parameters, parts of answers.

Nothing is run. From a service's Lambda entries the imports are followed through `services` and
`shared`. A call counts where a method is named like an operation of one of the AWS services whose
clients are made there; nested parameters and parts of answers are the names in AWS's spelling
(``ModelLifeCycle``) that the module of a call writes and reads.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

REPOSITORY = Path(__file__).parents[2]
OURS = "services", "shared"
ENTRIES: Mapping[str, tuple[str, ...]] = {"ingest": ("services.ingest.polling.app",)}
AWS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
STUBS = re.compile(r"mypy_boto3_(\w+)")
OF_BOTO3_ITSELF = frozenset({"PaginationConfig", "MaxItems", "PageSize"})


@dataclass(frozen=True, order=True)
class Operation:
    """An operation of an AWS service: ``sagemaker``, ``CreateModel``."""

    service: str
    name: str

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


@dataclass(frozen=True)
class Uses:
    """What one module uses.

    Parameters
    ----------
    parameters : mapping
        Per operation the parameters that are given by name where it is called.
    pages : frozenset
        Operations that are asked page by page: their paginator is needed, too.
    written : frozenset of str
        All names in AWS's spelling that the module gives, however deep.
    read : frozenset of str
        All names in AWS's spelling that the module reads of answers.
    """

    module: str
    parameters: Mapping[Operation, frozenset[str]]
    pages: frozenset[Operation]
    written: frozenset[str]
    read: frozenset[str]


@dataclass
class Reading(ast.NodeVisitor):
    """Reads one module; what only type checkers see is left out."""

    clients: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)
    called: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    paged: list[str] = field(default_factory=list)
    named: dict[str, frozenset[str]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)

    def visit_If(self, node: ast.If) -> None:  # noqa: N802  # ast's name
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)
            return
        for one in node.body:
            if isinstance(one, ast.ImportFrom) and (found := STUBS.fullmatch(one.module or "")):
                self.typed.append(found[1].replace("_", "-"))

    def visit_Import(self, node: ast.Import) -> None:  # noqa: N802  # ast's name
        self.imported += [alias.name for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:  # noqa: N802  # ast's name
        above = node.module or ""
        self.imported += [above, *(f"{above}.{alias.name}" for alias in node.names)]

    def visit_Call(self, node: ast.Call) -> None:  # noqa: N802  # ast's name
        given = self.given(node)
        self.written |= {name for name in given if AWS_NAME.fullmatch(name)}
        match node.func, node.args:
            case (
                (ast.Name("client") | ast.Attribute(attr="client")),
                [ast.Constant(str(service))],
            ):
                self.clients.append(service)
            case ast.Attribute(ast.Call(args=[ast.Constant(str(method))]), "paginate"), _:
                self.paged.append(method)
                self.called.append((method, given))
            case ast.Attribute(attr="get"), [ast.Constant(str(name)), *_]:
                self.note_read(name)
            case ast.Attribute(value=owner, attr=method), _ if not is_self(owner):
                self.called.append((method, given))
        self.generic_visit(node)

    def given(self, node: ast.Call) -> frozenset[str]:
        """Answer the parameters that a call names, also those in ``**variable`` where the variable
        is a dictionary written in this function."""
        found: set[str] = set()
        for word in node.keywords:
            if word.arg:
                found.add(word.arg)
            elif isinstance(word.value, ast.Name):
                found |= self.named.get(word.value.id, frozenset())
        return frozenset(found - OF_BOTO3_ITSELF)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:  # noqa: N802  # ast's name
        outside, self.named = self.named, {}
        self.generic_visit(node)
        self.named = outside

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802  # ast's name
        self.note_named(node.targets, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802  # ast's name
        self.note_named([node.target], node.value)
        self.generic_visit(node)

    def note_named(self, targets: Sequence[ast.expr], value: ast.expr | None) -> None:
        """Note the keys of a dictionary that gets a name."""
        for target in targets:
            if isinstance(target, ast.Name) and (keys := keys_of(value)):
                self.named[target.id] = keys

    def visit_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802  # ast's name
        if not is_self(node.value):  # a method that is called later
            self.called.append((node.attr, frozenset()))
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:  # noqa: N802  # ast's name
        for key in node.keys:
            if isinstance(key, ast.Constant) and AWS_NAME.fullmatch(str(key.value)):
                self.written |= {str(key.value)} - OF_BOTO3_ITSELF
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:  # noqa: N802  # ast's name
        if isinstance(node.slice, ast.Constant) and not str(node.slice.value).endswith("TypeDef"):
            self.note_read(str(node.slice.value))
        self.generic_visit(node)

    def note_read(self, name: str) -> None:
        """Note what is read of an answer, if it is spelled as AWS does."""
        if AWS_NAME.fullmatch(name):
            self.read.add(name)


def keys_of(node: ast.expr | None) -> frozenset[str]:
    """Answer the keys of a dictionary, or of the two between which a condition decides."""
    match node:
        case ast.Dict(keys=keys):
            return frozenset(str(key.value) for key in keys if isinstance(key, ast.Constant))
        case ast.IfExp(body=body, orelse=orelse):
            return keys_of(body) | keys_of(orelse)
    return frozenset()


def is_self(node: ast.expr) -> bool:
    """Tell whether it is the object's own method, however it is named."""
    return isinstance(node, ast.Name) and node.id == "self"


@cache
def reading(module: str) -> Reading:
    """Read a module of ours."""
    found = Reading()
    found.visit(ast.parse(path_of(module).read_text()))
    return found


def path_of(module: str) -> Path:
    """Answer where a module is, or would be."""
    path = REPOSITORY.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def entries(service: str) -> tuple[str, ...]:
    """Answer the modules that are Lambda entries of a service."""
    return f"services.{service}.app", *ENTRIES.get(service, ())


@cache
def modules(service: str) -> tuple[str, ...]:
    """Answer all modules of ours that a service's entries import, in the order of names."""
    found: set[str] = set()
    waiting = list(entries(service))
    while waiting:
        module = waiting.pop()
        if module in found or module.split(".")[0] not in OURS or not path_of(module).exists():
            continue
        found.add(module)
        waiting += reading(module).imported
    return tuple(sorted(found))


def clients(service: str) -> frozenset[str]:
    """Answer the AWS services whose clients a service makes."""
    return frozenset(client for module in modules(service) for client in reading(module).clients)


@cache
def operations(client: str) -> Mapping[str, Operation]:
    """Answer an AWS service's operations by the names of their methods in boto3."""
    names = get_session().get_service_model(client).operation_names
    return {xform_name(name): Operation(client, name) for name in names}


def uses(service: str) -> Iterator[Uses]:
    """Answer what each module of a service uses; those that use nothing are left out.

    Raises
    ------
    LookupError
        If a method's name is an operation of two AWS services, and the module says of neither that
        it has its client.
    """
    for module in modules(service):
        seen = reading(module)
        parameters: dict[Operation, frozenset[str]] = {}
        for method, given in seen.called:
            if operation := called(service, seen, method):
                parameters[operation] = parameters.get(operation, frozenset()) | given
        if parameters:
            pages = frozenset(filter(None, (called(service, seen, name) for name in seen.paged)))
            yield Uses(module, parameters, pages, frozenset(seen.written), frozenset(seen.read))


def called(service: str, seen: Reading, method: str) -> Operation | None:
    """Answer the operation that a method is, if it is one: the clients that a module names come
    first, then all of the service's."""
    for candidates in (frozenset(seen.typed), clients(service)):
        having = [client for client in sorted(candidates) if method in operations(client)]
        if len(having) > 1:
            raise LookupError(f"{method} is an operation of {' and '.join(having)}: rename ours")
        if having:
            return operations(having[0])[method]
    return None
