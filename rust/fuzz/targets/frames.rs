#![cfg_attr(feature = "libfuzzer", no_main)]

tungsten_fuzz::target!(tungsten_fuzz::frames::run);
