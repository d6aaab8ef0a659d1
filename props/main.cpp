// The main function of the property tests: the same cases on every machine. RapidCheck takes its seed from a random
// device unless RC_PARAMS names one; a property that fails must fail again, so a seed is always named here. Another
// one is tried with RC_PARAMS="seed=7 max_success=1000" (the nightly run does).

#include <cstdlib>

#include <gtest/gtest.h>

int main(int argc, char** argv) {
  setenv("RC_PARAMS", "seed=20261120", /*overwrite=*/0);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
