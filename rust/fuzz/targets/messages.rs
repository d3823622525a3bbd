#![cfg_attr(fuzzing, no_main)]

tungsten_fuzz::target!(tungsten_fuzz::messages::run);
