#include <gauntlet/sched/event.h>

namespace gauntlet::sched {

std::string_view to_string(event_kind kind) noexcept {
  switch (kind) {
    case event_kind::none:
      return "none";
    case event_kind::begin:
      return "begin";
    case event_kind::load:
      return "load";
    case event_kind::store:
      return "store";
    case event_kind::read_modify_write:
      return "read_modify_write";
    case event_kind::fence:
      return "fence";
    case event_kind::plain_read:
      return "plain_read";
    case event_kind::plain_write:
      return "plain_write";
    case event_kind::lock:
      return "lock";
    case event_kind::try_lock:
      return "try_lock";
    case event_kind::lock_shared:
      return "lock_shared";
    case event_kind::unlock:
      return "unlock";
    case event_kind::wait:
      return "wait";
    case event_kind::notify:
      return "notify";
    case event_kind::create:
      return "create";
    case event_kind::join:
      return "join";
    case event_kind::yield:
      return "yield";
    case event_kind::sleep:
      return "sleep";
    case event_kind::end:
      return "end";
  }
  return "?";
}

}  // namespace gauntlet::sched
