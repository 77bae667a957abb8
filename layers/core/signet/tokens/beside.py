"""Two signatures at once, where each is a call."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Generic, TypeVar

T = TypeVar("T")


class _Running(Generic[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._outcome: list[T] = []
        self._failure: Exception | None = None
        self.thread = threading.Thread(target=self._run, name="signature")
        self.thread.start()

    def _run(self) -> None:
        try:
            self._outcome.append(self._call())
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            self._failure = error

    def result(self) -> T:
        self.thread.join()
        if self._failure is not None:
            raise self._failure
        return self._outcome[0]


def beside(call: Callable[[], T], *, remote: bool) -> AbstractContextManager[Callable[[], T]]:
    """What gives the result of `call`: made on a thread beside the block where it is `remote`, else when asked for.

    The thread has ended when the block has, however that ends: what runs on is frozen with the execution environment.
    """
    return _on_a_thread(call) if remote else nullcontext(call)


@contextmanager
def _on_a_thread(call: Callable[[], T]) -> Iterator[Callable[[], T]]:
    running = _Running(call)
    try:
        yield running.result
    finally:
        running.thread.join()
