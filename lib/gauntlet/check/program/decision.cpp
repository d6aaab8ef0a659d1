#include <gauntlet/check/program/decision.h>

#include <iterator>

namespace gauntlet::check {
namespace {

constexpr std::string_view kinds[] = {"run", "read", "fail", "fire", "wake"};
static_assert(std::size(kinds) == decision_kind_count);

constexpr std::string_view events[] = {"",
                                       "begin",
                                       "load",
                                       "store",
                                       "read_modify_write",
                                       "fence",
                                       "plain_read",
                                       "plain_write",
                                       "lock",
                                       "try_lock",
                                       "lock_shared",
                                       "unlock",
                                       "wait",
                                       "notify",
                                       "create",
                                       "join",
                                       "yield",
                                       "sleep",
                                       "end"};

}  // namespace

std::span<const std::string_view> decision_kind_names() noexcept { return kinds; }
std::span<const std::string_view> event_words() noexcept { return events; }

}  // namespace gauntlet::check
