#include <gauntlet/check/run/recording.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <gauntlet/check/types/faults.h>

namespace gauntlet::check {
namespace {

thread_local recording* wanted = nullptr;

class recording_subject final : public subject {
 public:
  recording_subject(std::unique_ptr<subject> inner, recording& into) : inner_(std::move(inner)), into_(into) {}

  std::string_view name() const override { return inner_->name(); }
  capabilities can() const override { return inner_->can(); }

  result apply(const request& r) override {
    note(recording::kind::request, r);
    return inner_->apply(r);
  }
  bool referred_inside() const override { return inner_->referred_inside(); }
  result erase_range(const request& r, std::vector<element>& erased) override {
    note(recording::kind::erase_range, r);
    return inner_->erase_range(r, erased);
  }
  result walk(unsigned target, const visitor& visit) override {
    note(recording::kind::walk, {.target = target});
    return inner_->walk(target, noted(visit));
  }
  result iterate(unsigned target, const visitor& visit) override {
    note(recording::kind::iterate, {.target = target});
    return inner_->iterate(target, noted(visit));
  }

  void contents(unsigned target, std::vector<element>& out) const override { inner_->contents(target, out); }
  std::size_t size(unsigned target) const override { return inner_->size(target); }
  result look(unsigned target, std::uint64_t key) const override { return inner_->look(target, key); }
  bool node(element& out) const override { return inner_->node(out); }
  std::string self_check(unsigned target) const override { return inner_->self_check(target); }
  std::uint64_t structural_events() const override { return inner_->structural_events(); }
  work_count work() const override { return inner_->work(); }
  std::size_t bytes() const override { return inner_->bytes(); }
  std::size_t element_bytes() const override { return inner_->element_bytes(); }
  std::string allocator_check() const override { return inner_->allocator_check(); }
  std::string finish() override { return inner_->finish(); }

 private:
  void note(recording::kind what, const request& r) {
    into_.steps.push_back({.what = what,
                           .armed = faults::state.armed,
                           .lasts = faults::state.lasts,
                           .patience = faults::state.patience,
                           .countdown = faults::state.countdown,
                           .answer = visit_answer::go_on,
                           .asked = r});
  }
  visitor noted(const visitor& visit) {
    return [this, &visit](std::uint64_t key, std::uint64_t value) {
      const visit_answer answer = visit(key, value);
      into_.steps.push_back({.what = recording::kind::answer, .answer = answer});
      return answer;
    };
  }

  std::unique_ptr<subject> inner_;
  recording& into_;
};

class player {
 public:
  explicit player(const recording& r) : steps_(r.steps), maps_(r.make(r.header)) {}

  void play() {
    while (at_ < steps_.size()) {
      play_one();
    }
    static_cast<void>(maps_->finish());
  }

 private:
  void play_one() {
    const recording::step& s = steps_[at_++];
    if (s.armed != 0) {
      faults::arm(s.lasts ? fault_kind::every_allocation : static_cast<fault_kind>(s.armed - 1), s.countdown,
                  s.patience);
    }
    switch (s.what) {
      case recording::kind::request:
        maps_->apply(s.asked);
        break;
      case recording::kind::erase_range:
        maps_->erase_range(s.asked, erased_);
        break;
      case recording::kind::walk:
      case recording::kind::iterate: {
        const auto visit = [this](std::uint64_t, std::uint64_t) { return next_answer(); };
        const visitor by_reference = std::ref(visit);
        s.what == recording::kind::walk ? maps_->walk(s.asked.target, by_reference)
                                        : maps_->iterate(s.asked.target, by_reference);
        break;
      }
      case recording::kind::answer:
        break;
    }
    if (s.armed != 0) {
      faults::disarm();
    }
  }

  // Steps of the body, then the answer. A map that shows more than it did when it was recorded is stopped.
  visit_answer next_answer() {
    while (at_ < steps_.size()) {
      if (steps_[at_].what == recording::kind::answer) {
        return steps_[at_++].answer;
      }
      play_one();
    }
    return visit_answer::stop;
  }

  const std::vector<recording::step>& steps_;
  std::unique_ptr<subject> maps_;
  std::vector<element> erased_;
  std::size_t at_ = 0;
};

}  // namespace

recording_of_runs::recording_of_runs(recording& into) noexcept { wanted = &into; }

recording_of_runs::~recording_of_runs() { wanted = nullptr; }

std::unique_ptr<subject> make_for_run(const subject_factory& make, const program_header& header) {
  std::unique_ptr<subject> maps = make(header);
  if (wanted == nullptr) [[likely]] {
    return maps;
  }
  wanted->header = header;
  wanted->make = make;
  ++wanted->runs;
  wanted->steps.clear();
  return std::make_unique<recording_subject>(std::move(maps), *wanted);
}

void play(const recording& r) {
  if (r.make) {
    player(r).play();
  }
}

}  // namespace gauntlet::check
