// Axioms: which outcomes of a litmus test C++20 allows, by trying every execution there could be.
//
// An execution is a choice, for each load, of the store it reads from, and, for each variable, of an order of its stores
// (modification order). It is *consistent* if the rules of [intro.races] and [atomics.order] hold:
//
//   happens-before   sequenced-before and synchronizes-with, transitively, is no cycle. A release synchronizes with an
//                    acquire that reads from its release sequence: the store and the read-modify-writes that follow it
//                    immediately in modification order. (Stores by the same thread don't: C++20, P0982.) Fences release
//                    for stores behind them, and acquire for loads before them.
//   coherence        what happens-before orders, reads-from, modification order and from-read do not contradict.
//   atomicity        a read-modify-write reads the store immediately before its own.
//   seq_cst          there is one order S of all seq_cst operations and fences that agrees with "strongly happens
//                    before" and with "coherence-ordered before", between operations and around fences (P0668).
//
// An outcome is allowed if some consistent execution has it; modelled if one of these is acyclic when sequenced-before,
// reads-from, modification order and S are taken together: then everything can be executed in one order.
//
// Exponential, and made for tests of at most 16 operations: it is the judge of the suite, nothing else uses it.
#pragma once

#include <set>
#include <string>

#include <gauntlet/sched/litmus/litmus.h>

namespace gauntlet::sched {

struct litmus_verdict {
  std::set<std::string> allowed, forbidden, not_modelled;
  std::set<std::string>
      sequential;  // of those allowed: the ones of an interleaving in which loads see the newest store
};

litmus_verdict judge_by_axioms(const litmus_test& test);

}  // namespace gauntlet::sched
