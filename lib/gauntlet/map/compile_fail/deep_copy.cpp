// What deep_copy refuses, each with one line that says why. Without a case the file compiles.
//
// expect(RAW_POINTER): deep_copy of raw pointer
// expect(RAW_POINTER_INSIDE): deep_copy of raw pointer
// expect(STRING_VIEW): deep_copy of a view
// expect(SPAN): deep_copy of a view
// expect(REFERENCE): deep_copy of a reference
// expect(REFERENCE_WRAPPER): deep_copy of unknown class
// expect(FUNCTION): deep_copy of unknown class
// expect(UNKNOWN_CLASS): (deep_copy of unknown class.*unknown_account|unknown_account.*deep_copy of unknown class)
// expect(MISSING_MEMBER): members do not cover the object
// expect(TWO_STATEMENTS): exactly one of members, clone, trivially_deep_copyable
// expect(POLYMORPHIC_UNIQUE): deep_copy of pointer to polymorphic class
// expect(POLYMORPHIC_SHARED): deep_copy of pointer to polymorphic class
// expect(CUSTOM_DELETER): deep_copy of unique_ptr with a custom deleter
// expect(UNIQUE_ARRAY): deep_copy of unique_ptr to an array
// expect(SHARED_ARRAY): deep_copy of shared_ptr to an array
// expect(ARRAY): deep_copy of an array
#include <gauntlet/map/deep_copy.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

// Says nothing about itself.
struct unknown_account {
  int balance = 0;
};

// Names all its members, unless a case forgets one.
struct account {
  int balance = 0;
  std::string owner;
};
template <>
struct gauntlet::deep_copy_traits<account> {
#ifdef MISSING_MEMBER
  static constexpr auto members = std::tuple(&account::balance);
#else
  static constexpr auto members = std::tuple(&account::balance, &account::owner);
#endif
#ifdef TWO_STATEMENTS
  static constexpr bool trivially_deep_copyable = true;
#endif
};

// Can be copied by value, but not behind a pointer, where it may be something derived from it.
struct shape {
  virtual ~shape() = default;
  int sides = 0;
};
template <>
struct gauntlet::deep_copy_traits<shape> {
  static shape clone(const shape& source, deep_copy_context&) { return source; }
};

struct closer {
  void operator()(int* file) const { *file = -1; }
};

int main() {
  int value = 0;
  (void)gauntlet::deep_copy(account());
  (void)gauntlet::deep_copy(shape());
#ifdef RAW_POINTER
  int* pointer = &value;
  (void)gauntlet::deep_copy(pointer);
#endif
#ifdef RAW_POINTER_INSIDE
  (void)gauntlet::deep_copy(gauntlet::hash_map<int, const char*>());
#endif
#ifdef STRING_VIEW
  (void)gauntlet::deep_copy(std::vector<std::string_view>());
#endif
#ifdef SPAN
  (void)gauntlet::deep_copy(std::span<int>());
#endif
#ifdef REFERENCE
  (void)gauntlet::deep_copy(std::tuple<int&>(value));
#endif
#ifdef REFERENCE_WRAPPER
  (void)gauntlet::deep_copy(std::ref(value));
#endif
#ifdef FUNCTION
  (void)gauntlet::deep_copy(std::function<int()>());
#endif
#ifdef UNKNOWN_CLASS
  (void)gauntlet::deep_copy(std::map<int, unknown_account>());
#endif
#ifdef POLYMORPHIC_UNIQUE
  (void)gauntlet::deep_copy(std::unique_ptr<shape>());
#endif
#ifdef POLYMORPHIC_SHARED
  (void)gauntlet::deep_copy(std::shared_ptr<shape>());
#endif
#ifdef CUSTOM_DELETER
  (void)gauntlet::deep_copy(std::unique_ptr<int, closer>());
#endif
#ifdef UNIQUE_ARRAY
  (void)gauntlet::deep_copy(std::unique_ptr<int[]>());
#endif
#ifdef SHARED_ARRAY
  (void)gauntlet::deep_copy(std::shared_ptr<int[]>());
#endif
#ifdef ARRAY
  const int numbers[3] = {1, 2, 3};
  gauntlet::deep_copy(numbers);
#endif
  return value;
}
