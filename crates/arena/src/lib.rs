//! Thread-local bump arena for scratch memory.
