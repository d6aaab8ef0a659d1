// Sources of chance: inside a run they give the same numbers each time, drawn from run_options::rng_seed. Who reads a
// clock or a device for a seed gets another seed with another rng_seed, and the same again in a replay.
#include <sched.h>
#include <stdlib.h>
#include <sys/random.h>

#include <random>

#include <gauntlet/sched/intercept/instrumented.h>

namespace gauntlet::sched::runtime {

void link_chance() noexcept {}

namespace {

std::uint64_t draw() noexcept {
  // splitmix64 (Steele, Lea and Flood, 2014) over a counter that starts with the run.
  std::uint64_t z = the_run.chance += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

void fill(void* out, std::size_t size) noexcept {
  for (std::size_t i = 0; i < size; ++i) static_cast<unsigned char*>(out)[i] = static_cast<unsigned char>(draw());
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int rand() noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(rand)();
  return static_cast<int>(draw() % (static_cast<unsigned>(RAND_MAX) + 1U));
}
long random() noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(random)();
  return static_cast<long>(draw() & 0x7FFFFFFFU);
}
ssize_t getrandom(void* out, std::size_t size, unsigned flags) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(getrandom)(out, size, flags);
  fill(out, size);
  return static_cast<ssize_t>(size);
}
int getentropy(void* out, std::size_t size) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(getentropy)(out, size);
  fill(out, size);
  return 0;
}
int sched_getcpu() noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sched_getcpu)();
  return 0;
}

// std::random_device::_M_getval, which libstdc++ serves from a processor instruction.
unsigned gauntlet_sched_random_device(std::random_device* device) asm("_ZNSt13random_device9_M_getvalEv");
unsigned gauntlet_sched_random_device(std::random_device* device) {
  if (is_controlled) return static_cast<unsigned>(draw());
  using real = unsigned (*)(std::random_device*);
  static real cached;
  return real_function(cached, "_ZNSt13random_device9_M_getvalEv")(device);
}

}  // extern "C"
