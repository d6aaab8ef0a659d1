#include <cstdio>
#include <cstdlib>

#include <gauntlet/sched/litmus/litmus.h>

namespace gauntlet::sched {

namespace {

[[noreturn]] void wrong(std::string_view text, std::string_view operation) {
  std::fprintf(stderr, "litmus test '%.*s': no operation: '%.*s'\n", static_cast<int>(text.size()), text.data(),
               static_cast<int>(operation.size()), operation.data());
  std::abort();
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Splits at `at`; calls f with each part.
template <class Function>
void for_each_part(std::string_view s, char at, const Function& f) {
  for (;;) {
    const std::size_t end = s.find(at);
    f(trimmed(s.substr(0, end)));
    if (end == std::string_view::npos) return;
    s.remove_prefix(end + 1);
  }
}

litmus_operation operation_of(std::string_view text, std::string_view written) {
  const std::size_t space = written.find(' ');
  if (space == std::string_view::npos) wrong(text, written);
  const std::string_view what = written.substr(0, space), order = written.substr(space + 1);

  litmus_operation o;
  constexpr std::string_view orders[] = {"rlx", "acq", "rel", "acq_rel", "sc"};
  unsigned k = 0;
  while (k < 5 && orders[k] != order) ++k;
  if (k == 5) wrong(text, written);
  o.order = static_cast<litmus_order>(k);

  if (what == "fence") {
    o.what = litmus_action::fence;
    return o;
  }
  if (what.front() < 'x' || what.front() > 'z' || (what.size() != 1 && what.size() != 3)) wrong(text, written);
  o.variable = static_cast<std::uint8_t>(what.front() - 'x');
  if (what.size() == 1) return o;
  if ((what[1] != '=' && what[1] != '+') || what[2] < '0' || what[2] > '9') wrong(text, written);
  o.what = what[1] == '=' ? litmus_action::store : litmus_action::add;
  o.value = static_cast<std::uint8_t>(what[2] - '0');
  return o;
}

}  // namespace

litmus_threads parse_litmus(std::string_view text) {
  litmus_threads threads;
  for_each_part(text, '|', [&](std::string_view thread) {
    threads.emplace_back();
    for_each_part(thread, ';', [&](std::string_view o) { threads.back().push_back(operation_of(text, o)); });
  });
  return threads;
}

bool is_listed(std::string_view list, std::string_view outcome) {
  bool found = false;
  for_each_part(list, ' ', [&](std::string_view o) { found = found || (!o.empty() && o == outcome); });
  return found;
}

}  // namespace gauntlet::sched
