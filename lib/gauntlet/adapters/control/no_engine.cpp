// What an engine would be told by code that is compiled for one: nobody listens here.
//
// Maps compiled for control are compiled once, with the counters that an engine watches. A sanitizer's library brings
// these functions along; where there is none, the replay command brings them itself.
extern "C" {
void __sanitizer_cov_8bit_counters_init(char*, char*);
void __sanitizer_cov_pcs_init(const unsigned long*, const unsigned long*);
void __sanitizer_cov_trace_pc_indir(unsigned long);

[[gnu::weak]] void __sanitizer_cov_8bit_counters_init(char*, char*) {}
[[gnu::weak]] void __sanitizer_cov_pcs_init(const unsigned long*, const unsigned long*) {}
[[gnu::weak]] void __sanitizer_cov_trace_pc_indir(unsigned long) {}
}
