"""A file system in memory that can be told to fail: EIO as a dying disk, EROFS as one that protects itself, ENOSPC.

The kernel asks for each operation by the FUSE protocol (see `linux/fuse.h`), answered here by a thread. So what the
program under test meets is a real file system, and a real failure of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_IN = struct.Struct("<IIQQIIIHH")
_OUT = struct.Struct("<IiQ")
_ATTR = struct.Struct("<QQQQQQIIIIIIIIII")
_ROOM = 1 << 20
_DIRECT = 1
"""Every read and write comes here: the kernel caches nothing that it could fail to write later."""

_UNANSWERED = frozenset({2, 36, 42})
"""Forget, interrupt, and forget many."""


class _Node:
    """A file or folder."""

    def __init__(self, number: int, mode: int) -> None:
        self.number = number
        self.mode = mode
        self.data = bytearray()
        self.children: dict[bytes, _Node] = {}
        self.links = 1


class Disk:
    """The file system.

    Attributes:
        trouble: What everything that writes fails with; 0 for nothing.
        refused: How many operations have failed so.
    """

    def __init__(self) -> None:
        self.trouble = 0
        self.refused = 0
        self._root = _Node(1, stat.S_IFDIR | 0o777)
        self._nodes = {1: self._root}
        self._descriptor = -1

    @contextlib.contextmanager
    def mounted(self, place: Path) -> Iterator[bool]:
        """Mount it on a folder for as long as the block runs; False where that is not possible."""
        try:
            self._descriptor = os.open("/dev/fuse", os.O_RDWR)
        except OSError:
            yield False
            return
        options = f"fd={self._descriptor},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"torture", str(place).encode(), b"fuse", 0, options.encode()) != 0:
            os.close(self._descriptor)
            yield False
            return
        threading.Thread(target=self._serve, daemon=True).start()
        try:
            yield True
        finally:
            self.trouble = 0
            subprocess.run(["umount", "-l", str(place)], check=False)

    def _serve(self) -> None:
        while True:
            try:
                asked = os.read(self._descriptor, _ROOM + 4096)
            except InterruptedError:
                continue
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EAGAIN):
                    continue
                return  # it is mounted no more
            _, opcode, unique, number, *_ = _IN.unpack_from(asked)
            if opcode in _UNANSWERED:
                continue
            body = memoryview(asked)[_IN.size :]
            try:
                handler = _HANDLERS.get(opcode)
                if handler is None:
                    raise OSError(errno.ENOSYS, "")
                if self.trouble and _writes(opcode, body):
                    self.refused += 1
                    raise OSError(self.trouble, "")
                answer = handler(self, self._nodes[number] if number else self._root, body)
                failure = 0
            except OSError as error:
                answer, failure = b"", -(error.errno or errno.EIO)
            except KeyError:
                answer, failure = b"", -errno.ENOENT
            with contextlib.suppress(OSError):
                os.write(self._descriptor, _OUT.pack(_OUT.size + len(answer), failure, unique) + answer)

    # -- operations

    def _init(self, node: _Node, body: memoryview) -> bytes:
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 16, 12, 65536, 1, 0, 0, 0)

    def _attributes(self, node: _Node) -> bytes:
        now = int(time.time())
        size = len(node.data)
        links = 2 if node.children else node.links
        return _ATTR.pack(
            node.number, size, (size + 511) // 512, now, now, now, 0, 0, 0, node.mode, links, 0, 0, 0, 4096, 0
        )

    def _entry(self, node: _Node) -> bytes:
        return struct.pack("<QQQQII", node.number, 0, 0, 0, 0, 0) + self._attributes(node)

    def _lookup(self, node: _Node, body: memoryview) -> bytes:
        return self._entry(node.children[_names(body)[0]])

    def _getattr(self, node: _Node, body: memoryview) -> bytes:
        return struct.pack("<QII", 0, 0, 0) + self._attributes(node)

    def _setattr(self, node: _Node, body: memoryview) -> bytes:
        valid, _, _, size = struct.unpack_from("<IIQQ", body)
        if valid & 8:
            del node.data[size:]
            node.data.extend(bytes(size - len(node.data)))
        return self._getattr(node, body)

    def _make(self, parent: _Node, name: bytes, mode: int) -> _Node:
        node = _Node(len(self._nodes) + 1, mode)
        self._nodes[node.number] = node
        parent.children[name] = node
        return node

    def _mkdir(self, node: _Node, body: memoryview) -> bytes:
        return self._entry(self._make(node, _names(body[8:])[0], stat.S_IFDIR | 0o777))

    def _create(self, node: _Node, body: memoryview) -> bytes:
        name = _names(body[16:])[0]
        made = node.children.get(name) or self._make(node, name, stat.S_IFREG | 0o666)
        return self._entry(made) + self._open(made, body)

    def _unlink(self, node: _Node, body: memoryview) -> bytes:
        node.children.pop(_names(body)[0]).links -= 1
        return b""

    def _rename(self, node: _Node, body: memoryview, skip: int = 8) -> bytes:
        (target,) = struct.unpack_from("<Q", body)
        old, new = _names(body[skip:])
        self._nodes[target].children[new] = node.children.pop(old)
        return b""

    def _rename2(self, node: _Node, body: memoryview) -> bytes:
        return self._rename(node, body, 16)

    def _link(self, node: _Node, body: memoryview) -> bytes:
        (target,) = struct.unpack_from("<Q", body)
        name = _names(body[8:])[0]
        if name in node.children:
            raise OSError(errno.EEXIST, "")
        linked = node.children[name] = self._nodes[target]
        linked.links += 1
        return self._entry(linked)

    def _open(self, node: _Node, body: memoryview) -> bytes:
        return struct.pack("<QII", node.number, _DIRECT, 0)

    def _opendir(self, node: _Node, body: memoryview) -> bytes:
        return struct.pack("<QII", node.number, 0, 0)

    def _read(self, node: _Node, body: memoryview) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        return bytes(node.data[offset : offset + size])

    def _write(self, node: _Node, body: memoryview) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        if offset > len(node.data):
            node.data.extend(bytes(offset - len(node.data)))
        node.data[offset : offset + size] = body[40 : 40 + size]
        return struct.pack("<II", size, 0)

    def _readdir(self, node: _Node, body: memoryview) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        found = b""
        for place, (name, child) in enumerate(list(node.children.items())[offset:], offset + 1):
            entry = struct.pack("<QQII", child.number, place, len(name), stat.S_IFMT(child.mode) >> 12) + name
            entry += bytes(-len(entry) % 8)
            if len(found) + len(entry) > size:
                break
            found += entry
        return found

    def _statfs(self, node: _Node, body: memoryview) -> bytes:
        return struct.pack("<QQQQQIIII24x", 1 << 20, 1 << 19, 1 << 19, 1 << 20, 1 << 19, 4096, 255, 4096, 0)

    def _nothing(self, node: _Node, body: memoryview) -> bytes:
        return b""


def _names(body: memoryview) -> list[bytes]:
    return bytes(body).split(b"\0")[:-1]


_HANDLERS: dict[int, Callable[[Disk, _Node, memoryview], bytes]] = {
    1: Disk._lookup,
    3: Disk._getattr,
    4: Disk._setattr,
    9: Disk._mkdir,
    10: Disk._unlink,
    11: Disk._unlink,
    12: Disk._rename,
    13: Disk._link,
    14: Disk._open,
    15: Disk._read,
    16: Disk._write,
    17: Disk._statfs,
    18: Disk._nothing,
    20: Disk._nothing,
    25: Disk._nothing,
    26: Disk._init,
    27: Disk._opendir,
    28: Disk._readdir,
    29: Disk._nothing,
    30: Disk._nothing,
    35: Disk._create,
    45: Disk._rename2,
}


def _writes(opcode: int, body: memoryview) -> bool:
    """Whether an operation changes the disk; opening for it does too, as disks that are read-only have it."""
    if opcode == 14:
        return struct.unpack_from("<I", body)[0] & (os.O_WRONLY | os.O_RDWR) != 0
    return opcode in (4, 9, 10, 11, 12, 13, 16, 20, 35, 45)
