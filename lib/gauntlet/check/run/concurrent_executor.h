// Who runs the lanes of a concurrent program: the machine's threads, or something that decides their interleaving.
//
// One repetition is one `body`: it makes the maps, does what comes before, hands the lanes that run at once to
// `at_once`, does what comes after, and destroys the maps. An executor may carry out all of it in a world of its own,
// with its own heap and its own threads; then it may give up in the middle (a deadlock, a use after free), in which case
// `run` returns without the body having returned, and what the body owned is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <gauntlet/check/history/history.h>
#include <gauntlet/check/run/verdict.h>

namespace gauntlet::check {

class concurrent_executor {
 public:
  virtual ~concurrent_executor() = default;

  // Runs `body` once, to its end or until something is found that no history shows: a verdict of that kind (step and
  // place for the runner to fill in where empty). `completed` tells whether the body returned; if it did not and nothing
  // is wrong, the run was too long to be judged.
  virtual verdict run(const std::function<void()>& body, bool& completed) = 0;

  // Inside a body, at most once: runs lane(0) ... lane(count - 1) at once and returns when all have returned. What came
  // before happens before every lane, and every lane before the return. Lanes must not throw.
  virtual void at_once(unsigned count, const std::function<void(unsigned)>& lane) = 0;

  // Whether it knows what happens before what; then, in the body or a lane: what the calling thread has seen of thread 0,
  // which runs the body, and of threads 1 + i, which run lane(i).
  virtual bool knows_what_happens_before() const { return false; }
  virtual moments seen() const { return {}; }
  virtual std::uint64_t steps() const { return 0; }  // of all threads until now

  // In lane `where`, the operation with this index in the program begins or ends. Who knows that the operation was called
  // and has done nothing that others could notice may say so by starts.again(), at any time until it ends.
  class start {
   public:
    virtual void again() = 0;

   protected:
    ~start() = default;
  };
  virtual void begins(unsigned /*where*/, std::size_t /*source*/, start& /*starts*/) {}
  virtual void ends(unsigned /*where*/, std::size_t /*source*/) {}

  // In a lane, by a walk that is under way: it has shown all these, the last of them just now.
  virtual void shows(const std::vector<element>& /*shown*/) {}

  // For pictures, where `tells` says so: when `run` has returned, everything that was recorded, with the state of the maps
  // in words where all was done.
  virtual bool tells() const { return false; }
  virtual void recorded(const history& /*all*/, std::string_view /*state*/) {}
};

}  // namespace gauntlet::check
