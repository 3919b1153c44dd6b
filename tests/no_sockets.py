"""A ban on sockets that the kernel keeps, also for libraries that are not written in Python.

``forbid_sockets`` is for a program of its own: there is no way back, and the first attempt, a name
look-up too, kills the process by the signal SIGSYS.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

_SOCKET_CALL = {"x86_64": 41, "aarch64": 198}
CAN_FORBID_SOCKETS = sys.platform == "linux" and platform.machine() in _SOCKET_CALL

_LOAD_CALL_NUMBER, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_KILL_PROCESS, _ALLOW = 0x80000000, 0x7FFF0000
_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid_sockets() -> None:
    """Let the kernel end this process where it, or a thread that it starts, opens a socket."""
    steps = [
        (_LOAD_CALL_NUMBER, 0, 0, 0),
        (_JUMP_IF_EQUAL, 0, 1, _SOCKET_CALL[platform.machine()]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl failed")
