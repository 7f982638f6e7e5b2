#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chatchat_targets::frame(input));
