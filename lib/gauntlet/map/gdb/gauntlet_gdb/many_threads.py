"""The concurrent maps with layouts of their own: sync_map, snapshot_map, rcu_map, concurrent_map."""

import struct

from gauntlet_gdb.map import Map
from gauntlet_gdb.one_thread import array_elements
from gauntlet_gdb.reading import (
    address_of, argument, at, bounded, chunks, counted, Damaged, field_or_none, IDLE_STEPS_MAX, lock_state, memory,
    number, Pair, plain_type, power_of_two, round_up, Steps, word_at, words_at,
)


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
        yield (f"amended: {'yes' if self.amended else 'no'}, misses {number(value['misses_'])}, "
               f"phase {number(value['phase_'])}")
        yield (f"promotions {number(value['promotions_'])}, pointers copied by the last copy "
               f"{number(value['pointers_copied_'])}")
        waiting = number(value["waiting_boxes_"]) or number(value["waiting_tables_"])
        yield (f"values retired lately, about {number(value['retired_boxes_count_'])}; "
               + (f"one lot waits for readers of epoch {number(value['waiting_since_'])} and before" if waiting
                  else "none waits for readers"))
        for name, where in (("read", self.read), ("dirty", self.dirty)):
            if where == 0:
                yield f"{name} part: none"
                continue
            count, groups = self.header(where)
            live = deleted = expunged = 0
            for _, word in self.entries(where, steps):
                steps.idle = 0
                live += word != 0 and not word & 1
                deleted += word == 0
                expunged += word & 1
            yield (f"{name} part at {where:#x}: {counted(groups, 'group')}, {count} keys: {live} live, "
                   f"{deleted} deleted, {expunged} expunged")
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
                   f"{number(version.value['holds'])} times, {counted(kinds[1], 'branch', 'branches')}, "
                   f"{counted(kinds[2], 'bucket')}, {counted(kinds[0], 'leaf', 'leaves')}, depth {deepest}")
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

    def full(self):
        found = 0
        for key, shown in self.pairs():
            if key is None:
                yield shown
                return
            found += 1
        yield f"{counted(found, 'element')} found" if found == self.size() else (
            f"<damaged: {counted(found, 'element')} found, size says {self.size()}>")


class RcuMap(Map):
    """Shards, each a lock and a table of buckets of one cache line (detail/rcu_table.h, detail/rcu_core.h)."""

    name = "rcu_map"
    bucket_size, slots, level_max = 64, 6, 48
    empty_bucket = bytes(bucket_size)
    buckets_per_step = 64  # much room and few elements is nothing that is damaged

    def __init__(self, value):
        super().__init__(value)
        self.shards = list(array_elements(value["shards_"]))
        self.shard_bits = power_of_two("the number of shards", len(self.shards), 1 << 20).bit_length() - 1
        self.tables = [number(word) for word in array_elements(value["tables_"])]
        if len(self.tables) != len(self.shards):
            raise Damaged(f"{len(self.tables)} tables for {len(self.shards)} shards")

    def size(self):
        return sum(number(shard["size"]) for shard in self.shards)

    def retired(self, shard, what="retired"):
        return number(shard[what]["open_count_"]) + number(shard[what]["waiting_count_"])

    def readers(self):
        """(slot, epoch) of the threads that read: slots lie within the domain and, from 16 on, in chunks."""
        within = field_or_none(self.value["domain_"], "within_")
        if within is None:
            return []
        kind, here = argument(plain_type(within), 0), int(argument(plain_type(within), 1))
        began = next(field.bitpos // 8 for field in kind.strip_typedefs().fields() if field.name == "began")
        places = [(0, address_of(within), here)]
        for i, chunk in enumerate(array_elements(self.value["domain_"]["chunks_"])):
            if number(chunk):
                places.append((here << i, number(chunk), here << i))
        readers = []
        for first, where, count in places:
            memory(where, kind.sizeof * bounded("the number of slots", count, 0, 1 << 14))
            for i, slot in chunks(where, count, kind.sizeof):
                epoch = struct.unpack_from("<Q", slot, began)[0]
                if epoch:
                    readers.append((first + i, epoch))
        return readers

    def table(self, i):
        """(level, address of the first bucket) of the table of shard i, or nothing while it has none."""
        word = self.tables[i]
        if word == 0:
            return None
        header, level = word & ~63, bounded("a level", word & 63, 0, self.level_max)
        _, known = struct.unpack("<QI", memory(header, 12))
        if known != level:
            raise Damaged(f"a table of level {known} is said to have level {level}")
        memory(header + (self.bucket_size << level), self.bucket_size)
        return level, header + self.bucket_size

    def parts(self):
        yield counted(len(self.shards), "shard")
        tables = [table for table in map(self.table, range(len(self.shards))) if table is not None]
        yield counted(sum(1 << level for level, _ in tables), "bucket")
        waiting = sum(self.retired(shard) for shard in self.shards)
        yield f"{waiting:,} retired" if waiting else ""
        old = sum(self.retired(shard, "retired_tables") for shard in self.shards)
        yield counted(old, "retired table") if old else ""
        locked = [str(i) for i, shard in enumerate(self.shards) if lock_state(shard["lock"])]
        yield "locked: " + " ".join(locked) if locked else ""
        readers = self.readers()
        yield "read by " + counted(len(readers), "thread") if readers else ""

    def buckets(self, i, steps):
        """(number of the chain, place in it, pointers, next, tags) of each bucket of shard i in which something is."""
        table = self.table(i)
        if table is None:
            return
        level, first = table
        for chain, block in chunks(first, 1 << level, self.bucket_size):
            if chain % self.buckets_per_step == 0:
                steps.step()
            if block == self.empty_bucket:
                continue
            where, seen = first + chain * self.bucket_size, set()
            while where:
                steps.step()
                if where in seen:
                    raise Damaged(f"the chain of bucket {chain} of shard {i} is a ring")
                *pointers, following, tags = struct.unpack("<8Q", memory(where, 64) if seen else block)
                yield chain, len(seen), pointers, following, tags
                seen.add(where)
                where = following

    def elements(self, steps):
        pair = self.pair()
        element = round_up(8, pair.align)
        for i in range(len(self.shards)):
            for _, _, pointers, _, _ in self.buckets(i, steps):
                for pointer in pointers:
                    if pointer:
                        yield pair.at(pointer + element)

    def flaws(self, i, bucket, writing):
        """What is wrong with a bucket of shard i. Who is writing has set a tag and not yet the pointer."""
        chain, place, pointers, following, tags = bucket
        level, _ = self.table(i)
        where = f"bucket {chain} of shard {i}" + (f", place {place} of its chain" if place else "")
        if tags >> 56 and not following:
            yield f"{where}: the chain ends where the filter says that it goes on"
        for slot, pointer in enumerate(pointers):
            tag = tags >> (8 * slot) & 0xff
            if not pointer:
                if tag & 0x80 and not writing:
                    yield f"{where}: slot {slot} is empty, its tag says taken"
                continue
            hashed = word_at(pointer)
            spread = (hashed ^ (hashed >> 32 | hashed << 32)) >> (8 * slot) & 0xff | 0x80
            home = (hashed << self.shard_bits & (1 << 64) - 1) >> (64 - level)
            if (hashed >> (64 - self.shard_bits), home) != (i, chain):
                yield f"{where}: the hash in slot {slot}, {hashed:#018x}, leads elsewhere"
            elif tag != spread:
                yield f"{where}: slot {slot} has tag {tag:#04x}, its hash says {spread:#04x}"

    def miscounted(self, i, what, steps):
        """What is wrong with a list of what is retired: the next one is where each begins."""
        lots = self.shards[i][what]
        for lot in ("open", "waiting"):
            where, claimed, seen = number(lots[lot + "_"]), number(lots[lot + "_count_"]), set()
            while where and where not in seen:
                steps.step()
                steps.idle = 0
                seen.add(where)
                where = word_at(where)
            if where:
                yield f"the {lot} lot of {what} of shard {i} is a ring"
            elif len(seen) != claimed:
                yield f"{len(seen)} found in the {lot} lot of {what} of shard {i}, its count says {claimed}"

    def full(self):
        domain = self.value["domain_"]
        epoch = field_or_none(domain, "epoch_")
        if epoch is not None:
            yield (f"epoch {number(epoch)}, all over before {number(domain['over_before_'])}, synchronizations "
                   f"{number(domain['synchronizations_'])}")
        for slot, began in self.readers():
            yield f"reader in slot {slot}: since epoch {began}"
        for i, shard in enumerate(self.shards):
            state, steps, size = lock_state(shard["lock"]), Steps(number(shard["size"])), number(shard["size"])
            found = overflow = longest = 0
            wrong = []
            for bucket in self.buckets(i, steps):
                steps.idle = 0
                _, place, pointers, _, _ = bucket
                found += sum(pointer != 0 for pointer in pointers)
                overflow, longest = overflow + (place != 0), max(longest, place + 1)
                wrong += self.flaws(i, bucket, bool(state))
            table, old = self.table(i), self.retired(shard, "retired_tables")
            if table or size or state or self.retired(shard) or old:
                level = f"level {table[0]}, {counted(1 << table[0], 'bucket')}" if table else "no table"
                yield (f"shard {i}{', ' + state if state else ''}: {counted(found, 'element')}, {level}, "
                       f"{overflow} overflow, longest chain {longest}, never below level "
                       f"{number(shard['level_kept'])}, retired {self.retired(shard)}, retired tables {old}, "
                       f"waits {number(shard['waits'])}")
            if not state:
                wrong += [*self.miscounted(i, "retired", steps), *self.miscounted(i, "retired_tables", steps)]
            for flaw in wrong:
                yield f"<damaged: {flaw}>"
            if found != size:
                yield f"<damaged: {found} elements found in shard {i}, its size says {size}>"


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
        """Whether elements lie in the slots themselves; else these lead to nodes (detail/concurrent_map/types.h)."""
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
        spare = "yes" if number(buckets["spare_tables_"]) else "no"
        yield (f"tables in use {number(buckets['tables_in_use_'])}, splits {number(buckets['splits_'])}, merges "
               f"{number(buckets['merges_'])}, spare tables {spare}, growth lock "
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
