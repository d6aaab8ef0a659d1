"""gdb shows Gauntlet's maps by what they hold and how they are, in a live process and in a core file.

    (gdb) source .../gauntlet/map/gdb/gauntlet_printers.py       (or that line in ~/.gdbinit)
    (gdb) print words
    $1 = hash_map, 3 elements, 1 table of 1 group, 7 slots = {["one"] = 1, ["two"] = 2, ["three"] = 3}
    (gdb) gauntlet-map words
    ... the same in full: every table, flags, locks, how far growth has got, and whether sizes add up

`print` shows one line and the elements (as many as `set print elements` says); `gauntlet-map EXPRESSION` all the rest.
hash_map, bucket_map, shared_mutex_map, sharded_map, sync_map, snapshot_map and its snapshots, rcu_map, concurrent_map;
and small_vector, which is a key or a value of theirs.

Nothing of the program is called: everything is read from memory, by the types that the debugger knows. So a core will do,
and a map that a stopped thread is in the middle of changing can be looked at: what is shown then is what is in memory,
which may be an element twice or not yet, and the line says who is at it.

What is read may be garbage: a map that is not constructed yet, destroyed, or overwritten. Every number is checked
before it is believed, pointers are followed through memory that can be read or not at all, and each walk has a bound of its
own (steps that show nothing, and elements beyond those that the map claims to have), so that a printer always ends. What
does not add up is said in its place: <damaged: ...>.
"""

import struct

import gdb
import gdb.printing
import gdb.types

IDLE_STEPS_MAX = 200_000  # of one walk, between two elements
ELEMENTS_BEYOND = 1_000  # what a map may show in excess of twice the size it claims: others may be changing it
NODES_MAX = 10_000_000  # of one walk in all


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


def operation_name(value):
    names = "nothing find iterate walk compare copy insert erase erase_if extract merge clear reserve shrink assign move swap"
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


# ---------------------------------------------------------------------------------------------------------- the maps

class Map:
    """What all printers share. `line` is O(1) or O(shards), `elements` a walk, `full` the long report.

    A printer must not throw: what went wrong, be it that a debugger describes something in another way, is shown instead.
    """

    name = "map"

    def __init__(self, value):
        self.value = value
        self.kind = plain_type(value)

    def pair(self):
        return Pair(argument(self.kind, 0), argument(self.kind, 1))

    def size(self):
        raise NotImplementedError

    def parts(self):
        """The words of the line, after name and size."""
        raise NotImplementedError

    def elements(self, steps):
        """Yields (key, value); calls steps.step() for whatever is looked at."""
        raise NotImplementedError

    def full(self):
        """Lines about every part."""
        return []

    def line(self):
        try:
            size = self.size()
            words = [self.name, "empty" if size == 0 else counted(size, "element")]
            words += [word for word in self.parts() if word]
            return ", ".join(words)
        except Exception as problem:
            return f"{self.name} <damaged: {problem}>"

    def pairs(self):
        try:
            steps = Steps(bounded("the size", self.size(), 0, 1 << 48))
            for key, mapped in self.elements(steps):
                steps.element()
                yield key, mapped
        except Exception as problem:
            yield None, f"<damaged: {problem}>"

    # What gdb calls.
    def to_string(self):
        return self.line()

    def children(self):
        for index, (key, mapped) in enumerate(self.pairs()):
            yield f"key {index}", "?" if key is None else key
            yield f"value {index}", mapped

    def display_hint(self):
        return "map"


class HashMap(Map):
    """table_set (detail/table_set.h): a directory of tables, each groups of seven slots, and a stash."""

    name = "hash_map"
    slots_per_group = 7

    def __init__(self, value):
        super().__init__(value)
        self.tables = value["works_"]

    def size(self):
        return number(self.tables["size_"])

    def groups(self):
        return power_of_two("the number of groups", (number(self.tables["group_mask_"]) >> 4) + 1, 4096)

    def bits(self):
        return bounded("the directory's depth", number(self.tables["directory_"]["bits"]), 1, 40)

    def parts(self):
        tables = bounded("the number of tables", number(self.tables["tables_"]), 0, 1 << self.bits())
        if tables == 0:
            yield "no table"
        elif tables == 1:
            yield f"1 table of {counted(self.groups(), 'group')}, {7 * self.groups():,} slots"
        else:
            yield f"{tables:,} tables of {counted(self.groups(), 'group')}, {counted(1 << self.bits(), 'directory entry', 'directory entries')}"
        stashed = number(self.tables["stash_"]["index_"]["size_"])
        yield f"{stashed:,} stashed" if stashed else ""
        yield writer_state(self.tables["activity_"])

    def each_table(self, steps):
        """(first entry, depth, room, address of tags, address of slots) of each."""
        directory = self.tables["directory_"]
        bits, entry = self.bits(), 0
        tags, slots = number(directory["tags"]), number(directory["slots"])
        room, depth = number(directory["room"]), number(directory["depth"])
        memory(depth + (1 << bits) - 1, 1)
        while entry < 1 << bits:
            steps.step()
            deep = memory(depth + entry, 1)[0]
            bounded(f"the depth at directory entry {entry}", deep, 0, bits)
            span = 1 << (bits - deep)
            if entry % span:
                raise Damaged(f"directory entry {entry} is inside of a table of {span} entries")
            free = 0
            if span <= 4096:
                free = sum(struct.unpack(f"<{span}i", memory(room + 4 * entry, 4 * span)))
            yield entry, deep, free, word_at(tags + 8 * entry), word_at(slots + 8 * entry)
            entry += span

    def slots_in_use(self, tags, slots, steps):
        """Addresses of the elements of one table."""
        size = self.slot_size()
        for group, block in chunks(tags, self.groups(), 16):
            steps.step()
            for lane, tag in enumerate(struct.unpack("<7H", block[:14])):
                if tag:
                    yield slots + (group * self.slots_per_group + lane) * size

    def slot_size(self):
        pair = self.pair()
        slot = self.tables["directory_"]["slots"].type.strip_typedefs().target().strip_typedefs().target()
        try:
            if slot.sizeof not in (0, pair.size):
                raise Damaged(f"a slot of {slot.sizeof} bytes for elements of {pair.size}")
        except gdb.error:
            pass
        return pair.size

    def stashed(self, steps):
        index = self.tables["stash_"]["index_"]
        count = bounded("the stash's size", number(index["size_"]), 0, NODES_MAX)
        for _, record in chunks(number(index["values_"]), count, 24):
            steps.step()
            yield struct.unpack("<3Q", record)

    def elements(self, steps):
        pair = self.pair()
        for _, _, _, tags, slots in self.each_table(steps):
            if slots != 0:
                for address in self.slots_in_use(tags, slots, steps):
                    yield pair.at(address)
        for _, _, node in self.stashed(steps):
            yield pair.at(node)

    def full(self):
        tables, steps = self.tables, Steps(self.size())
        yield (f"splits {number(tables['splits_']):,}, merges {number(tables['merges_']):,}, "
               f"growths {number(tables['growths_']):,}, shrinks {number(tables['shrinks_']):,}, "
               f"erasures not swept yet {number(tables['debt_']):,}")
        yield (f"seed {number(tables['seed_']):#018x}, version {number(tables['version_']):#x}, "
               f"number {number(tables['number_'])}" + (" (destroyed)" if number(tables["number_"]) == 0 else ""))
        if number(tables["tables_"]) != 0:
            yield f"directory depth {self.bits()}, {counted(self.groups(), 'group')} a table"
        found = 0
        for entry, depth, room, tags, slots in self.each_table(steps):
            if slots == 0:
                continue
            used = sum(1 for _ in self.slots_in_use(tags, slots, steps))
            steps.idle = 0
            found += used
            yield f"table at entry {entry}, depth {depth}: {used} of {7 * self.groups()} slots, room for {room} more"
        for hashed, sequence, node in self.stashed(steps):
            found += 1
            yield f"stashed at {node:#x}: hash {hashed:#018x}, " + (f"tie {sequence}" if sequence else "guest")
        if found != self.size():
            yield f"<damaged: {found} elements found, size says {self.size()}>"


class BucketMap(Map):
    """bucket_table (detail/bucket_table.h): chains of buckets of eight, and while it grows the old ones."""

    name = "bucket_map"
    states = ("empty, rest", "empty", "evacuated to the lower half", "evacuated to the upper half", "evacuated, was empty")

    def __init__(self, value):
        super().__init__(value)
        self.table = value["works_"]

    def size(self):
        return number(self.table["size_"])

    def bits(self, which):
        return bounded("the number of bits", number(self.table[which]["bits_"]), 0, 40)

    def growing(self):
        return bounded("the flag growing", number(self.table["growing_"]), 0, 1) == 1

    def parts(self):
        yield f"2^{self.bits('now_')} buckets"
        overflow = number(self.table["overflow_"])
        yield f"{overflow:,} overflow" if overflow else ""
        if self.growing():
            done, old = number(self.table["evacuated_"]), 1 << self.bits("old_")
            how = "at the same size" if self.bits("old_") == self.bits("now_") else \
                "doubling" if self.bits("old_") + 1 == self.bits("now_") else "resizing"
            yield f"growing ({how}): the first {done:,} of {old:,} old buckets evacuated"
        yield writer_state(self.table["activity_"])

    def layout(self):
        bucket = argument(self.table["now_"].type, 0)
        slot, size = round_up(8, self.pair().align), self.pair().size
        link = round_up(slot + 8 * size, 8)
        align = max(8, self.pair().align)
        whole = round_up(link + 8, align)
        try:
            if bucket.sizeof not in (0, whole):
                raise Damaged(f"a bucket of {bucket.sizeof} bytes where {whole} are to be expected")
        except gdb.error:
            pass
        return slot, size, link, whole

    def each_chain(self, which, steps):
        """(index, address) of the first bucket of each chain there is memory for."""
        array = self.table[which]
        bits = self.bits(which)
        per_piece = power_of_two("the size of a piece", int(argument(array.type, 2)), 1 << 30)
        whole = self.layout()[3]
        directory, only = number(array["directory_"]), number(array["only_"])
        pieces = max(1, (1 << bits) // per_piece)
        for piece in range(pieces):
            steps.step()
            where = word_at(directory + 8 * piece) if directory else only
            if where == 0:
                continue
            for i in range(min(1 << bits, per_piece)):
                yield piece * per_piece + i, where + i * whole

    def chain(self, head, steps):
        """(address, tops) of each bucket of a chain."""
        link, seen, where = self.layout()[2], set(), head
        while where:
            steps.step()
            if where in seen:
                raise Damaged(f"the chain of bucket {head:#x} is a ring")
            seen.add(where)
            yield where, memory(where, 8)
            where = word_at(where + link)
            if where & 1:
                where = word_at(where & ~1)

    def elements(self, steps):
        pair, (slot, size, _, _) = self.pair(), self.layout()
        for which in ("old_", "now_") if self.growing() else ("now_",):
            for _, head in self.each_chain(which, steps):
                for where, tops in self.chain(head, steps):
                    for i, top in enumerate(tops):
                        if top >= 5:
                            yield pair.at(where + slot + i * size)

    def full(self):
        table, steps, found = self.table, Steps(self.size()), 0
        yield (f"growths begun: {number(table['doublings_']):,} doublings, {number(table['same_size_growths_']):,} at the "
               f"same size, {number(table['resizes_']):,} resizes")
        yield f"overflow buckets {number(table['overflow_']):,}, of the old array {number(table['old_overflow_']):,}"
        yield f"seed {number(table['seed_']):#018x}, version {number(table['version_']):#x}, number {number(table['number_'])}"
        for which in ("old_", "now_") if self.growing() else ("now_",):
            for index, head in self.each_chain(which, steps):
                buckets = list(self.chain(head, steps))
                tops = b"".join(each for _, each in buckets)
                used = sum(top >= 5 for top in tops)
                steps.idle = 0
                found += used
                if used == 0 and not 2 <= tops[0] <= 4:
                    continue
                evacuated = " (evacuated)" if 2 <= tops[0] <= 4 else ""
                yield (f"{'old ' if which == 'old_' else ''}bucket {index}{evacuated}: {used} elements in "
                       f"{counted(len(buckets), 'bucket')}, tops {tops.hex(' ')}")
        if found != self.size():
            yield f"<damaged: {found} elements found, size says {self.size()}>"


class SharedMutexMap(Map):
    """A hash_map and a lock."""

    name = "shared_mutex_map"

    def __init__(self, value):
        super().__init__(value)
        self.inner = HashMap(value["map_"])

    def size(self):
        return self.inner.size()

    def parts(self):
        yield from self.inner.parts()
        yield lock_state(self.value["lock_"])

    def elements(self, steps):
        return self.inner.elements(steps)

    def full(self):
        yield "lock: " + (lock_state(self.value["lock_"]) or "free")
        yield from self.inner.full()


def array_elements(array):
    """The elements of a std::array, whatever the library calls them inside."""
    kind = plain_type(array)
    element, count = argument(kind, 0), int(argument(kind, 1))
    for i in range(bounded("the length of an array", count, 0, 1 << 20)):
        yield at(address_of(array) + i * element.sizeof, element)


class ShardedMap(Map):
    """An array of shards, each a lock and a hash_map."""

    name = "sharded_map"

    def __init__(self, value):
        super().__init__(value)
        self.shards = [(lock_state(shard["lock"]), HashMap(shard["map"])) for shard in array_elements(value["shards_"])]

    def size(self):
        return sum(inner.size() for _, inner in self.shards)

    def parts(self):
        yield counted(len(self.shards), "shard")
        locked = [str(i) for i, (state, _) in enumerate(self.shards) if state]
        yield "locked: " + " ".join(locked) if locked else ""

    def elements(self, steps):
        for _, inner in self.shards:
            yield from inner.elements(steps)

    def full(self):
        for i, (state, inner) in enumerate(self.shards):
            if inner.size() != 0 or state:
                yield f"shard {i}{', ' + state if state else ''}: {inner.line()}"
                for line in inner.full():
                    yield "  " + line


class SyncMap(Map):
    """Two pointer tables (detail/pointer_table.h): the read part and, while the map is amended, the dirty part."""

    name = "sync_map"
    counted_max = 10_000  # keys that are looked at for the line: which of them are live their entries say

    def __init__(self, value):
        super().__init__(value)
        table = plain_type(value["dirty_"]).target()
        self.table_kind, self.entry = table, argument(table, 0)
        read = number(value["read_"])
        self.amended, self.read, self.dirty = read & 1, read & ~1, number(value["dirty_"])

    def header(self, address):
        table = at(address, self.table_kind)
        return number(table["size_"]), bounded("the number of groups", number(table["groups_"]), 1, 1 << 30)

    def keys(self, address):
        return self.header(address)[0] if address else 0

    def size(self):
        """Of what is walked: with deleted keys, which only a walk can tell."""
        return self.keys(self.dirty if self.amended and self.dirty else self.read)

    def line(self):
        try:
            steps = Steps(self.size())
            if self.size() > self.counted_max:
                size = f"at most {self.size():,} elements"
            else:
                live = sum(1 for _ in self.elements(steps))
                size = "empty" if live == 0 else counted(live, "element")
            return ", ".join([self.name, size, *filter(None, self.parts())])
        except Exception as problem:
            return f"{self.name} <damaged: {problem}>"

    def parts(self):
        yield counted(self.keys(self.read), "key") + " in the read part"
        if self.amended:
            yield counted(self.keys(self.dirty), "key") + " in the dirty part"
            yield counted(number(self.value["misses_"]), "miss", "misses") + " so far"
        yield lock_state(self.value["lock_"])

    def entries(self, table, steps):
        """(entry, its word) for each key of a table."""
        _, groups = self.header(table)
        for _, block in chunks(table + self.table_kind.sizeof, groups, 72):
            steps.step()
            tags, *pointers = struct.unpack("<9Q", block)
            for i, pointer in enumerate(pointers):
                if tags >> (8 * i) & 0x80:
                    entry = at(pointer, self.entry)
                    yield entry, number(entry["word_"])

    def elements(self, steps):
        where = self.dirty if self.amended and self.dirty else self.read
        if where == 0:
            return
        mapped = argument(self.kind, 1)
        for entry, word in self.entries(where, steps):
            if word != 0 and not word & 1:
                yield entry["key"], at(word, mapped)

    def full(self):
        value, steps = self.value, Steps(0)
        yield "lock: " + (lock_state(value["lock_"]) or "free")
        yield f"amended: {'yes' if self.amended else 'no'}, misses {number(value['misses_'])}, phase {number(value['phase_'])}"
        yield f"promotions {number(value['promotions_'])}, pointers copied by the last copy {number(value['pointers_copied_'])}"
        yield f"values waiting to be freed, about {number(value['retired_boxes_count_'])}"
        for name, where in (("read", self.read), ("dirty", self.dirty)):
            if where == 0:
                yield f"{name} part: none"
                continue
            count, groups = self.header(where)
            live = deleted = expunged = 0
            for _, word in self.entries(where, steps):
                steps.idle = 0
                live, deleted, expunged = live + (word != 0 and not word & 1), deleted + (word == 0), expunged + (word & 1)
            yield (f"{name} part at {where:#x}: {counted(groups, 'group')}, {count} keys: {live} live, {deleted} deleted, "
                   f"{expunged} expunged")
            if live + deleted + expunged != count:
                yield f"<damaged: {live + deleted + expunged} keys found, the table says {count}>"
        if bool(self.amended) != (self.dirty != 0):
            yield "<damaged: amended and the dirty part disagree>"


class Version:
    """One version of a snapshot_map (detail/hash_trie.h) and its leaves."""

    def __init__(self, address, kind, pair):
        self.value, self.pair = at(address, kind), pair
        self.node_size = plain_type(self.value["root"]).target().sizeof

    def number(self):
        return number(self.value["number"])

    def size(self):
        return number(self.value["size"])

    def nodes(self, steps):
        """(address, kind, number of children, depth) of each, from the root."""
        stack = [(number(self.value["root"]), 0)]
        while stack:
            address, depth = stack.pop()
            if address == 0:
                continue
            steps.step()
            _, _, bits, kind = struct.unpack("<QQIB", memory(address, 21))
            bounded("the depth of a tree", depth, 0, 16)
            bounded("the kind of a node", kind, 0, 2)
            count = 0 if kind == 0 else bits.bit_count() if kind == 1 else bounded("a bucket's size", bits, 1, 1 << 20)
            yield address, kind, count, depth
            if count:
                stack += [(child, depth + 1) for child in reversed(words_at(address + self.node_size, count))]

    def elements(self, steps):
        leaf = round_up(round_up(self.node_size, 8) + 8, self.pair.align)
        for address, kind, _, _ in self.nodes(steps):
            if kind == 0:
                yield self.pair.at(address + leaf)


class SnapshotMap(Map):
    """A chain of versions, the newest of which is the map (detail/version_chain.h)."""

    name = "snapshot_map"

    def __init__(self, value):
        super().__init__(value)
        chain_kind = plain_type(value["versions_"]).target()
        self.chain = at(number(value["versions_"]), chain_kind)
        self.version_kind = plain_type(self.chain["oldest_"]).target()
        self.version = self.version_at(number(self.chain["newest_"]))

    def version_at(self, address):
        return Version(address, self.version_kind, self.pair())

    def size(self):
        return self.version.size()

    def versions(self):
        """Those living, oldest first."""
        where, seen = number(self.chain["oldest_"]), set()
        while where:
            if where in seen or len(seen) >= IDLE_STEPS_MAX:
                raise Damaged("the list of versions does not end")
            seen.add(where)
            version = self.version_at(where)
            yield version
            where = number(version.value["newer"])

    def parts(self):
        yield f"version {self.version.number()}"
        living = held = 0
        for version in self.versions():
            living += 1
            held += number(version.value["holds"]) != 0
        yield f"{living} living" + (f", {held} held by snapshots" if held else "")
        yield lock_state(self.chain["lock"])

    def elements(self, steps):
        return self.version.elements(steps)

    def full(self):
        yield "lock of the updates: " + (lock_state(self.chain["lock"]) or "free")
        for version in self.versions():
            steps, kinds, deepest = Steps(version.size()), [0, 0, 0], 0
            for _, kind, _, depth in version.nodes(steps):
                steps.idle = 0
                kinds[kind] += 1
                deepest = max(deepest, depth)
            flags = ("superseded, " if number(version.value["superseded"]) else "newest, ")
            yield (f"version {version.number()}: {flags}{counted(version.size(), 'element')}, held "
                   f"{number(version.value['holds'])} times, {kinds[1]} branches, {kinds[2]} buckets, {kinds[0]} leaves, "
                   f"depth {deepest}")
            if kinds[0] != version.size():
                yield f"<damaged: {kinds[0]} leaves found, size says {version.size()}>"


class Snapshot(Map):
    """A version that a handle keeps."""

    name = "snapshot"

    def __init__(self, value):
        super().__init__(value)
        chain_kind = plain_type(value["chain_"]).target()
        self.version = Version(number(value["version_"]), plain_type(value["version_"]).target().unqualified(),
                               Pair(argument(chain_kind, 0), argument(chain_kind, 1)))

    def size(self):
        return self.version.size()

    def parts(self):
        yield f"version {self.version.number()}"
        yield "superseded" if number(self.version.value["superseded"]) else "newest"

    def elements(self, steps):
        return self.version.elements(steps)


class RcuMap(Map):
    """Shards, each a lock and a sorted list with marks (detail/split_list.h, detail/rcu_core.h)."""

    name = "rcu_map"

    def __init__(self, value):
        super().__init__(value)
        self.shards = list(array_elements(value["shards_"]))

    def size(self):
        return sum(number(shard["size"]) for shard in self.shards)

    def unreclaimed(self, shard):
        return number(shard["retired"]["open_count_"]) + number(shard["retired"]["waiting_count_"])

    def readers(self):
        """Slots of the threads that read, of those that the domain has within itself."""
        domain = self.value["domain_"]
        within = field_or_none(domain, "within_")
        if within is None:
            return []
        return [(i, number(slot["began"])) for i, slot in enumerate(array_elements(within)) if number(slot["began"])]

    def parts(self):
        yield counted(len(self.shards), "shard")
        yield counted(sum(1 << bounded("a level", number(shard["list"]["level_"]), 0, 48) for shard in self.shards), "bucket")
        waiting = sum(self.unreclaimed(shard) for shard in self.shards)
        yield f"{waiting:,} retired" if waiting else ""
        locked = [str(i) for i, shard in enumerate(self.shards) if lock_state(shard["lock"])]
        yield "locked: " + " ".join(locked) if locked else ""
        readers = self.readers()
        yield "read by " + counted(len(readers), "thread") if readers else ""

    def nodes(self, shard, steps):
        """(address, order) of what is between head and tail."""
        nodes = shard["list"]
        tail, where, last = address_of(nodes["tail_"]), number(nodes["head_"]["next"]), 0
        seen = set()
        while where != tail:
            steps.step()
            if where in seen:
                raise Damaged("a list is a ring")
            seen.add(where)
            following, order = words_at(where, 2)
            if order < last:
                raise Damaged("a list is not in order")
            yield where, order
            where, last = following, order

    def elements(self, steps):
        pair = self.pair()
        for shard in self.shards:
            element = round_up(24, pair.align)
            for where, order in self.nodes(shard, steps):
                if order & 3 == 1:
                    yield pair.at(where + element)

    def full(self):
        domain = self.value["domain_"]
        epoch = field_or_none(domain, "epoch_")
        if epoch is not None:
            yield f"epoch {number(epoch)}, synchronizations {number(domain['synchronizations_'])}"
        for slot, began in self.readers():
            yield f"reader in slot {slot}: since epoch {began}"
        for i, shard in enumerate(self.shards):
            state, steps = lock_state(shard["lock"]), Steps(number(shard["size"]))
            entries = marks = 0
            for _, order in self.nodes(shard, steps):
                steps.idle = 0
                entries, marks = entries + (order & 3 == 1), marks + (order & 3 != 1)
            if entries or state or self.unreclaimed(shard):
                yield (f"shard {i}{', ' + state if state else ''}: {counted(entries, 'element')}, level "
                       f"{number(shard['list']['level_'])}, {counted(marks, 'mark')}, next to mark "
                       f"{number(shard['list']['next_to_mark_'])}, retired {self.unreclaimed(shard)}, waits "
                       f"{number(shard['waits'])}")
            if entries != number(shard["size"]):
                yield f"<damaged: {entries} elements found in shard {i}, its size says {number(shard['size'])}>"


class ConcurrentMap(Map):
    """A directory of tables of buckets of seven slots, each with a version that is its lock (detail/concurrent_map)."""

    name = "concurrent_map"

    def __init__(self, value):
        super().__init__(value)
        self.buckets = value["buckets_"]
        self.directory_kind = argument(self.buckets["directory_"].type, 0).strip_typedefs().target()
        self.table_kind = plain_type(self.buckets["all_tables_"]).target()
        fields = {field.name: field for field in self.table_kind.fields()}
        self.offset = {name: field.bitpos // 8 for name, field in fields.items() if hasattr(field, "bitpos")}
        self.bucket_kind = fields["buckets"].type.strip_typedefs().target()
        self.bucket_count = fields["buckets"].type.strip_typedefs().range()[1] + 1
        slots = next(f for f in self.bucket_kind.fields() if f.name == "slots").type.strip_typedefs()
        self.slot_size = slots.target().sizeof
        cell = fields["stash"].type.strip_typedefs().target().strip_typedefs()
        self.cell_offset = {field.name: field.bitpos // 8 for field in cell.fields() if hasattr(field, "bitpos")}
        self.words = self.slot_size // 8

    def size(self):
        stripes = self.buckets["count_"]["stripes_"]
        low, high = stripes.type.strip_typedefs().range()
        total = 0
        for i in range(low, high + 1):
            part = number(stripes[i]["part"])
            total += part - (1 << 64) if part >> 63 else part
        return bounded("the sum of the counters", total, 0, 1 << 48)

    def in_words(self):
        """Whether elements lie in the slots themselves; otherwise these lead to nodes (detail/concurrent_map/types.h)."""
        return bool(argument(self.buckets["in_words_"].type, 1))

    def directory(self):
        """(depth, address of the first entry), or nothing while the map is empty."""
        where = number(self.buckets["directory_"])
        if where == 0:
            return None
        shift = number(at(where, self.directory_kind)["shift"])
        return 64 - bounded("the directory's shift", shift, 24, 63), where + self.directory_kind.sizeof

    def parts(self):
        directory = self.directory()
        if directory is None:
            yield "no directory"
        else:
            yield counted(number(self.buckets["tables_in_use_"]), "table") + f" of {self.bucket_count} buckets"
            yield counted(1 << directory[0], "directory entry", "directory entries")
        growth = lock_state(self.buckets["growth_"])
        yield "growth lock " + growth if growth else ""

    def each_table(self, steps):
        directory, last = self.directory(), 0
        if directory is None:
            return
        for entry, block in chunks(directory[1], 1 << directory[0], 8):
            steps.step()
            where = struct.unpack("<Q", block)[0]
            if where not in (0, last):
                yield entry, where
            last = where

    def taken(self, table, index, steps):
        """Addresses of the slots of bucket `index` that are taken, in it and in its chain."""
        bucket = table + self.offset["buckets"] + index * self.bucket_kind.sizeof
        tags = word_at(bucket + 7 * self.slot_size + 8)
        for i in range(7):
            if tags >> (8 * i) & 0x80:
                yield bucket + i * self.slot_size
        cell, seen = word_at(table + self.offset["heads"] + 8 * index), set()
        while cell:
            steps.step()
            if cell in seen:
                raise Damaged(f"the chain of bucket {index} is a ring")
            seen.add(cell)
            tags = word_at(cell + self.cell_offset["tags_word"])
            for i in range(3):
                if tags >> (8 * i) & 0x80:
                    yield cell + self.cell_offset["slots"] + i * self.slot_size
            cell = word_at(cell + self.cell_offset["next"])

    def element_at(self, slot, pair, in_words):
        if not in_words:
            return pair.at(word_at(slot + 8))
        key_words = round_up(pair.key.sizeof, 8) // 8
        mapped_words = round_up(pair.mapped.sizeof, 8) // 8
        key = slot + 8 * max(0, self.words - key_words - mapped_words)
        return at(key, pair.key), at(key + 8 * key_words, pair.mapped)

    def elements(self, steps):
        pair, in_words = self.pair(), self.in_words()
        for _, table in self.each_table(steps):
            for index in range(self.bucket_count):
                steps.step()
                for slot in self.taken(table, index, steps):
                    yield self.element_at(slot, pair, in_words)

    def full(self):
        buckets, steps, found = self.buckets, Steps(self.size()), 0
        yield f"elements lie in {'the slots' if self.in_words() else 'nodes'}, {self.words} words a slot"
        yield (f"tables in use {number(buckets['tables_in_use_'])}, splits {number(buckets['splits_'])}, merges "
               f"{number(buckets['merges_'])}, spare tables {'yes' if number(buckets['spare_tables_']) else 'no'}, growth lock "
               + (lock_state(buckets["growth_"]) or "free"))
        directory = self.directory()
        if directory is not None:
            yield f"directory depth {directory[0]}"
        for entry, table in self.each_table(steps):
            used, locked, chains, versions = 0, [], 0, 0
            for index in range(self.bucket_count):
                version = word_at(table + self.offset["buckets"] + index * self.bucket_kind.sizeof + 7 * self.slot_size)
                used += sum(1 for _ in self.taken(table, index, steps))
                versions += version >> 8
                if version & 1:
                    locked.append(str(index))
                chains += word_at(table + self.offset["heads"] + 8 * index) != 0
            steps.idle = 0
            found += used
            depth = struct.unpack("<I", memory(table + self.offset["depth"], 4))[0]
            busy = memory(table + self.offset["busy"], 1)[0]
            yield (f"table at entry {entry}, depth {depth}{', being split or merged' if busy else ''}: "
                   f"{counted(used, 'element')}, {counted(chains, 'chain')}, {counted(versions, 'change')}"
                   + (", locked buckets: " + " ".join(locked) if locked else ""))
        if found != self.size():
            yield f"<{found} elements found, the counters say {self.size()}: damaged, or being changed>"


PRINTERS = (HashMap, BucketMap, SharedMutexMap, ShardedMap, SyncMap, SnapshotMap, RcuMap, ConcurrentMap)


class SmallVector:
    """small_vector: the elements inside, or in a block of their own."""

    name = "small_vector"

    def __init__(self, value):
        self.size, self.capacity = number(value["size_"]), number(value["capacity_"])
        self.element, self.bound = argument(plain_type(value), 0), int(argument(plain_type(value), 1))
        inside = self.capacity == self.bound
        self.first = address_of(value["storage_"]) if inside else word_at(address_of(value["storage_"]))
        self.where = "inside" if inside else f"spilled, room for {self.capacity}"

    def to_string(self):
        if not self.size <= self.capacity:
            return f"small_vector <damaged: {self.size} elements in room for {self.capacity}>"
        return f"small_vector, {counted(self.size, 'element') if self.size else 'empty'}, {self.where}"

    def children(self):
        for i in range(min(self.size, self.capacity, NODES_MAX)):
            try:
                yield f"[{i}]", at(self.first + i * self.element.sizeof, self.element)
            except Damaged as problem:
                yield f"[{i}]", f"<damaged: {problem}>"
                return

    def display_hint(self):
        return "array"


class Broken:
    """What is shown for a map that can't even be begun with."""

    def __init__(self, name, problem):
        self.name, self.problem = name, problem

    def to_string(self):
        return f"{self.name} <damaged: {self.problem}>"

    def line(self):
        return self.to_string()

    def full(self):
        return []

    def pairs(self):
        return []


def make(printer):
    def made(value):
        try:
            return printer(value)
        except Exception as problem:
            return Broken(printer.name, problem)
    return made


def collection():
    all_of_them = gdb.printing.RegexpCollectionPrettyPrinter("gauntlet")
    for printer in PRINTERS:
        all_of_them.add_printer(printer.name, rf"^gauntlet::{printer.name}<.*>$", make(printer))
    all_of_them.add_printer("snapshot", r"^gauntlet::snapshot_map<.*>::snapshot_type$", make(Snapshot))
    all_of_them.add_printer("small_vector", r"^gauntlet::small_vector<.*>$", make(SmallVector))
    return all_of_them


class GauntletMap(gdb.Command):
    """gauntlet-map EXPRESSION: all about one of Gauntlet's maps: tables, flags, locks, growth, and whether sizes add up."""

    def __init__(self):
        super().__init__("gauntlet-map", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument_text, _from_tty):
        if not argument_text:
            raise gdb.GdbError("gauntlet-map takes an expression that is a map")
        value = gdb.parse_and_eval(argument_text)
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
            value = value.referenced_value()
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            value = value.dereference()
        printer = COLLECTION(value)
        if printer is None or not hasattr(printer, "full"):
            raise gdb.GdbError(f"{argument_text} is a {value.type}, not one of Gauntlet's maps")
        print(printer.line())
        try:
            for line in printer.full():
                print("  " + line)
        except Exception as problem:
            print(f"  <damaged: {problem}>")


COLLECTION = collection()
gdb.printing.register_pretty_printer(None, COLLECTION, replace=True)
GauntletMap()
