"""What must not outlive the program, however that ends.

    class Tent(Closing):
        def __init__(self):
            super().__init__()
            ...
        def _close(self):
            ...

A Closing is closed at the end of its `with`, at the end of the program, and
after SIGINT, SIGTERM or SIGHUP, the youngest first. A signal that comes while
something is being closed waits until it is.
"""

import atexit
import contextlib
import os
import signal

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_open = []
_closings_under_way = 0
_waiting_signal = None


class Closing:
    """Undone once by its `_close()`."""

    def __init__(self):
        for number in _SIGNALS:
            signal.signal(number, _on_signal)
        _open.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Undoes what was made; may be called again."""
        with _undisturbed():
            if self in _open:
                _open.remove(self)
                self._close()

    def _close(self):
        raise NotImplementedError


@atexit.register
def _close_all():
    with _undisturbed(), contextlib.ExitStack() as all_of_them:
        for one in _open:
            all_of_them.callback(one.close)


@contextlib.contextmanager
def _undisturbed():
    global _closings_under_way
    _closings_under_way += 1
    try:
        yield
    finally:
        _closings_under_way -= 1
        if _waiting_signal and not _closings_under_way:
            _close_all_and_die(_waiting_signal)


def _on_signal(number, _):
    global _waiting_signal
    if _closings_under_way:
        _waiting_signal = number
    else:
        _close_all_and_die(number)


def _close_all_and_die(number):
    global _waiting_signal
    _waiting_signal = None
    try:
        _close_all()
    finally:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
