// Histories in which operations ended with an exception.
//
// A failed operation has no answer, so the history alone does not say what became of it. What a map promises of it is the
// standard's word: *strong*, nothing has changed, or *basic*, the map can be used and nothing else is lost. Under the basic
// promise an operation on one key has had its effect or none, between its call and the exception: a history is explained
// if it is for one of the ways. An operation on a whole map may have stopped halfway, and what one that reads and changes
// would have answered is not known: where a history can only be explained by these, it is undecided.
#pragma once

#include <gauntlet/check/linear/checker.h>

namespace gauntlet::check {

// `h` and `failed`, whose events have returned with outcome::injected, are of one run; their stamps are all different. Gives
// the verdict of the first way that explains the history, and leaves in `h` what had its effect in that way; where there is
// none, the verdict when no failed operation had an effect, with what was tried in its text.
history_verdict check_history_with_failures(history& h, const history& failed, failure_promise promised,
                                            const check_options& options = {});

}  // namespace gauntlet::check
