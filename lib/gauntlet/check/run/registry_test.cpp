// Which of the registered maps are judged when none is named, and when one is.
#include <gauntlet/check/run/registry.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gauntlet::check {
namespace {

// Of each kind one; nobody makes a map with them.
registration of_kind(std::string_view name) {
  registration r;
  r.name = name;
  r.single = [](const program_header&) { return std::unique_ptr<subject>(); };
  return r;
}
const bool registered = [] {
  register_subject(of_kind("a_map_of_the_product"));
  registration defect = of_kind("a_defect"), twin = of_kind("a_right_twin"), stranger = of_kind("a_stranger");
  defect.defective = twin.right_twin = stranger.is_stranger = true;
  for (registration* r : {&defect, &twin, &stranger}) register_subject(std::move(*r));
  return true;
}();

class judged : public testing::Test {
 protected:
  judged() { ::unsetenv("GAUNTLET_SUBJECT"); }
  ~judged() override { ::unsetenv("GAUNTLET_SUBJECT"); }

  static std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const registration* map : subjects_to_judge(false)) all.emplace_back(map->name);
    return all;
  }
};

TEST_F(judged, are_the_maps_of_the_product_and_no_defects_twins_and_strangers) {
  ASSERT_TRUE(registered);
  EXPECT_EQ(names(), std::vector<std::string>{"a_map_of_the_product"});
}

TEST_F(judged, is_whatever_is_named) {
  for (const char* const name : {"a_map_of_the_product", "a_defect", "a_right_twin", "a_stranger"}) {
    ::setenv("GAUNTLET_SUBJECT", name, 1);
    EXPECT_EQ(names(), std::vector<std::string>{name});
  }
}

}  // namespace
}  // namespace gauntlet::check
