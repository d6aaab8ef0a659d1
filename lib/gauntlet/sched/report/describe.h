// Findings in words: what happened, where, by whom; and what makes two findings the same.
#pragma once

#include <string>

#include <gauntlet/sched/report/finding.h>

namespace gauntlet::sched::report {

std::string_view word_of(finding found);

// One line or more, with source lines; the same text for the same run, on every machine with the same sources.
std::string message_of(const runtime::raised_finding& facts);

// Kind and source lines only.
std::string place_of(const runtime::raised_finding& facts);

}  // namespace gauntlet::sched::report
