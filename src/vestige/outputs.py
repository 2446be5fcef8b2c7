"""Outputs are written beside their place and moved into it whole, or not at all.

Unfinished work lies in a hidden sibling, `.NAME.partial-*`, that holds a lock while its writer lives. A killed
writer leaves an unlocked sibling behind, which the next writer to the same place removes.
"""

import ctypes
import errno
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vestige.errors import OutputError, raise_clean

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staged_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """A new folder to fill; it becomes `path` when the block ends without an exception.

    Args:
        path: where the folder shall stand. Its parent must exist.
        replace: whether an existing folder at `path` may be replaced (in one step, where the system can).

    Yields:
        The unfinished folder, on the same file system.

    Raises:
        OutputError: `path` exists and may not be replaced, is being written by another run, or cannot be
            written (permissions, full disk).
    """
    with _staged(path, replace=replace, folder=True) as partial:
        yield partial


@contextmanager
def staged_file(path: Path, *, replace: bool = False, mode: int = 0o644) -> Iterator[Path]:
    """A new file to fill; it becomes `path` when the block ends without an exception.

    Args:
        path: where the file shall stand. Its parent must exist.
        replace: whether an existing file at `path` may be replaced.
        mode: permissions of the file, set before the first byte is written.

    Yields:
        The unfinished, empty file, on the same file system.

    Raises:
        OutputError: as for `staged_folder`.
    """
    with _staged(path, replace=replace, folder=False) as partial:
        target = partial / path.name
        target.touch(mode=mode)
        yield target


def check_folder_output(path: Path, *, replace: bool) -> None:
    """Fail before long work, not after it, if `staged_folder` would refuse the place; it looks again in the end.

    Raises:
        OutputError: `path` exists and may not be replaced, or its parent does not exist.
    """
    _refuse_existing(path, replace=replace, folder=True)
    if not path.absolute().parent.is_dir():
        raise output_error(FileNotFoundError(errno.ENOENT, ""))


@contextmanager
def _staged(path: Path, *, replace: bool, folder: bool) -> Iterator[Path]:
    _refuse_existing(path, replace=replace, folder=folder)
    failure: OSError | None = None
    partial: Path | None = None
    lock = -1
    try:
        partial, lock = _begin(path)
        content = partial / "content" if folder else partial
        content.mkdir(exist_ok=True)
        yield content
        _sync(content)
        _refuse_existing(path, replace=replace, folder=folder)
        _move(content if folder else content / path.name, path)
    except OSError as error:
        failure = error
    finally:
        if partial is not None:
            _remove(partial)
        if lock >= 0:
            os.close(lock)
    if failure is not None:
        raise_clean(output_error(failure))


def _begin(path: Path) -> tuple[Path, int]:
    """Sweep, make the unfinished folder and lock it; one writer at a time, lest one sweeps what another begins."""
    parent = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(parent, fcntl.LOCK_EX)
        _sweep(path)
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.partial-", dir=path.parent))
        return partial, _lock(partial)
    finally:
        os.close(parent)


def _remove(partial: Path) -> None:
    try:
        shutil.rmtree(partial, ignore_errors=True)
    except KeyboardInterrupt:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def output_error(failure: OSError) -> OutputError:
    """The clean error for a failed write; names no path, since a path may be a custodian's own words."""
    if failure.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutputError("the disk is full; nothing was written", hint="free some room or choose another --out")
    if failure.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return OutputError("the output cannot be written there", hint="check the folder's permissions")
    if failure.errno == errno.ENOENT:
        return OutputError("the folder that shall hold the output does not exist", hint="create it first")
    reason = os.strerror(failure.errno).lower() if failure.errno else "unknown reason"
    return OutputError(f"writing failed: {reason}; nothing was written", hint="check the disk and try again")


def _refuse_existing(path: Path, *, replace: bool, folder: bool) -> None:
    if path.is_symlink() or path.exists():
        if not replace:
            raise OutputError("the output exists already", hint="choose another --out, or pass --replace")
        if path.is_symlink() or path.is_dir() != folder:
            raise OutputError("what stands at the output is of another kind", hint="choose another --out")


def _lock(partial: Path) -> int:
    descriptor = os.open(partial / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def _sweep(path: Path) -> None:
    """Remove what killed writers left; refuse when a living one is at work."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.partial-*"):
        try:
            descriptor = _lock(leftover)
        except BlockingIOError:
            busy = True
        except OSError:
            continue
        else:
            busy = False
            shutil.rmtree(leftover, ignore_errors=True)
            os.close(descriptor)
        if busy:
            raise OutputError("another run is writing there now", hint="wait for it, or choose another --out")


def _sync(content: Path) -> None:
    for folder, _, files in os.walk(content):
        for name in [*files, "."]:
            descriptor = os.open(Path(folder) / name, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _move(source: Path, path: Path) -> None:
    if path.exists() and path.is_dir() and not _exchange(source, path):
        path.rename(source.with_name("replaced"))
    if source.exists() and not (path.exists() and path.is_dir()):
        source.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step (Linux); False where the system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
