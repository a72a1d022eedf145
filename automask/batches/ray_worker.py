"""A worker in a Ray actor, on whichever machine Ray chooses."""

import math
import time
from typing import Any

from automask.batches.pool import TRIES, TRIES_OF_MACHINES, Answer, MakeWorker, call, try_item
from automask.batches.threads import limit_threads


class ActorHandle:
    """A Ray actor, the answer that it is working on, and when that is due; `limit_s` 0 is no limit for an item."""

    def __init__(
        self, ray: Any, actor: Any, make_worker: MakeWorker[Any, Any], threads: int, limit_s: float = 0.0
    ) -> None:
        self._ray = ray
        self._actor = actor
        self._exit_reason = ""
        self._machine: str | None = None
        self._limit_s = limit_s
        self.due = math.inf
        self.answer = actor.load.remote(make_worker, threads)

    def give(self, item: Any) -> None:
        self.due = time.monotonic() + self._limit_s if self._limit_s else math.inf
        self.answer = self._actor.run.remote(item)

    def is_overdue(self) -> bool:
        """Whether its item takes longer than allowed."""
        return time.monotonic() >= self.due and not self._ray.wait([self.answer], timeout=0)[0]

    def receive(self) -> Answer | None:
        if self.is_overdue():
            self._ray.kill(self._actor)
            self._exit_reason = f"it took more than the {self._limit_s:g} s of mapper.photo_limit_s"
            return None
        self.due = math.inf
        try:
            answer: Answer = self._ray.get(self.answer)
        except self._ray.exceptions.RayError as error:
            # What the worker raises comes as an answer, so whatever Ray itself raises means a lost process or machine.
            self._exit_reason = " ".join(str(error).split())
            return None
        if self._machine is None:
            self._machine = answer[1] if answer[0] else ""
        return answer

    def exit_reason(self) -> str:
        return self._exit_reason

    def tries(self) -> int:
        if self.due < math.inf:
            return 0
        lost = {node["NodeID"] for node in self._ray.nodes() if not node["Alive"]}
        return TRIES_OF_MACHINES if self._machine in lost else TRIES

    def stop(self, *, busy: bool) -> None:  # noqa: ARG002 - Ray has one way only
        self._ray.kill(self._actor)


class RayWorker:
    """The class of the actor. Its first answer also tells the machine that it runs on."""

    def load(self, make_worker: MakeWorker[Any, Any], threads: int) -> Answer:
        import ray

        limit_threads(threads)
        loaded = try_item(call, make_worker)
        self._work = loaded[1]
        return loaded[0], ray.get_runtime_context().get_node_id() if loaded[0] else loaded[1]

    def run(self, item: Any) -> Answer:
        return try_item(self._work, item)
