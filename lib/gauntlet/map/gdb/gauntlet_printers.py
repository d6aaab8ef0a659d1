"""gdb shows Gauntlet's maps by what they hold and how they are, in a live process and in a core file.

    (gdb) source .../gauntlet/map/gdb/gauntlet_printers.py       (or that line in ~/.gdbinit)
    (gdb) print words
    $1 = hash_map, 3 elements, 1 table of 1 group, 7 slots = {["one"] = 1, ["two"] = 2, ["three"] = 3}
    (gdb) gauntlet-map words
    ... the same in full: every table, flags, locks, how far growth has got, and whether sizes add up

`print` shows one line and the elements (as many as `set print elements` says); `gauntlet-map EXPRESSION` all the rest.
hash_map, bucket_map, shared_mutex_map, sharded_map, sync_map, snapshot_map and its snapshots, rcu_map, concurrent_map;
and small_vector, which is a key or a value of theirs.

Nothing of the program is called: everything is read from memory, by the types that the debugger knows. So a core will
do, and a map that a stopped thread is in the middle of changing can be looked at: what is shown then is what is in
memory, which may be an element twice or not yet, and the line says who is at it.

What is read may be garbage: a map that is not constructed yet, destroyed, or overwritten. Every number is checked
before it is believed, pointers are followed through memory that can be read or not at all, and each walk has a bound of
its own (steps that show nothing, and elements beyond those that the map claims to have), so that a printer always ends.
What does not add up is said in its place: <damaged: ...>.

The parts: gauntlet_gdb/reading.py reads memory, map.py is what all printers share, one_thread.py and many_threads.py
know the maps; this file registers them.
"""

import os
import sys

import gdb
import gdb.printing

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from gauntlet_gdb.many_threads import ConcurrentMap, RcuMap, Snapshot, SnapshotMap, SyncMap
from gauntlet_gdb.map import Broken, SmallVector
from gauntlet_gdb.one_thread import BucketMap, HashMap, ShardedMap, SharedMutexMap

PRINTERS = (HashMap, BucketMap, SharedMutexMap, ShardedMap, SyncMap, SnapshotMap, RcuMap, ConcurrentMap)


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
    """gauntlet-map EXPRESSION: all about one of Gauntlet's maps: tables, flags, locks, growth, and whether sizes agree."""

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
