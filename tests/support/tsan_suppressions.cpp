// Neither RocksDB nor spdlog is built with ThreadSanitizer, which so does not see how they order their
// threads' accesses. RocksDB's threads go on while the globals that they used are destroyed at the exit.
extern "C" const char* __tsan_default_suppressions();   // NOLINT: the sanitizer gives the name
extern "C" const char* __tsan_default_suppressions() {  // NOLINT
  return "called_from_lib:librocksdb.so\nrace:librocksdb.so\nrace:libspdlog.so\nrace:spdlog::\n"
         "race:__run_exit_handlers\n";
}
