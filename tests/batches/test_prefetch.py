import threading

import pytest

from automask.batches.prefetch import Finished, prefetched


def on_error(item, error):
    return f"{item} failed: {error}"


def read(item):
    if item == "unreadable":
        raise OSError("no such photo")
    return Finished(f"{item} was done") if item.startswith("done") else item.upper()


def work(ready):
    if any(item == "worst" for item, _ in ready):
        raise MemoryError("no room")
    return [ValueError("bad") if item == "bad" else text + "!" for item, text in ready]


def write(item, made):
    if item == "unwritable":
        raise OSError("disk full")
    return f"{item} is {made}"


def run(items, **settings):
    return list(prefetched(items, read=read, work=work, write=write, on_error=on_error, **settings))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 50])
def test_every_item_has_its_result_in_order_whatever_fails(batch_size: int):
    items = ["a", "unreadable", "bad", "done before", "unwritable", "b"] * 3
    assert (
        run(items, batch_size=batch_size)
        == [
            "a is A!",
            "unreadable failed: no such photo",
            "bad failed: bad",
            "done before was done",
            "unwritable failed: disk full",
            "b is B!",
        ]
        * 3
    )


def test_work_that_raises_fails_those_it_was_given_and_no_others():
    assert run(["a", "b", "worst", "c", "d"], batch_size=2) == [
        "a is A!",
        "b is B!",
        "worst failed: no room",
        "c failed: no room",
        "d is D!",
    ]


def test_without_items_nothing_happens():
    assert run([]) == []


@pytest.mark.parametrize("batch_size", [1, 3])
def test_only_a_few_items_are_held_however_many_there_are(batch_size: int):
    begun, over, held = [], [], []

    def items():
        for number in range(200):
            begun.append(number)
            held.append(len(begun) - len(over))
            yield str(number)

    for result in prefetched(items(), read=read, work=work, write=write, on_error=on_error, batch_size=batch_size):
        over.append(result)
    assert len(over) == 200
    assert max(held) <= 4 * batch_size


def test_the_next_item_is_read_while_this_one_is_worked_on_and_the_last_is_written():
    second_is_read, first_may_be_written = threading.Event(), threading.Event()

    def reads(item):
        if item == 1:
            second_is_read.set()
        return item

    def works(ready):
        # Would wait for ever if nothing were read until this returns.
        assert second_is_read.wait(20)
        if ready[0][0] == 1:
            first_may_be_written.set()
        return [number for number, _ in ready]

    def writes(item, made):
        assert item or first_may_be_written.wait(20)
        return made

    assert list(prefetched([0, 1], read=reads, work=works, write=writes, on_error=on_error)) == [0, 1]


def test_a_caller_that_stops_lets_what_is_being_written_finish_and_begins_nothing_new():
    written, begun = [], []

    def reads(item):
        begun.append(item)
        return item

    def writes(item, made):
        written.append(item)
        return item

    results = prefetched(
        range(100), read=reads, work=lambda ready: [number for number, _ in ready], write=writes, on_error=on_error
    )
    next(results)
    results.close()
    assert len(begun) < 6
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("read", "write"))]
