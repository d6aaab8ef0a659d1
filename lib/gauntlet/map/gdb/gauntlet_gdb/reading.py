"""Reading what may be garbage: memory, numbers, pairs and locks of a program, by the types that gdb knows."""

import struct

import gdb

IDLE_STEPS_MAX = 200_000  # of one walk, between two elements
ELEMENTS_BEYOND = 1_000  # what a map may show in excess of twice the size it claims: others may be changing it
NODES_MAX = 10_000_000  # of one walk in all
THREADS_MAX = 1 << 22  # of one process: the kernel has no more numbers for them


class Damaged(Exception):
    """Something that no map is like."""


# ---------------------------------------------------------------------------------------------------- reading memory

def memory(address, size):
    """The bytes there; Damaged if they can't be read."""
    if not 0 < address < 1 << 64:
        raise Damaged(f"a pointer to {address:#x}")
    if not 0 <= size <= 1 << 28:
        raise Damaged(f"a block of {size} bytes")
    if size == 0:
        return b""
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except (gdb.MemoryError, OverflowError):
        raise Damaged(f"no memory at {address:#x}") from None


def word_at(address):
    return struct.unpack("<Q", memory(address, 8))[0]


def words_at(address, count):
    return struct.unpack(f"<{count}Q", memory(address, 8 * count))


def address_of(value):
    return int(value.address)


def number(value):
    """An integer, or the integer or pointer in an atomic: whatever the library calls it, it is all there is in it."""
    plain = value.type.strip_typedefs()
    if plain.code == gdb.TYPE_CODE_STRUCT:
        return int.from_bytes(memory(address_of(value), plain.sizeof), "little")
    return int(value)


def at(address, kind):
    """The object of this type there. Its memory is looked at first, so that a wrong pointer is noticed here."""
    memory(address, max(1, kind.sizeof))
    return gdb.Value(address).cast(kind.pointer()).dereference()


def plain_type(value):
    return value.type.strip_typedefs().unqualified()


def argument(kind, index):
    return kind.strip_typedefs().template_argument(index)


def field_or_none(value, name):
    try:
        return value[name]
    except (gdb.error, KeyError):
        return None


def bounded(what, value, low, high):
    if not low <= value <= high:
        raise Damaged(f"{what} is {value}")
    return value


def power_of_two(what, value, high):
    bounded(what, value, 1, high)
    if value & (value - 1):
        raise Damaged(f"{what} is {value}, no power of two")
    return value


def chunks(address, count, size):
    """(index, bytes) of `count` records of `size` bytes, read a few pages at a time."""
    per_chunk = max(1, 16384 // size)
    for first in range(0, count, per_chunk):
        here = min(per_chunk, count - first)
        block = memory(address + first * size, here * size)
        for i in range(here):
            yield first + i, block[i * size:(i + 1) * size]


class Steps:
    """The bound of one walk."""

    def __init__(self, claimed):
        self.idle, self.shown, self.all = 0, 0, 0
        self.shown_max = 2 * claimed + ELEMENTS_BEYOND

    def step(self):
        self.idle += 1
        self.all += 1
        if self.idle > IDLE_STEPS_MAX or self.all > NODES_MAX:
            raise Damaged(f"{self.idle} steps without an element")

    def element(self):
        self.idle = 0
        self.shown += 1
        if self.shown > self.shown_max:
            raise Damaged(f"more than {self.shown_max} elements")


class Pair:
    """std::pair<const Key, T> in memory, worked out from its parts: not every compiler describes the whole."""

    def __init__(self, key, mapped):
        self.key, self.mapped = key, mapped
        self.align = max(alignment(key), alignment(mapped))
        self.second = round_up(key.sizeof, alignment(mapped))
        self.size = round_up(self.second + mapped.sizeof, self.align)

    def at(self, address):
        return at(address, self.key), at(address + self.second, self.mapped)


def alignment(kind):
    return max(1, kind.alignof)


def round_up(value, to):
    return (value + to - 1) // to * to


def counted(count, one, many=None):
    return f"{count:,} {one if count == 1 else many or one + 's'}"


# ------------------------------------------------------------------------------------------------------------- locks

def lock_state(lock):
    """What a lock says about itself, or nothing if nobody has it or it is of an unknown kind."""
    inner = field_or_none(lock, "lock_")
    if inner is not None:  # counted_lock
        return lock_state(inner)
    word = field_or_none(lock, "word_")
    if word is not None and field_or_none(lock, "reader_wakes_") is not None:
        return shared_lock_state(number(word))
    if word is not None:  # spin_park_lock
        return ("", "locked", "locked, others may sleep")[number(word)] if number(word) < 3 else \
            f"<damaged: a lock word of {number(word)}>"
    std = field_or_none(lock, "mutex_")
    std = lock if std is None else std
    try:
        native = std["_M_mutex"]["__data"]
        owner = int(native["__owner"])
        return f"locked by thread {owner}" if owner else ""
    except (gdb.error, KeyError):
        pass
    try:
        native = std["_M_impl"]["_M_rwlock"]["__data"]
        writer, readers = int(native["__cur_writer"]), int(native["__readers"]) >> 3
        if writer:
            return f"locked by thread {writer}"
        return f"shared by {counted(readers, 'reader')}" if readers else ""
    except (gdb.error, KeyError):
        return ""


def shared_lock_state(word):
    """What the word of a shared_spin_park_lock says: how many readers are in, not which, nor who the writer is."""
    writer, announced, readers_parked, writers_parked = (word >> bit & 1 for bit in (31, 30, 29, 28))
    readers = word & (1 << 28) - 1
    if readers > THREADS_MAX:
        return f"<damaged: a lock of {readers:,} readers>"
    states = []
    if writer:
        states.append("locked exclusively")
    if readers:  # one counts itself before it looks whether a writer is in
        who = counted(readers, "reader")
        states.append(f"{who} about to wait" if writer else f"shared by {who}")
    states += ["a writer announced"] * announced + ["writers parked"] * writers_parked
    states += ["readers parked"] * readers_parked
    return ", ".join(states)


def operation_name(value):
    names = ("nothing find iterate walk compare copy insert erase erase_if extract merge clear reserve shrink assign "
             "move swap")
    try:
        for field in gdb.lookup_type("gauntlet::detail::operation").fields():
            if field.enumval == value:
                return field.name.rsplit("::", 1)[-1]
    except gdb.error:
        pass
    known = names.split()
    return known[value] if value < len(known) else f"operation {value}"


def writer_state(activity):
    """Who writes a map of one thread (detail/activity.h), or nothing."""
    state = field_or_none(activity, "state_")
    if state is None:
        return ""
    state, thread = number(state), number(activity["thread_"])
    if state >> 30 != 3:
        return ""
    return f"inside {operation_name(state & 255)} of thread {thread:#x}"
