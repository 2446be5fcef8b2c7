"""Machine code that Numba compiles once, kept on disk and called without loading Numba again.

Loading Numba and its registries takes about a CPU-second, which is more than tokenising a gigabyte. So its optimised
code is written to an object file, named after everything it follows from, and later runs only load that file
(llvmlite links it into the process). A kernel takes and gives 64-bit integers: addresses, sizes and numbers.
"""

import ctypes
import hashlib
import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_TOOLS: Final = ("numba", "llvmlite", "numpy")
_LIBRARY: Final = {
    **{name: name for name in ("memset", "memcpy", "memmove", "memcmp", "bcmp")},
    "NRT_MemInfo_call_dtor": "abort",
}
"""What compiled code may name, and the C function that it is: LLVM puts calls in place of loops, and Numba one that
would free an array of its own. Kernels make no array, so that one is never called. Without one of them, the linker
leaves all of them out."""


@dataclass(frozen=True)
class Kernels:
    """Functions that are to be compiled together.

    Attributes:
        name: what they are for; begins the file's name.
        functions: MODULE.FUNCTION of each, a plain function, and how many integers it takes. Its module may import
            Numba; nothing else needs to.
        depends: further modules that the code comes from.
    """

    name: str
    functions: Mapping[str, int]
    depends: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash(self.name)


def is_compiled(kernels: Kernels) -> bool:
    """Whether an earlier run compiled them on this machine; else `load_kernels` takes ten CPU-seconds."""
    return _stored(_digest(kernels)) is not None


@cache
def load_kernels(kernels: Kernels) -> Mapping[str, Callable[..., int]]:
    """The kernels, ready to be called, by name; compiled first (some seconds) when this machine never did."""
    import llvmlite.binding as llvm

    library = ctypes.CDLL(None)
    for name, function in _LIBRARY.items():
        llvm.add_symbol(name, ctypes.cast(getattr(library, function), ctypes.c_void_p).value)
    digest = _digest(kernels)
    stored = _stored(digest)
    code = stored if stored is not None else _compile(kernels)
    if stored is None:
        _store(digest, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return {name: _callable(engine, name, arguments) for name, arguments in kernels.functions.items()}


def _callable(engine: Any, symbol: str, arguments: int) -> Callable[..., int]:  # noqa: ANN401 - llvmlite is untyped
    """A compiled function in Numba's calling convention: it returns a status and writes its result."""
    pointer = ctypes.c_void_p
    integers = [ctypes.c_int64] * arguments
    native = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, *integers)(engine.get_function_address(symbol))

    def call(*numbers: int, _alive: object = engine) -> int:
        result, failure = ctypes.c_int64(), ctypes.c_void_p()
        if native(ctypes.addressof(result), ctypes.addressof(failure), *numbers):
            raise RuntimeError("compiled code failed")
        return result.value

    return call


def _target_machine() -> Any:  # noqa: ANN401 - llvmlite is untyped
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
    )


@cache
def _digest(kernels: Kernels) -> str:
    """What the code follows from: sources, tools and processor."""
    import llvmlite.binding as llvm

    seen = hashlib.sha256()
    modules = (name.rpartition(".")[0] for name in kernels.functions)
    for module in (__name__, *modules, *kernels.depends):
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.origin is not None:
            seen.update(Path(spec.origin).read_bytes())
    facts = (*(version(tool) for tool in _TOOLS), sys.version, llvm.get_host_cpu_name(), llvm.get_process_triple())
    seen.update("\0".join((*facts, llvm.get_host_cpu_features().flatten())).encode())
    return f"{kernels.name}-{seen.hexdigest()[:32]}.o"


def _compile(kernels: Kernels) -> bytes:
    """Let Numba translate and optimise, then emit one object file with plain symbol names."""
    import llvmlite.binding as llvm
    from numba import njit, types

    linked: Any = None
    for name, arguments in kernels.functions.items():
        signature = types.int64(*[types.int64] * arguments)
        options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        decorate: Any = njit(signature, **options)
        module_name, _, function_name = name.rpartition(".")
        dispatcher = decorate(getattr(importlib.import_module(module_name), function_name))
        (compiled,) = dispatcher.overloads.values()
        module = llvm.parse_assembly(str(dispatcher.inspect_llvm(compiled.signature.args)))
        entry = compiled.fndesc.llvm_func_name
        for function in module.functions:
            if function.is_declaration:
                continue
            if function.name == entry:
                function.name = name
            else:
                function.linkage = "internal"
        if linked is None:
            linked = module
        else:
            linked.link_in(module)
    code: bytes = _target_machine().emit_object(linked)
    return code


def _folders() -> tuple[Path, ...]:
    """Where compiled code may lie: beside this module's own bytecode, else in the user's cache."""
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(__file__).parent / "__pycache__", cached / "vestige")


def _stored(name: str) -> bytes | None:
    """Code that an earlier run left, if nobody else may have written it."""
    for folder in _folders():
        try:
            with (folder / name).open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_uid in {0, os.getuid()} and not status.st_mode & 0o022:
                    return file.read()
        except OSError:
            continue
    return None


def _store(name: str, code: bytes) -> None:
    """Keep the code for later runs; without a place to keep it, every run compiles."""
    for folder in _folders():
        partial = ""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, partial = tempfile.mkstemp(dir=folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(code)
            Path(partial).replace(folder / name)
        except OSError:
            if partial:
                Path(partial).unlink(missing_ok=True)
            continue
        return
