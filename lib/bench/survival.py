"""Statistics of hunts that may end without a find: Kaplan-Meier curves and medians, and Vargha and Delaney's A12.

A hunt is (how far it came, whether it found): one that found nothing says only that it would have taken longer. Dropping
such hunts, or counting them as if they had found at their end, makes whoever fails most look best.
"""


def curve(hunts):
    """Kaplan and Meier's estimate: [(at, share that has found nothing by then)], one point for each time of a find.

    >>> curve([(1, True), (2, False), (3, True)])
    [(1, 0.6666666666666667), (3, 0.0)]
    """
    points, left = [], 1.0
    for at in sorted({at for at, found in hunts if found}):
        hunting = sum(1 for end, _ in hunts if end >= at)
        finds = sum(1 for end, found in hunts if found and end == at)
        left *= 1 - finds / hunting
        points.append((at, left))
    return points


def median(hunts):
    """When half have found, or None where the hunts do not tell. Half is meant exactly: sums of thirds are rounded."""
    return next((at for at, left in curve(hunts) if left <= 0.5 + 1e-12), None)


def a12(ours, theirs):
    """The chance that one of ours finds before one of theirs, half of it where neither is known to be the earlier
    (Vargha and Delaney, 2000; with hunts that found nothing as Gehan, 1965, compares them). 1: always ours; 0.5: alike."""
    return sum(wins(our, their) for our in ours for their in theirs) / (len(ours) * len(theirs))


def wins(one, other):
    (end, found), (other_end, other_found) = one, other
    if found and (end < other_end or (end == other_end and not other_found)):
        return 1.0
    if other_found and (other_end < end or (end == other_end and not found)):
        return 0.0
    return 0.5
