#include <gauntlet/sched/litmus/axioms.h>

#include <algorithm>
#include <array>
#include <bitset>

namespace gauntlet::sched {

namespace {

constexpr std::size_t operations_max = 20;

// A relation between operations: row by row.
struct relation {
  std::array<std::bitset<operations_max>, operations_max> to{};

  void add(std::size_t a, std::size_t b) { to[a].set(b); }
  bool has(std::size_t a, std::size_t b) const { return to[a][b]; }
  void close() {
    for (std::size_t k = 0; k < operations_max; ++k) {
      for (auto& row : to) {
        if (row[k]) row |= to[k];
      }
    }
  }
  bool irreflexive() const {
    for (std::size_t i = 0; i < operations_max; ++i) {
      if (to[i][i]) return false;
    }
    return true;
  }
  relation& operator|=(const relation& other) {
    for (std::size_t i = 0; i < operations_max; ++i) to[i] |= other.to[i];
    return *this;
  }
};

struct node {
  litmus_operation op;
  std::size_t thread = 0, position = 0;
  bool initial = false;
  bool reads() const { return !initial && (op.what == litmus_action::load || op.what == litmus_action::add); }
  bool writes() const { return initial || op.what == litmus_action::store || op.what == litmus_action::add; }
  bool updates() const { return !initial && op.what == litmus_action::add; }
  bool is_fence() const { return !initial && op.what == litmus_action::fence; }
  bool seq_cst() const { return !initial && op.order == litmus_order::seq_cst; }
  bool acquires() const {
    return op.order == litmus_order::acquire || op.order == litmus_order::acq_rel || op.order == litmus_order::seq_cst;
  }
  bool releases() const {
    return op.order == litmus_order::release || op.order == litmus_order::acq_rel || op.order == litmus_order::seq_cst;
  }
};

class judge {
 public:
  explicit judge(const litmus_test& test) : finals_(test.finals) {
    for (std::size_t v = 0; v < litmus_variables; ++v) {
      node n;
      n.initial = true;
      n.op = {litmus_action::store, litmus_order::relaxed, static_cast<std::uint8_t>(v), 0};
      nodes_.push_back(n);
    }
    const litmus_threads threads = parse_litmus(test.text);
    for (std::size_t t = 0; t < threads.size(); ++t) {
      for (std::size_t i = 0; i < threads[t].size(); ++i) {
        node n;
        n.op = threads[t][i];
        n.thread = t + 1;
        n.position = i;
        nodes_.push_back(n);
      }
    }
    for (std::size_t a = 0; a < nodes_.size(); ++a) {
      for (std::size_t b = 0; b < nodes_.size(); ++b) {
        const node &x = nodes_[a], &y = nodes_[b];
        if (!y.initial && (x.initial || (x.thread == y.thread && x.position < y.position))) before_.add(a, b);
      }
      if (nodes_[a].writes()) order_[nodes_[a].op.variable].push_back(a);
    }
    from_.assign(nodes_.size(), 0);
  }

  litmus_verdict run() {
    try_orders(0);
    litmus_verdict v;
    v.sequential = sequential_;
    for (const std::string& o : candidates_) {
      if (modelled_.count(o) != 0) {
        v.allowed.insert(o);
      } else if (allowed_.count(o) != 0) {
        v.not_modelled.insert(o);
      } else {
        v.forbidden.insert(o);
      }
    }
    return v;
  }

 private:
  // Every modification order of every variable; the initial store comes first.
  void try_orders(std::size_t variable) {
    if (variable == litmus_variables) return try_reads(0);
    auto& order = order_[variable];
    std::sort(order.begin() + 1, order.end());
    do {
      try_orders(variable + 1);
    } while (std::next_permutation(order.begin() + 1, order.end()));
  }
  // Every store that each reading operation could read from.
  void try_reads(std::size_t i) {
    if (i == nodes_.size()) return judge_execution();
    if (!nodes_[i].reads()) return try_reads(i + 1);
    for (const std::size_t store : order_[nodes_[i].op.variable]) {
      if (store == i) continue;
      from_[i] = store;
      try_reads(i + 1);
    }
  }

  std::size_t place(std::size_t store) const {
    const auto& order = order_[nodes_[store].op.variable];
    return static_cast<std::size_t>(std::find(order.begin(), order.end(), store) - order.begin());
  }

  // What is stored, through chains of additions. A chain that never begins is no execution.
  bool value_of(std::size_t store, unsigned& value) const {
    value = 0;
    for (std::size_t hops = 0; hops < nodes_.size(); ++hops) {
      value += nodes_[store].op.value;
      if (!nodes_[store].updates()) return true;
      store = from_[store];
    }
    return false;
  }

  void judge_execution() {
    std::string outcome;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      unsigned value = 0;
      if (!nodes_[i].reads()) continue;
      if (!value_of(from_[i], value)) return;
      outcome += static_cast<char>('0' + value);
    }
    if (!finals_.empty()) outcome += '/';
    for (const char name : finals_) {
      unsigned value = 0;
      if (!value_of(order_[static_cast<std::size_t>(name - 'x')].back(), value)) return;
      outcome += static_cast<char>('0' + value);
    }
    candidates_.insert(outcome);
    if (!is_consistent()) return;
    allowed_.insert(outcome);
    if (in_one_order_) modelled_.insert(outcome);
    if (interleaves_) sequential_.insert(outcome);
  }

  bool is_consistent() {
    const std::size_t n = nodes_.size();
    // Modification order, reads-from, from-read; atomicity.
    relation modification, reads_from, cob;
    for (const auto& order : order_) {
      for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t k = i + 1; k < order.size(); ++k) modification.add(order[i], order[k]);
      }
    }
    cob |= modification;
    for (std::size_t r = 0; r < n; ++r) {
      if (!nodes_[r].reads()) continue;
      const std::size_t w = from_[r];
      if (nodes_[r].updates() && place(r) != place(w) + 1) return false;
      reads_from.add(w, r);
      const auto& order = order_[nodes_[r].op.variable];
      for (std::size_t k = place(w) + 1; k < order.size(); ++k) {
        if (order[k] != r) cob.add(r, order[k]);
      }
    }
    cob |= reads_from;
    cob.close();
    if (!cob.irreflexive()) return false;

    const relation synchronizes = synchronizes_with();
    relation happens = before_;
    happens |= synchronizes;
    happens.close();
    if (!happens.irreflexive()) return false;
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        if (happens.has(a, b) && cob.has(b, a)) return false;
      }
    }

    relation s = order_s(happens, synchronizes, cob);
    relation together = s;
    s.close();
    if (!s.irreflexive()) return false;

    together |= before_;
    together |= reads_from;
    together |= modification;
    together.close();
    in_one_order_ = together.irreflexive();

    relation interleaved = cob;  // Lamport's sequential consistency
    interleaved |= before_;
    interleaved.close();
    interleaves_ = interleaved.irreflexive();
    return true;
  }

  // Whether the store r read from is `head` or one of the read-modify-writes that continue its release sequence.
  bool in_release_sequence(std::size_t head, std::size_t store) const {
    while (store != head) {
      if (!nodes_[store].updates()) return false;
      store = from_[store];  // atomicity: the one immediately before
    }
    return true;
  }
  relation synchronizes_with() const {
    const std::size_t n = nodes_.size();
    relation sw;
    for (std::size_t r = 0; r < n; ++r) {
      if (!nodes_[r].reads()) continue;
      for (std::size_t w = 0; w < n; ++w) {
        if (nodes_[w].initial || !nodes_[w].writes() || nodes_[w].op.variable != nodes_[r].op.variable) continue;
        if (w == r || !in_release_sequence(w, from_[r])) continue;
        // Who releases: the store, or a fence before it. Who acquires: the read, or a fence behind it.
        for (std::size_t a = 0; a < n; ++a) {
          const bool releases = nodes_[a].releases() && (a == w || (nodes_[a].is_fence() && before_.has(a, w)));
          if (!releases || nodes_[a].initial) continue;
          for (std::size_t b = 0; b < n; ++b) {
            const bool acquires = nodes_[b].acquires() && (b == r || (nodes_[b].is_fence() && before_.has(r, b)));
            if (acquires && a != b && nodes_[a].thread != nodes_[b].thread) sw.add(a, b);
          }
        }
      }
    }
    return sw;
  }

  // Pairs that S has to agree with.
  relation order_s(const relation& happens, const relation& synchronizes, const relation& cob) const {
    const std::size_t n = nodes_.size();
    relation strongly;
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t d = 0; d < n; ++d) {
        bool holds = before_.has(a, d);
        holds |= synchronizes.has(a, d) && nodes_[a].seq_cst() && nodes_[d].seq_cst();
        for (std::size_t b = 0; b < n && !holds; ++b) {
          for (std::size_t c = 0; c < n && !holds; ++c) {
            holds = before_.has(a, b) && happens.has(b, c) && before_.has(c, d);
          }
        }
        if (holds) strongly.add(a, d);
      }
    }
    strongly.close();

    relation s;
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        if (nodes_[a].seq_cst() && nodes_[b].seq_cst() && strongly.has(a, b)) s.add(a, b);
        if (!cob.has(a, b)) continue;
        // From a itself or from a fence that happens before it, to b itself or to a fence that happens behind it.
        for (std::size_t x = 0; x < n; ++x) {
          const bool starts = nodes_[x].seq_cst() && (x == a || (nodes_[x].is_fence() && happens.has(x, a)));
          if (!starts) continue;
          for (std::size_t y = 0; y < n; ++y) {
            if (nodes_[y].seq_cst() && (y == b || (nodes_[y].is_fence() && happens.has(b, y)))) s.add(x, y);
          }
        }
      }
    }
    return s;
  }

  std::string_view finals_;
  std::vector<node> nodes_;
  relation before_;  // sequenced-before, and the beginning before everything
  std::array<std::vector<std::size_t>, litmus_variables> order_;
  std::vector<std::size_t> from_;
  bool in_one_order_ = false, interleaves_ = false;  // of the execution that was judged last
  std::set<std::string> candidates_, allowed_, modelled_, sequential_;
};

}  // namespace

litmus_verdict judge_by_axioms(const litmus_test& test) { return judge(test).run(); }

}  // namespace gauntlet::sched
