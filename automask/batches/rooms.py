"""Photos of one room in a batch: they are measured first, agree, and are then painted with what they agree on.

What a result depends on is known before anything is measured: `share_rooms` gives each job the digest of all photos of
its room. So a room that is done is skipped as any photo is, and a run that was stopped after the first photo of a room
reads what was agreed on from that photo's record, in place of measuring all of them again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from automask.batches.failures import failed_report
from automask.batches.worker import Worker
from automask.errors import AutomaskError, ConfigError
from automask.fingerprint import room_digest
from automask.masking.find import wanted
from automask.painting import agreement
from automask.results.files import files_of
from automask.results.records import read_record
from automask.types import Job, JobReport, SharedRoom


def members_of(jobs: Sequence[Job]) -> dict[str, tuple[Job, ...]]:
    """The jobs of each room."""
    rooms: dict[str, list[Job]] = {}
    for job in jobs:
        if job.room:
            rooms.setdefault(job.room, []).append(job)
    return {name: tuple(members) for name, members in rooms.items()}


def share_rooms(jobs: Sequence[Job], everything: Sequence[Job], worker: Worker) -> tuple[Job, ...]:
    """The jobs, those of rooms with what they share, as far as it is known before anything is measured.

    Args:
        jobs: Some of the batch.
        everything: All of it: a photo agrees with those that are done, too.
        worker: Knows what decides a result.

    Raises:
        ConfigError: Each photo would keep the candidate of another seed.
    """
    rooms = members_of(everything)
    if not any(job.room for job in jobs):
        return tuple(jobs)
    if worker.settings.candidates > 1:
        raise ConfigError(
            f"candidates={worker.settings.candidates} with photos of one room",
            hint="each photo would keep the candidate of another seed: leave one of the two out",
        )
    shared = {name: _shared(name, rooms[name], worker) for name in {job.room for job in jobs if job.room}}
    return tuple(replace(job, shared=shared.get(job.room)) for job in jobs)


def _shared(name: str, members: Sequence[Job], worker: Worker) -> SharedRoom:
    digests: list[str] = []
    for job in members:
        try:
            digests.append(worker.digest_alone(job))
        except (AutomaskError, OSError):
            continue  # it has no say: its own report will tell why it failed
    return SharedRoom(name, len({(job.photo, job.photo_url) for job in members}), room_digest(digests))


@dataclass(frozen=True, slots=True, eq=False)
class AgreeFirst:
    """A mapper that has the photos of each room agree before any of them is painted.

    Args:
        mapper: Does both.
        make_measurer: Makes what measures a photo, as `make_worker` of `map` makes what paints one.
        worker: Knows what is done, and holds the stages.
        everything: As in `share_rooms`.
        on_note: Called with what a person should know, as a sentence.
    """

    mapper: Any
    make_measurer: Callable[[], Callable[[Job], JobReport]]
    worker: Worker
    everything: Sequence[Job]
    on_note: Callable[[str], None]

    def map(
        self,
        make_worker: Callable[[], Callable[[Job], JobReport]],
        items: Sequence[Job],
        *,
        on_error: Callable[[Job, Exception], JobReport] | None = None,
    ) -> Iterator[JobReport]:
        agreed = self._agreed({job.room: job.shared for job in items if job.shared and not self._is_in_store(job)})
        yield from self.mapper.map(make_worker, [_with(job, agreed) for job in items], on_error=on_error)

    def _is_in_store(self, job: Job) -> bool:
        """Whether a job is done already in a store; those that are done in a folder do not come here."""
        if not (job.photo_url or job.out_url):
            return False
        try:
            return self.worker.is_finished(job)
        except (AutomaskError, OSError):
            return False

    def _agreed(self, shared: Mapping[str, SharedRoom]) -> dict[str, Mapping[str, Any]]:
        """What the photos of each room agree on."""
        rooms = {name: members for name, members in members_of(self.everything).items() if name in shared}
        agreed = {name: self._recorded(members, shared[name].digest) for name, members in rooms.items()}
        unknown = {name: _of_one_kind(members) for name, members in rooms.items() if agreed[name] is None}
        todo = [job for members in unknown.values() for job in members]
        if todo:
            count, of = len(todo), len(unknown)
            self.on_note(f"measuring {_count(count, 'photo')} of {_count(of, 'room')} first, so that they agree")
        measured: dict[str, dict[Job, Any]] = {name: {} for name in unknown}
        for report in self.mapper.map(self.make_measurer, todo, on_error=failed_report):
            if report.status == "done":
                measured[report.job.room][report.job] = report.record["measured"]
        stages = self.worker.stages
        for name, members in unknown.items():
            known = [job for job in members if job in measured[name]]
            agreed[name] = agreement.agree([measured[name][job] for job in known], [job.plan for job in known], stages)
            if shared[name].photos == 1:
                self.on_note(f"room {name!r} has one photo: there is nothing to agree on")
        return {name: value for name, value in agreed.items() if value is not None}

    def _recorded(self, members: Sequence[Job], digest: str) -> Mapping[str, Any] | None:
        """What the record of a photo that is done says that they agreed on; None without one, or if all is redone."""
        for job in () if self.worker.force else members:
            room = read_record(files_of(job.photo.name, job.out, job.name).record).get("room") or {}
            known = room.get("agreed")
            if digest and room.get("digest") == digest and known is not None:
                plans = [job.plan for job in members]
                return known if agreement.is_usable(known, plans, self.worker.stages) else None
        return None


def _with(job: Job, agreed: Mapping[str, Mapping[str, Any]]) -> Job:
    if job.shared is None:
        return job
    return replace(job, shared=replace(job.shared, agreed=agreed.get(job.room, {})))


def _of_one_kind(members: Sequence[Job]) -> tuple[Job, ...]:
    """The jobs without those that would measure what another does: the variants of a photo differ in prompts only."""
    kinds = {(job.photo, job.photo_url, wanted(job.plan), job.masks): job for job in reversed(members)}
    return tuple(job for job in members if kinds[job.photo, job.photo_url, wanted(job.plan), job.masks] is job)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
