"""Runs a module that ends with its parent process and connects to loopback only.

`python -m sandbox.demo.isolated_run bot run` is `python -m bot run` under these two rules.

A demo that is killed cannot stop its bot. On Linux the kernel does it then; on other systems the bot stays.
https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html

The demo never calls another machine, whatever a network's default address is: an audit hook sees every name
look-up and connection first, and refuses as a closed port does.
https://docs.python.org/3/library/audit_events.html
"""

import ctypes
import ipaddress
import runpy
import signal
import socket
import sys
from typing import Any

PR_SET_PDEATHSIG = 1


def _refuse_outside(event: str, details: tuple[Any, ...]) -> None:
    """Raise ConnectionRefusedError for a connection to another machine."""
    if event in {"socket.connect", "socket.sendto"}:
        family, address = details[0].family, details[1]
        if family in {socket.AF_INET, socket.AF_INET6}:
            _must_be_local(address[0])
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        _must_be_local(details[0])


def _must_be_local(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name == "localhost":
        return
    try:
        is_local = ipaddress.ip_address(name).is_loopback or name in {"0.0.0.0", "::"}  # to listen
    except ValueError:
        is_local = False
    if not is_local:
        raise ConnectionRefusedError(f"a demo does not call {name}")


if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    sys.addaudithook(_refuse_outside)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
