// expect: (deep_copy of unknown class.*account|account.*deep_copy of unknown class)
#include <gauntlet/map/deep_copy.h>

struct account {
  int balance = 0;
};

int main() {
  const std::map<int, account> accounts;
  return static_cast<int>(gauntlet::deep_copy(accounts).size());
}
