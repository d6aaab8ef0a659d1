#include <gauntlet/sched/report/finding.h>

#include <gauntlet/sched/memory/sync_object.h>
#include <gauntlet/sched/runtime/carrier.h>

namespace gauntlet::sched::runtime {

raised_finding raised;

namespace {

const char* verb(access kind) {
  switch (kind) {
    case access::read:
      return "reads";
    case access::write:
      return "writes";
    case access::atomic_read:
      return "reads atomically";
    case access::atomic_write:
      return "writes atomically";
    case access::free:
      return "frees";
  }
  return "";
}
const char* past(access kind) {
  switch (kind) {
    case access::read:
      return "read before";
    case access::write:
      return "wrote before";
    case access::atomic_read:
      return "read atomically before";
    case access::atomic_write:
      return "wrote atomically before";
    case access::free:
      return "freed before";
  }
  return "";
}

void begin(finding found) noexcept {
  raised.found = found;
  raised.thread = the_run.current;
  raised.text[0] = 0;
  raised.address = 0;
  raised.bytes = 0;
  raised.has_here = raised.has_there = false;
  raised.waiting_count = 0;
}

[[noreturn]] void end() noexcept {
  is_controlled = false;
  carrier::leave();
}

// Facts about all threads that wait.
void note_waiting() noexcept {
  for (unsigned i = 0; i < the_run.thread_count; ++i) {
    const thread& t = the_run.threads[i];
    if (t.state != thread_state::blocked) continue;
    waiting_fact& w = raised.waiting[raised.waiting_count++];
    w = {};
    w.place = place_of(t, 0, "waits");
    w.waits_for = t.waits_for;
    if (t.waits_for == wait_reason::join) {
      w.holder = static_cast<int>((t.waits_on - reinterpret_cast<std::uintptr_t>(the_run.threads)) / sizeof(thread));
    } else if (const sync_object* s = find_sync(t.waits_on)) {
      w.object = s->number;
      w.holder = s->owner;
      w.holder_code = s->lock_code;
      if (s->owner == nobody && s->readers != 0)
        for (unsigned r = 0; r < the_run.thread_count; ++r)
          if (s->reads_held[r] != 0) w.holder = static_cast<int>(r);
    }
  }
}

std::size_t length(const char* text) noexcept {
  std::size_t n = 0;
  while (text[n] != 0) ++n;
  return n;
}

}  // namespace

void say(const char* text) noexcept {
  std::size_t at = length(raised.text);
  while (*text != 0 && at + 1 < sizeof raised.text) raised.text[at++] = *text++;
  raised.text[at] = 0;
}
void say_number(std::uint64_t number) noexcept {
  char digits[24];
  unsigned at = sizeof digits - 1;
  digits[at] = 0;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  say(digits + at);
}

place_fact place_of(const thread& t, std::uintptr_t code, const char* does) noexcept {
  place_fact place;
  place.thread = t.id;
  place.code = code != 0 ? code : the_run.pending[t.id].code;
  place.does = does;
  for (unsigned d = t.depth; d > 0 && place.call_count < 8; --d)
    if (d <= call_depth_max) place.calls[place.call_count++] = t.calls[d - 1];
  return place;
}

place_fact place_of_running(std::uintptr_t code, const char* does) noexcept {
  return place_of(the_run.running(), code, does);
}

void raise(finding found, const char* text, std::uintptr_t code, const char* does) noexcept {
  begin(found);
  say(text);
  raised.here = place_of_running(code, does);
  raised.has_here = true;
  end();
}

void raise_refused(const char* what) noexcept {
  begin(finding::refused);
  say(what);
  raised.here = place_of_running(0, "");
  raised.has_here = true;
  end();
}

void report_race(std::uintptr_t granule, std::uint8_t bytes, access kind, std::uintptr_t code,
                 const access_record& other) noexcept {
  begin(finding::data_race);
  unsigned first = 0, count = 0;
  const unsigned common = static_cast<unsigned>(bytes) & other.bytes;
  while ((common >> first & 1U) == 0) ++first;
  while ((common >> (first + count) & 1U) != 0) ++count;
  raised.address = granule + first;
  raised.bytes = count;
  raised.here = place_of_running(code, verb(kind));
  raised.has_here = true;
  raised.there = {};
  raised.there.thread = other.thread;
  raised.there.code = other.code;
  raised.there.does = past(other.kind);
  raised.has_there = true;
  end();
}

void report_use_after_free(std::uintptr_t address, access kind, std::uintptr_t code,
                           const access_record& freed) noexcept {
  begin(finding::use_after_free);
  raised.address = address;
  raised.here = place_of_running(code, verb(kind));
  raised.has_here = true;
  raised.there = {};
  raised.there.thread = freed.thread;
  raised.there.code = freed.code;
  raised.there.does = "freed it before";
  raised.has_there = true;
  end();
}

void raise_double_free(std::uintptr_t address, std::uintptr_t code, const access_record& freed) noexcept {
  begin(finding::double_free);
  say("frees memory that is freed already");
  raised.address = address;
  raised.here = place_of_running(code, "frees");
  raised.has_here = true;
  raised.there = {};
  raised.there.thread = freed.thread;
  raised.there.code = freed.code;
  raised.there.does = "freed it before";
  raised.has_there = true;
  end();
}

void raise_failed_check(const char* condition, std::uintptr_t code) noexcept {
  begin(finding::failed_check);
  say(condition);
  raised.here = place_of_running(code, "fails");
  raised.has_here = true;
  end();
}

void raise_deadlock() noexcept {
  begin(finding::deadlock);
  say("no thread can go on");
  note_waiting();
  end();
}

void raise_blocked(const char* text) noexcept {
  begin(finding::no_progress);
  say(text);
  note_waiting();
  end();
}

}  // namespace gauntlet::sched::runtime
