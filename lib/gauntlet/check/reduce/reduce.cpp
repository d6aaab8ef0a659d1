// Making a failing program small.
//
// The algorithm is delta debugging (Zeller and Hildebrandt, 2002) with passes that know what a program is:
//
//   threads      a whole lane goes, or its operations move to `before` or `after`
//   operations   ddmin over units (a walk with its body is one unit), then over single operations, which reaches into
//                bodies and takes a walk away from around its body; for small programs, pairs as well, because some
//                operations only mean something together (swap twice); and one operation takes over what another did,
//                by a larger count: filling a table needs no ten insertions
//   settings     every field of the header to its default, the hot key universe to what is used
//   operands     opcodes to simpler ones of their family, counts, values and selectors down, maps to 0, 1 ..., keys to
//                hot 0, 1, 2 ... (all uses of a key together, else one by one; a key by its place in the map,
//                which other operations decide, to a name)
//   decisions    ddmin over the deviations of the schedule: the program stays, fewer preemptions do
//
// Rounds of all passes follow each other until one changes nothing: then no single step of any pass can be taken, which
// is what `finished` means.
//
// Every step strictly decreases something that no pass increases again: the number of operations, a header's distance
// from the default, the rank of an opcode, a number. So rounds end. Decisions come last in that order: a smaller program
// may come back from the judge with more of them, and what they say of the choice (at which the judge made them) is
// taken over as it is.
//
// The hard case is slippage: a candidate that fails, but otherwise. It counts as holding. Candidates that held are
// remembered (as hashes of their bytes), because later rounds ask the same questions again.
#include <gauntlet/check/reduce/reduce.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/edit.h>
#include <gauntlet/check/program/keys.h>

namespace gauntlet::check {
namespace {

// Families of opcodes that do about the same, the simplest first. An opcode may be replaced by an earlier one of its
// family.
constexpr opcode looking[] = {opcode::find,        opcode::contains,     opcode::count,    opcode::at,
                              opcode::equal_range, opcode::look_by_view, opcode::find_many};
constexpr opcode inserting[] = {opcode::insert_copy,
                                opcode::insert_move,
                                opcode::emplace,
                                opcode::try_emplace,
                                opcode::try_emplace_move,
                                opcode::insert_hint,
                                opcode::emplace_hint,
                                opcode::try_emplace_hint,
                                opcode::subscript_read,
                                opcode::subscript_assign,
                                opcode::insert_or_assign,
                                opcode::insert_or_assign_move,
                                opcode::insert_or_assign_hint,
                                opcode::update,
                                opcode::fetch_update,
                                opcode::compare_exchange,
                                opcode::insert_range,
                                opcode::insert_list,
                                opcode::assign_list,
                                opcode::construct_range,
                                opcode::change_by_view,
                                opcode::fill_reserved,
                                opcode::upsert};
constexpr opcode erasing[] = {
    opcode::erase_key, opcode::erase_iterator, opcode::extract_key,       opcode::extract_iterator, opcode::erase_range,
    opcode::erase_if,  opcode::clear,          opcode::default_construct, opcode::compare_erase};
constexpr opcode copying[] = {opcode::copy_construct, opcode::copy_assign, opcode::move_construct,
                              opcode::move_assign,    opcode::swap,        opcode::merge};
constexpr opcode walking[] = {opcode::iterate, opcode::walk};
constexpr opcode noding[] = {opcode::insert_node, opcode::insert_node_hint};
constexpr opcode sizing[] = {opcode::reserve, opcode::rehash};

constexpr std::array<std::span<const opcode>, 7> families = {looking, inserting, erasing, copying,
                                                             walking, noding,    sizing};

std::span<const opcode> simpler_opcodes(opcode code) {
  for (const std::span<const opcode> family : families) {
    const auto at = std::find(family.begin(), family.end(), code);
    if (at != family.end()) return {family.begin(), at};
  }
  return {};
}

// Total order of key operands: hot 0 is the simplest.
unsigned rank_of(const key_operand& k) noexcept { return static_cast<unsigned>(k.choice) << 13 | k.number; }

std::uint64_t fingerprint(const program& p) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const std::uint8_t byte : encode(p)) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

class reducer {
 public:
  reducer(const program& failing, const failure_signature& signature,
          const std::function<failure_signature(program&)>& judge, const reduction_limits& limits)
      : best_(failing), signature_(signature), judge_(judge), limits_(limits) {
    normalize(best_);
  }

  reduction run() {
    do {
      changed_ = false;
      drop_threads();
      sort_by_lane();
      drop_units();
      drop_operations();
      drop_pairs();
      hand_over_counts();
      drop_settings();
      shrink_counts();
      shrink_operands();
      simplify_opcodes();
      rename_maps();
      rename_keys();
      drop_decisions();
    } while (changed_ && !stopped_);
    return {best_, tries_, !stopped_};
  }

 private:
  // Takes `candidate` as the new best when it is different and fails in the same way.
  bool attempt(program candidate) {
    normalize(candidate);
    if (stopped_ || candidate == best_) return false;
    if (!seen_.insert(fingerprint(candidate)).second) return false;
    for (unsigned time = 0; time < std::max(limits_.times, 1u); ++time) {
      if (tries_ >= limits_.tries_max || (limits_.out_of_time && limits_.out_of_time())) {
        stopped_ = true;
        return false;
      }
      ++tries_;
      program failed = candidate;
      const bool same =
          judge_(failed) == signature_ && (!fewer_decisions_ || failed.decisions.size() < best_.decisions.size());
      if (limits_.progress) limits_.progress(tries_, same ? failed.operations.size() : best_.operations.size());
      if (!same) continue;
      best_ = std::move(candidate);
      best_.decisions = std::move(failed.decisions);
      changed_ = true;
      return true;
    }
    return false;
  }

  // ddmin over the decisions. Only fewer of them are an improvement: what the judge made of the candidate may have more.
  void drop_decisions() {
    for (std::size_t chunk = std::max<std::size_t>(best_.decisions.size() / 2, 1); !stopped_; chunk /= 2) {
      for (std::size_t end = best_.decisions.size(); end > 0 && !stopped_;) {
        end = std::min(end, best_.decisions.size());
        const std::size_t begin = end - std::min(chunk, end);
        fewer_decisions_ = true;
        attempt_with([&](program& p) {
          p.decisions.erase(p.decisions.begin() + static_cast<std::ptrdiff_t>(begin),
                            p.decisions.begin() + static_cast<std::ptrdiff_t>(end));
        });
        fewer_decisions_ = false;
        end = begin;
      }
      if (chunk == 1) return;
    }
  }

  template <class Change>
  bool attempt_with(Change change) {
    program candidate = best_;
    change(candidate);
    return attempt(std::move(candidate));
  }

  void drop_threads() {
    for (unsigned thread = best_.header.threads; thread >= 1; --thread) {
      const auto without = [&](program& p, bool drop, lane instead) {
        for (std::size_t i = p.operations.size(); i-- > 0;) {
          operation& o = p.operations[i];
          const auto number = static_cast<unsigned>(o.where);
          if (o.where == lane::after || number < thread) continue;
          if (number > thread) {
            o.where = static_cast<lane>(number - 1);
          } else if (drop) {
            erase_operations(p, i, 1);
          } else {
            o.where = instead;
          }
        }
        p.header.threads = static_cast<std::uint8_t>(p.header.threads - 1);
      };
      if (attempt_with([&](program& p) { without(p, true, lane::before); })) continue;
      if (attempt_with([&](program& p) { without(p, false, lane::before); })) continue;
      if (attempt_with([&](program& p) { without(p, false, lane::after); })) continue;
      if (thread > 1) attempt_with([&](program& p) { without(p, false, lane::thread_1); });
    }
  }

  // The order of operations in different lanes says nothing: lane by lane reads best.
  void sort_by_lane() {
    attempt_with([](program& p) {
      std::vector<operation> sorted;
      sorted.reserve(p.operations.size());
      for (unsigned number = 0; number < 8; ++number) {
        std::copy_if(p.operations.begin(), p.operations.end(), std::back_inserter(sorted),
                     [number](const operation& o) { return static_cast<unsigned>(o.where) == number; });
      }
      p.operations = std::move(sorted);
    });
  }

  // ddmin over units: chunks of half, a quarter ... of all units, down to one unit.
  void drop_units() {
    const auto units_of = [](const program& p) {
      std::vector<std::size_t> first;
      for (std::size_t i = 0; i < p.operations.size(); i += unit_size(p, i)) first.push_back(i);
      first.push_back(p.operations.size());
      return first;
    };
    std::size_t chunk = std::max<std::size_t>((units_of(best_).size() - 1 + 1) / 2, 1);
    while (!stopped_) {
      bool removed = false;
      // From the back: what comes later depends on what comes earlier.
      std::size_t last = units_of(best_).size() - 1;
      while (last > 0 && !stopped_) {
        const std::size_t first = last - std::min(chunk, last);
        const std::vector<std::size_t> units = units_of(best_);
        const std::size_t begin = units[first];
        if (attempt_with([&](program& p) { erase_operations(p, begin, units[last] - begin); })) removed = true;
        last = first;
      }
      if (chunk == 1 && !removed) return;
      if (!removed || chunk > 1) chunk = std::max<std::size_t>(chunk / 2, 1);
    }
  }

  void drop_operations() {
    bool removed = true;
    while (removed && !stopped_) {
      removed = false;
      for (std::size_t i = best_.operations.size(); i-- > 0;) {
        if (attempt_with([&](program& p) { erase_operations(p, i, 1); })) removed = true;
      }
    }
  }

  void drop_pairs() {
    constexpr std::size_t operations_max_for_pairs = 16;
    if (best_.operations.size() > operations_max_for_pairs) return;
    for (std::size_t j = best_.operations.size(); j-- > 1;) {
      for (std::size_t i = j; i-- > 0;) {
        if (j >= best_.operations.size()) break;
        attempt_with([&](program& p) {
          erase_operations(p, j, 1);
          erase_operations(p, i, 1);
        });
      }
    }
  }

  // One operation fewer, and a larger count in another one. A count of 256 is the largest.
  void hand_over_counts() {
    constexpr std::size_t operations_max_to_try = 24;
    if (best_.operations.size() > operations_max_to_try || best_.header.threads != 0) return;
    const auto counts = [this](std::size_t i) { return info(best_.operations[i].code).takes.count; };
    for (std::size_t gone = best_.operations.size(); gone-- > 0 && !stopped_;) {
      bool taken_over = !counts(gone);
      for (std::size_t i = 0; i < best_.operations.size() && !taken_over && !stopped_; ++i) {
        if (i == gone || !counts(i) || best_.operations[i].target != best_.operations[gone].target) continue;
        for (const unsigned more : {unsigned{best_.operations[gone].count}, 32u}) {
          taken_over = attempt_with([&](program& p) {
            std::uint16_t& count = p.operations[i].count;
            count = static_cast<std::uint16_t>(std::min(256u, count + more));
            erase_operations(p, gone, 1);
          });
          if (taken_over) break;
        }
      }
    }
  }

  // A field to `value`, only when that is nearer to nothing.
  void drop_settings() {
    const program_header defaults;
    attempt_with([&](program& p) {
      const std::uint8_t target = p.header.target, threads = p.header.threads;
      p.header = defaults;
      p.header.target = target;
      p.header.threads = threads;
    });
    attempt_with([&](program& p) { p.header.banned = 0; });
    attempt_with([&](program& p) { p.header.capacity = 0; });
    attempt_with([&](program& p) { p.header.allocator = defaults.allocator; });
    for (unsigned i = 0; i < static_cast<unsigned>(best_.header.types); ++i) {
      if (attempt_with([&](program& p) { p.header.types = static_cast<element_types>(i); })) break;
    }
    for (unsigned i = 0; i < static_cast<unsigned>(best_.header.hash); ++i) {
      if (attempt_with([&](program& p) { p.header.hash = static_cast<hash_quality>(i); })) break;
    }
    if (best_.header.hot_keys != defaults.hot_keys) {
      attempt_with([&](program& p) { p.header.hot_keys = defaults.hot_keys; });
    }
    shrink_number([](program& p) -> std::uint8_t& { return p.header.capacity; }, 0);
    shrink_number([](program& p) -> std::uint8_t& { return p.header.erased_before; }, 0);
  }

  // Lowers the number that `field` gives to the smallest that `min` and bisection lead to. Bisection assumes nothing:
  // it only proposes; at the end the next smaller number was tried and held.
  template <class Field>
  void shrink_number(Field field, unsigned min) {
    const auto value = [&] { return static_cast<unsigned>(field(best_)); };
    const auto set = [&](unsigned number) {
      return attempt_with([&](program& p) {
        auto& place = field(p);
        place = static_cast<std::remove_reference_t<decltype(place)>>(number);
      });
    };
    if (value() <= min || set(min)) return;
    if (value() > min + 1 && set(min + 1)) return;
    unsigned low = min;  // held, as far as was tried
    while (value() - low > 1 && !stopped_) {
      const unsigned middle = low + (value() - low) / 2;
      if (!set(middle)) low = middle;
    }
  }

  void shrink_counts() {
    for (std::size_t i = 0; i < best_.operations.size() && !stopped_; ++i) {
      if (info(best_.operations[i].code).takes.count) {
        shrink_number([i](program& p) -> std::uint16_t& { return p.operations[i].count; }, 1);
      }
    }
  }

  void shrink_operands() {
    // All uses of one value together, the values in order of their first use to 0, 1, 2 ...
    rename([](const operation& o) { return info(o.code).takes.value; },
           [](const operation& o) { return unsigned{o.value}; },
           [](operation& o, unsigned value) { o.value = static_cast<std::uint16_t>(value); });
    for (std::size_t i = 0; i < best_.operations.size() && !stopped_; ++i) {
      const operands takes = info(best_.operations[i].code).takes;
      if (takes.value) shrink_number([i](program& p) -> std::uint16_t& { return p.operations[i].value; }, 0);
      if (takes.argument) {
        const unsigned argument = best_.operations[i].argument;
        for (unsigned smaller = 0; smaller < argument; ++smaller) {
          if (attempt_with([&](program& p) { p.operations[i].argument = static_cast<std::uint8_t>(smaller); })) break;
        }
      }
      if (best_.header.threads > 0 && best_.operations[i].where != lane::before) {
        attempt_with([&](program& p) { p.operations[i].where = lane::before; });
      }
    }
  }

  void simplify_opcodes() {
    for (std::size_t i = 0; i < best_.operations.size() && !stopped_; ++i) {
      for (const opcode simpler : simpler_opcodes(best_.operations[i].code)) {
        if (attempt_with([&](program& p) { p.operations[i].code = simpler; })) break;
      }
    }
  }

  void rename_maps() {
    for (unsigned map = 1; map < map_count; ++map) {
      for (unsigned smaller = 0; smaller < map; ++smaller) {
        bool used = false;
        for (const operation& o : best_.operations) {
          const operands& takes = info(o.code).takes;
          used = used || (takes.target && o.target == map) || (takes.other && o.other == map);
        }
        if (!used) break;
        // One into the other; where both are needed, only a map with no use of its own may be taken.
        attempt_with([&](program& p) {
          for (operation& o : p.operations) {
            const operands& takes = info(o.code).takes;
            if (takes.target && o.target == map) o.target = static_cast<std::uint8_t>(smaller);
            if (takes.other && o.other == map) o.other = static_cast<std::uint8_t>(smaller);
          }
        });
      }
    }
  }

  void rename_keys() {
    // Two numbers of one hot key are two names for the same thing, which could only be renamed together.
    attempt_with([](program& p) {
      for (operation& o : p.operations) {
        if (info(o.code).takes.key && o.key.choice == key_class::hot) {
          o.key.number = static_cast<std::uint16_t>(o.key.number % p.header.hot_keys);
        }
      }
    });
    // The same is true of two ways to choose a key that give the same one.
    attempt_with([](program& p) {
      std::unordered_map<std::uint64_t, key_operand> simplest;
      for (const operation& o : p.operations) {
        if (!info(o.code).takes.key) continue;
        key_operand& known = simplest.try_emplace(key_of(p.header, o.key), o.key).first->second;
        if (rank_of(o.key) < rank_of(known)) known = o.key;
      }
      for (operation& o : p.operations) {
        if (info(o.code).takes.key) o.key = simplest.at(key_of(p.header, o.key));
      }
    });
    rename([](const operation& o) { return info(o.code).takes.key; }, [](const operation& o) { return rank_of(o.key); },
           [](operation& o, unsigned rank) {
             o.key.choice = static_cast<key_class>(rank >> 13);
             o.key.number = static_cast<std::uint16_t>(rank & 0x1fff);
           });
    name_keys_by_place();
    for (std::size_t i = 0; i < best_.operations.size() && !stopped_; ++i) {
      if (info(best_.operations[i].code).takes.key && best_.operations[i].key.number != 0) {
        shrink_number([i](program& p) -> std::uint16_t& { return p.operations[i].key.number; }, 0);
      }
    }
  }

  // The key of the first element that the map shows, or of the fifth, is another one as soon as an operation before it goes:
  // of several that take out one each none could go. Such a key is given a name, at once or when another operation goes; or
  // it is looked for in another place when one goes.
  void name_keys_by_place() {
    constexpr std::uint16_t names_to_try = 16;
    constexpr std::size_t operations_max_to_try = 16;
    if (best_.header.threads != 0 || best_.operations.size() > operations_max_to_try) return;
    const auto by_place = [this](std::size_t i, key_class choice) {
      return i < best_.operations.size() && info(best_.operations[i].code).takes.key &&
             best_.operations[i].key.choice == choice;
    };
    for (std::size_t i = 0; i < best_.operations.size() && !stopped_; ++i) {
      for (std::uint16_t name = 0; name < names_to_try && by_place(i, key_class::current); ++name)
        attempt_with([&](program& p) { p.operations[i].key = {key_class::hot, name}; });
    }
    for (std::size_t i = best_.operations.size(); i-- > 1 && !stopped_;) {
      for (std::size_t gone = i; gone-- > 0 && !stopped_;) {
        bool less = false;
        for (const key_class choice : {key_class::hot, key_class::present}) {
          for (std::uint16_t name = 0; name < names_to_try && !less; ++name) {
            if (!by_place(i, key_class::current) && !by_place(i, key_class::present)) break;
            less = attempt_with([&](program& p) {
              p.operations[i].key = {choice, name};
              erase_operations(p, gone, 1);
            });
          }
        }
        if (less) --i;
      }
    }
  }

  // Gives the distinct names in use smaller ones: first each to the number of its place in the order of first use, all
  // its uses together; then each single use to the smallest possible; then two names change places when the one that is
  // used first is the larger. Each step makes the sequence of names smaller in lexicographic order.
  template <class Takes, class Get, class Set>
  void rename(Takes takes, Get get, Set set) {
    std::vector<unsigned> done;  // names that were looked at
    for (std::size_t i = 0; i < best_.operations.size() && !stopped_; ++i) {
      if (!takes(best_.operations[i])) continue;
      const unsigned name = get(best_.operations[i]);
      if (std::find(done.begin(), done.end(), name) != done.end()) continue;
      bool renamed = false;
      const auto wanted = static_cast<unsigned>(done.size());
      for (unsigned smaller = 0; smaller <= wanted && smaller < name && !renamed; ++smaller) {
        renamed = attempt_with([&](program& p) {
          for (operation& o : p.operations) {
            if (takes(o) && get(o) == name) set(o, smaller);
          }
        });
      }
      done.push_back(get(best_.operations[i]));
    }
    for (std::size_t i = 0; i < best_.operations.size() && !stopped_; ++i) {
      if (!takes(best_.operations[i])) continue;
      const unsigned name = get(best_.operations[i]);
      for (unsigned smaller = 0; smaller < std::min(name, 4u); ++smaller) {
        if (attempt_with([&](program& p) { set(p.operations[i], smaller); })) break;
      }
    }
    for (std::size_t i = 0; i < best_.operations.size() && !stopped_; ++i) {
      if (!takes(best_.operations[i])) continue;
      for (std::size_t j = i + 1; j < best_.operations.size() && !stopped_; ++j) {
        if (!takes(best_.operations[j])) continue;
        const unsigned first = get(best_.operations[i]), second = get(best_.operations[j]);
        if (second >= first) continue;
        attempt_with([&](program& p) {
          for (operation& o : p.operations) {
            if (!takes(o)) continue;
            const unsigned name = get(o);
            if (name == first || name == second) set(o, name == first ? second : first);
          }
        });
      }
    }
  }

  program best_;
  const failure_signature& signature_;
  const std::function<failure_signature(program&)>& judge_;
  const reduction_limits& limits_;
  bool fewer_decisions_ = false;  // a candidate must come back with fewer decisions than the best has
  std::unordered_set<std::uint64_t> seen_;
  std::uint64_t tries_ = 0;
  bool changed_ = false;
  bool stopped_ = false;
};

}  // namespace

reduction reduce(const program& failing, const failure_signature& signature,
                 const std::function<failure_signature(program&)>& judge, const reduction_limits& limits) {
  return reducer(failing, signature, judge, limits).run();
}

namespace {

class byte_reducer {
 public:
  byte_reducer(std::span<const std::uint8_t> failing, const failure_signature& signature,
               const std::function<failure_signature(std::span<const std::uint8_t>)>& judge,
               const reduction_limits& limits)
      : best_(failing.begin(), failing.end()), signature_(signature), judge_(judge), limits_(limits) {}

  byte_reduction run() {
    do {
      changed_ = false;
      for (std::size_t chunk = std::max<std::size_t>(best_.size() / 2, 1); chunk > 0 && !stopped_; chunk /= 2) {
        for (std::size_t end = best_.size(); end > 0 && !stopped_;) {
          const std::size_t begin = end - std::min(chunk, end);
          std::vector<std::uint8_t> candidate = best_;
          candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(begin),
                          candidate.begin() + static_cast<std::ptrdiff_t>(end));
          attempt(std::move(candidate));
          end = begin;
        }
      }
      for (std::size_t i = 0; i < best_.size() && !stopped_; ++i) {
        for (const std::uint8_t plain : {std::uint8_t{0}, std::uint8_t{' '}, std::uint8_t{'0'}}) {
          if (best_[i] == plain) break;
          std::vector<std::uint8_t> candidate = best_;
          candidate[i] = plain;
          if (attempt(std::move(candidate))) break;
        }
      }
    } while (changed_ && !stopped_);
    return {best_, tries_, !stopped_};
  }

 private:
  bool attempt(std::vector<std::uint8_t> candidate) {
    for (unsigned time = 0; time < std::max(limits_.times, 1u); ++time) {
      if (tries_ >= limits_.tries_max || (limits_.out_of_time && limits_.out_of_time())) {
        stopped_ = true;
        return false;
      }
      ++tries_;
      const bool same = judge_(candidate) == signature_;
      if (limits_.progress) limits_.progress(tries_, same ? candidate.size() : best_.size());
      if (!same) continue;
      best_ = std::move(candidate);
      changed_ = true;
      return true;
    }
    return false;
  }

  std::vector<std::uint8_t> best_;
  const failure_signature& signature_;
  const std::function<failure_signature(std::span<const std::uint8_t>)>& judge_;
  const reduction_limits& limits_;
  std::uint64_t tries_ = 0;
  bool changed_ = false;
  bool stopped_ = false;
};

}  // namespace

byte_reduction reduce_bytes(std::span<const std::uint8_t> failing, const failure_signature& signature,
                            const std::function<failure_signature(std::span<const std::uint8_t>)>& judge,
                            const reduction_limits& limits) {
  return byte_reducer(failing, signature, judge, limits).run();
}

}  // namespace gauntlet::check
