#include <gauntlet/check/run/subject_base.h>

#include <gauntlet/check/run/wording.h>

namespace gauntlet::check {

subject_base::subject_base(const program_header& header) : header_(header), live_before_(lifetimes.live()) {
  functors_.quality = header.hash;
  for (unsigned i = 0; i < map_count; ++i) {
    expected_[i] = home_index(i);
    origins_[i] = i;
  }
}

std::size_t subject_base::bytes() const {
  std::size_t sum = 0;
  for (const arena& a : arenas_) {
    sum += a.bytes();
  }
  return sum;
}

result subject_base::each(const request& r, single_operation one) {
  if (r.count <= 1) {
    return one(r.key, r.value);
  }
  result all;
  for (unsigned i = 0; i < r.count; ++i) {
    fold(all, one(r.key + i, r.value + i));
    completed_ = i + 1;
  }
  return all;
}

std::string subject_base::overloaded(float load_factor, float most) {
  return "load factor: it is " + std::to_string(load_factor) + ", which is more than max_load_factor(), " +
         std::to_string(most);
}

std::string subject_base::wrong_load_factor(float load_factor, std::size_t elements, std::size_t buckets) {
  return "load factor: it is " + std::to_string(load_factor) + " with " + std::to_string(elements) + " elements in " +
         std::to_string(buckets) + " buckets";
}

std::string subject_base::wrong_bucket(std::size_t bucket, std::size_t buckets, std::uint64_t key, std::size_t own) {
  return "bucket: " + std::to_string(bucket) + " of " + std::to_string(buckets) + " shows key " + std::to_string(key) +
         ", whose bucket is said to be " + std::to_string(own);
}

std::string subject_base::too_many_in_buckets(std::size_t elements) {
  return "bucket: they show more elements than the " + std::to_string(elements) + " there are";
}

std::string subject_base::wrong_bucket_size(std::size_t bucket, std::size_t said, std::size_t shown) {
  return "bucket size: " + std::to_string(bucket) + " says " + std::to_string(said) + " and shows " +
         std::to_string(shown);
}

std::string subject_base::too_few_in_buckets(std::size_t shown, std::size_t elements) {
  return "bucket: all together show " + std::to_string(shown) + " of " + std::to_string(elements) + " elements";
}

std::string subject_base::lost_functor(unsigned target) const {
  const unsigned origin = origins_[target];
  return "lost functor: map " + std::to_string(target) + " has another hash function or equality than " +
         (origin == any_origin
              ? "any that was made for a map"
              : "what was made for map " + std::to_string(origin) + ", which is its own or came with its elements");
}

std::string subject_base::wrong_allocator(unsigned target, unsigned actual) const {
  return "wrong allocator: map " + std::to_string(target) + " uses the arena of map " + std::to_string(actual) +
         ", by the rules of propagation it is that of map " + std::to_string(expected_[target]);
}

std::string subject_base::arena_errors() const {
  for (const arena& a : arenas_) {
    if (a.error() != nullptr) {
      return a.error();
    }
  }
  return {};
}

std::string subject_base::balance() {
  std::string text = arena_errors();
  const std::int64_t leaked_objects = lifetimes.live() - live_before_;
  if (text.empty()) text = objects_out_of_balance(leaked_objects);
  lifetimes.count_live(-leaked_objects);
  for (arena& a : arenas_) {
    if (text.empty() && a.blocks() != 0) {
      text = "leak: " + std::to_string(a.bytes()) + " bytes in " + std::to_string(a.blocks()) +
             " blocks were never given back";
    }
    a.release_all();
  }
  return text;
}

}  // namespace gauntlet::check
