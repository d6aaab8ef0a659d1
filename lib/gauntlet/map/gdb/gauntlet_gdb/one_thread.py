"""hash_map and bucket_map, and the maps that are hash_maps behind locks."""

import struct

import gdb

from gauntlet_gdb.map import Map
from gauntlet_gdb.reading import (
    address_of, argument, at, bounded, chunks, counted, Damaged, lock_state, memory, NODES_MAX, number, plain_type,
    power_of_two, round_up, Steps, word_at, writer_state,
)


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
            yield f"{tables:,} tables of {counted(self.groups(), 'group')}"
            yield counted(1 << self.bits(), "directory entry", "directory entries")
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
        yield (f"growths begun: {number(table['doublings_']):,} doublings, "
               f"{number(table['same_size_growths_']):,} at the same size, {number(table['resizes_']):,} resizes")
        yield f"overflow buckets {number(table['overflow_']):,}, of the old array {number(table['old_overflow_']):,}"
        yield (f"seed {number(table['seed_']):#018x}, version {number(table['version_']):#x}, "
               f"number {number(table['number_'])}")
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
