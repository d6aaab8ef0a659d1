#include <gauntlet/check/run/verdict.h>

namespace gauntlet::check {

std::string_view to_string(failure_kind k) noexcept {
  switch (k) {
    case failure_kind::none:
      return "none";
    case failure_kind::wrong_result:
      return "wrong_result";
    case failure_kind::wrong_contents:
      return "wrong_contents";
    case failure_kind::broken_promise:
      return "broken_promise";
    case failure_kind::self_check:
      return "self_check";
    case failure_kind::lifetime:
      return "lifetime";
    case failure_kind::allocator:
      return "allocator";
    case failure_kind::work_budget:
      return "work_budget";
    case failure_kind::exception_guarantee:
      return "exception_guarantee";
    case failure_kind::unexpected_exception:
      return "unexpected_exception";
    case failure_kind::undiagnosed_misuse:
      return "undiagnosed_misuse";
    case failure_kind::not_linearizable:
      return "not_linearizable";
    case failure_kind::weak_contract:
      return "weak_contract";
    case failure_kind::unsynchronized:
      return "unsynchronized";
    case failure_kind::data_race:
      return "data_race";
    case failure_kind::memory_misuse:
      return "memory_misuse";
    case failure_kind::deadlock:
      return "deadlock";
    case failure_kind::no_progress:
      return "no_progress";
    case failure_kind::aborted:
      return "aborted";
    case failure_kind::uncontrollable:
      return "uncontrollable";
    case failure_kind::crash:
      return "crash";
  }
  return "unknown";
}

}  // namespace gauntlet::check
