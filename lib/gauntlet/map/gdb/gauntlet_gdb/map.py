"""What all printers of maps share; small_vector; and what is shown for a map that can't even be begun with."""

from gauntlet_gdb.reading import (
    address_of, argument, at, bounded, counted, Damaged, NODES_MAX, number, Pair, plain_type, Steps, word_at,
)


class Map:
    """What all printers share. `line` is O(1) or O(shards), `elements` a walk, `full` the long report.

    A printer must not throw: what went wrong, be it that a debugger describes something in another way, is shown
    instead.
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
