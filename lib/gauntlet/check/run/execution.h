// One run of one program: what every oracle may read and write while it lasts.
//
// The class is cut by idea: the loop is in runner.cpp, single operations in execution_steps.cpp, looking closer and
// comparing in execution_looks.cpp, exception guarantees in execution_exceptions.cpp, walks in execution_walks.cpp.
//
// Every oracle ends in fail(), and the first failure is the verdict; held() is asked before anything else is done. What
// a step says when it fails is built only then: a step that goes well allocates nothing and builds no text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gauntlet/check/model/iteration_model.h>
#include <gauntlet/check/model/world.h>
#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/effects.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/run/subject.h>
#include <gauntlet/check/run/verdict.h>
#include <gauntlet/check/run/work_budget.h>

namespace gauntlet::check {

// One walk under way.
struct frame {
  unsigned target;
  bool by_iterator;
  iteration_model& shown;
  std::uint64_t current;
  const frame* outer;
  std::size_t depth;               // walks around this one
  std::optional<entry> last = {};  // shown
};

// Kept between runs: vectors that have grown stay grown.
struct scratch {
  world model;
  std::vector<element> contents;
  std::vector<unsigned char> marks;
  std::vector<element> erased;
  std::deque<iteration_model> walks;  // by depth
};

class execution {
 public:
  execution(const program& p, subject& s, const run_options& options, scratch& kept)
      : program_(p), subject_(s), options_(options), kept_(kept), model_(kept.model), can_(s.can()) {
    rules_.self_move_keeps = can_.self_move_keeps;
    rules_.keeps_insertion_order = can_.iterates == iteration_order::by_insertion;
    model_.reset();
    budget_.start(p, can_, s);
    events_ = s.structural_events();
  }

  verdict run();

 private:
  static constexpr std::size_t live_max = 16384;           // elements in all maps together
  static constexpr std::size_t live_max_colliding = 1024;  // where every operation costs as much as there are elements
  // After one large run of insertions, which a program gets under a good hash and while it has few elements otherwise.
  static constexpr std::size_t live_max_large = std::size_t{1} << 18;
  static constexpr std::size_t live_max_before_large_run = 1024;
  static constexpr unsigned count_max = 256;

  bool held() const noexcept { return verdict_.kind == failure_kind::none; }
  void fail(failure_kind kind, std::string place, std::string message) {
    if (held()) {
      verdict_.kind = kind;
      verdict_.step = step_;
      verdict_.place = std::move(place);
      verdict_.message = std::move(message);
      if (subject_.referred_inside()) verdict_.message += " (an argument of it referred to an element of the map)";
    }
  }
  void count(opcode code, outcome o) noexcept {
    ++coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(o)];
  }

  // The loop (runner.cpp).
  // Runs the operation at `at` and what belongs to it; gives the index of the next one.
  std::size_t run_at(std::size_t at, std::size_t end, frame* inside);
  void finish();

  // Single operations (execution_steps.cpp).
  std::uint64_t choose_key(const operation& o, const frame* inside) const;
  std::uint64_t choose_later(const frame& f, const key_operand& k) const;
  request request_of(const operation& o, const frame* inside) const;
  // False when some walk under way does not survive the operation.
  bool allowed(const request& r, const effects& e, const frame* inside) const;
  // Whether there may be so many elements.
  bool has_room(const request& r, const effects& e, const frame* inside);
  // How often it may ask for memory when there is none any more: for what it likes, and for each element.
  static std::uint32_t refusals_max(const request& r, std::size_t elements) noexcept;
  // How many single operations it counts for: on a large map, where the model is slow, more, and in a large run less.
  static std::uint64_t weight_of(const request& r, const effects& e, std::size_t elements) noexcept;
  void run_operation(const operation& o, frame* inside);
  void apply(const request& r, const effects& e);
  // An erase_if whose predicate throws, and is called often enough to do so.
  bool asked_to_throw(const request& r) const;
  void judge_result(const request& r, const result& got);
  void follow_capacity(const request& r, const result& got, std::size_t size, bool refused);

  // Looking closer (execution_looks.cpp).
  void look_closer(const request& r, const effects& e);
  bool comparison_is_due() const noexcept;
  void check_size(const request& r, unsigned target);
  // Self-checks of the maps that the last step changed, if there was a structural event.
  void check_after_events(unsigned target, unsigned other);
  void check_structure(unsigned target);
  void check_allocators();
  void spend();
  void compare_changed();
  void compare_all();
  void check_memory();
  void check_node();
  // Contents both ways, then the self-check if it is due. The judge's own work is not charged to the map.
  void compare(unsigned target);
  // Empty when the map may show the one element after the other; otherwise why it may not.
  std::string out_of_order(const entry& before, const entry& next) const;
  // Empty when map and model hold the same; otherwise the first difference, and one word for its kind in `where`.
  std::string difference(unsigned target, std::string& where);
  std::string lookups(unsigned target, const model_map& m, std::string& where);

  // Exception guarantees (execution_exceptions.cpp).
  enum class losses : std::uint8_t { none, one_moved, any };
  void judge_exception(const request& r, const effects& e, const result& got, losses allowed);
  // The basic guarantee: what the maps hold now comes from before or from after, and, unless it may, nothing is lost that
  // the operation would not have taken away. The model takes over what is there.
  void resynchronise(const request& r, const world& before, const world& after, bool may_lose);
  // The move of an element that cannot be copied has thrown: one element may be lost.
  void judge_loss(const request& r, bool threw);
  // What the operation makes of the model.
  world done(const request& r);
  // The model takes over what the maps hold. False, and a failure, if that is neither from before nor from after.
  bool adopt(const request& r, const world& before, const world& after);
  // Likewise the node that is held; it may be lost.
  bool adopt_node(const request& r, const world& before, const world& after);

  // Walks (execution_walks.cpp).
  void run_walk(const operation& o, std::size_t first, std::size_t end, frame* outer);
  static std::string walk_name(const frame& f);
  visit_answer run_visit(frame& here, std::uint64_t key, std::uint64_t value, std::size_t first, std::size_t end,
                         std::size_t& turn);
  // In iterate, erasing the current element is the one way to erase: by its iterator, and only when no other iterator
  // walks the same map.
  bool erases_current(const operation& o, const frame& here) const;
  visit_answer erase_current(const operation& o, const frame& here);

  const program& program_;
  subject& subject_;
  const run_options& options_;
  scratch& kept_;
  world& model_;
  const capabilities can_;
  model_rules rules_;
  work_budget budget_;
  verdict verdict_;
  const operation* fault_ = nullptr;  // waits for the next operation
  std::size_t step_ = 0;
  std::uint64_t single_operations_ = 0;
  std::uint64_t since_comparison_ = 0;
  std::uint64_t checked_at_[map_count] = {};  // operations run when the map last checked itself
  std::uint64_t visits_ = 0;
  std::uint64_t events_ = 0;
  std::size_t rotation_ = 0;
  bool changed_[map_count] = {};
  bool deep_ = false;  // look up every key
  std::size_t live_max_ =
      program_.header.hash == hash_quality::constant || program_.header.hash == hash_quality::top_only
          ? live_max_colliding
          : live_max;
};

}  // namespace gauntlet::check
