// One concurrent program, run and judged: what its three parts share.
//
// The class is cut by idea. Before each repetition it is decided what each lane will ask, and room is made for all that will
// be recorded (concurrent_execution_plan.cpp); then the executor carries it out (concurrent_runner.cpp), which neither
// decides nor judges, as what it does may be controlled or given up at any moment; at last what was recorded is judged
// (concurrent_execution_judgement.cpp). The first failure is the verdict.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gauntlet/check/history/recorder.h>
#include <gauntlet/check/run/concurrent_runner.h>

namespace gauntlet::check {

class concurrent_execution {
 public:
  concurrent_execution(const program& p, const concurrent_subject_factory& make, const concurrent_options& options,
                       concurrent_executor& executor)
      : program_(p), make_(make), options_(options), executor_(executor) {}

  verdict run();

 private:
  static constexpr unsigned lane_count = lane_count_max;
  // How often an operation may ask for memory when there is none any more.
  static constexpr std::uint32_t refusals_max = 10'000;

  // What is to throw in one operation.
  struct fault {
    bool is_armed = false;
    fault_kind kind = fault_kind::allocation;
    std::uint32_t before = 0;  // so many events of that kind don't
  };

  // What is said in words, empty where all is well.
  struct words {
    static constexpr std::size_t text_size_max = 512, state_size_max = 4096;
    words() {
      for (std::string& text : trouble) text.reserve(text_size_max);
      for (std::string& text : self_check) text.reserve(state_size_max);
      for (std::string* text : {&last_looks, &snapshot, &room, &lifetime, &memory}) text->reserve(text_size_max);
      state.reserve(state_size_max);
    }
    void clear() noexcept {
      for (std::string& text : trouble) text.clear();
      for (std::string& text : self_check) text.clear();
      for (std::string* text : {&last_looks, &snapshot, &room, &lifetime, &memory, &state}) text->clear();
    }

    std::array<std::string, lane_count> trouble;  // what a lane threw
    std::array<std::string, history_map_count> self_check;
    std::string last_looks;
    std::string snapshot;
    std::string room;
    std::string lifetime;
    std::string memory;
    std::string state;
  };

  // An operation between its beginning, which the executor may put off, and its end.
  class under_way;

  static bool is_thread(unsigned where) noexcept { return where != 0 && where != lane_count - 1; }

  void repeat(unsigned repetition);

  // What will be asked (concurrent_execution_plan.cpp).
  void prepare();
  bool is_fault(const operation& o) const;
  bool request_of(const operation& o, request& r) const;

  // What happens (concurrent_runner.cpp). One repetition as the executor runs it. It keeps no memory but what prepare() has
  // made room for: the executor's heap may be gone when the judging begins, and what is allocated inside and never given
  // back is a leak.
  void carry_out(unsigned repetition);
  // A contract says what an operation would be, not that the map has it: what was not done has not been.
  void make_what_was_before();
  void insert_each(std::vector<element>& all);
  bool applied(opcode code, const element& e);
  void do_lane(unsigned where, std::uint64_t rng_seed);
  // Whatever the map makes of the exception, another one or an answer, is its answer to the fault. And a map may have the
  // work of one thread done by another: then the exception comes to whom it was not armed for.
  void ask_with(const fault& f, event& e);
  void begins(awareness& a) const;
  void ends(awareness& a) const;
  // When all was done, sizes and lookups must say what for_each shows.
  void look_again(unsigned map);
  // A snapshot that somebody holds may keep as much as it shows, and room that was asked for need not be given back.
  void look_at_memory();
  bool was_asked(opcode code);
  void describe(unsigned map);
  // Adds to words that prepare() has made room for.
  static void say(std::string& words, std::string_view text);

  // Judgement (concurrent_execution_judgement.cpp).
  void judge(unsigned repetition, bool completed, const verdict& noticed);
  // What the executor noticed, at the first operation of the program that was under way.
  void take_over(unsigned repetition, const history& h, const verdict& noticed);
  void judge_history(unsigned repetition, history& h, const history& failed);
  // Beside others the order of insertion is not known; that of keys is.
  void judge_order(unsigned repetition, const history& h);
  // No history to judge: a map that gave an answer which no map gives (a find that says yes and shows nothing) has
  // failed; anything else that is wrong with a history is the recorder's fault.
  void judge_answers(unsigned repetition, const history& h, const std::string& problem);
  void fail(unsigned repetition, failure_kind kind, std::size_t step, std::string place, const std::string& message);

  const program& program_;
  const concurrent_subject_factory& make_;
  const concurrent_options& options_;
  concurrent_executor& executor_;
  const bool tells_ = executor_.tells();
  const bool is_aware_ = executor_.knows_what_happens_before();
  verdict verdict_;

  // What the map promises.
  std::unique_ptr<concurrent_subject> promises_;  // whose maps are never made
  contract_table contracts_;
  precedence order_ = precedence::real_time;
  failure_promise on_failure_ = failure_promise::none;
  opcode fills_with_ = opcode::nothing;
  std::vector<element> before_;  // in the shared map before anything is recorded
  std::vector<element> erased_;  // before that

  // What was prepared, and recorded.
  concurrent_subject* subject_ = nullptr;
  stamp_counter stamps_;
  std::array<lane_recorder, lane_count> lanes_;
  std::array<std::vector<fault>, lane_count> faults_;  // by lane and event
  std::vector<unsigned> threads_;                      // lanes that run at once
  std::vector<std::uint64_t> keys_;                    // that the program names, ascending
  bool second_map_is_used_ = false;
  std::array<event, history_map_count> contents_;  // when all was done
  awareness contents_aware_;
  words said_;
  std::array<const event*, lane_count> never_ends_{};  // by lane, who asked for memory again and again
};

}  // namespace gauntlet::check
