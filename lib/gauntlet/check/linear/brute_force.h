// The judge of the checker: tries every order.
//
// Words. An *atom* is a piece of an event that happens at one moment: the event itself, or, for a weak operation on a
// whole map, its visit to one key. The brute force tries all orders of atoms that respect real time (what returned
// before something else was called comes first), on two ordered maps, and accepts the history if one of them gives all
// answers.
//
// The idea: nothing clever. No partition by key, no just-in-time expansion, no eager rule, a map that is a std::map,
// and its own reading of every operation, so that a mistake in the checker and the same mistake here are unlikely.
// Complexity: factorial; for histories of a handful of events.
#pragma once

#include <gauntlet/check/history/history.h>
#include <gauntlet/check/history/text.h>

namespace gauntlet::check {

// Right or wrong. Undecided only where the checker must say so too: see the table in checker.h, `quiescent`. With
// happens_before, orders need not respect real time beyond what the history is aware of.
judgement brute_force(const history& h, const contract_table& contracts, precedence order = precedence::real_time);

}  // namespace gauntlet::check
