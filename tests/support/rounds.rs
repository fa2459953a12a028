//! How often random tests and those that kill runs go round, and with which random numbers. The
//! tests of the library use this file, too.
//!
//! By default a test does the same each time, and not for long. Two environment variables change
//! that:
//!
//! - `FLUX_CODEMOD_EXHAUSTIVE=1`: all rounds, all cases and the whole corpus instead of a sample.
//!   This takes long; use `cargo test --release`.
//! - `FLUX_CODEMOD_SEED=fresh`: other random numbers in each run. A test that fails prints its
//!   seed, and `FLUX_CODEMOD_SEED=<seed>` runs it again with the same numbers. Keep what it finds
//!   as a test with that very input, not as a seed.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses some of it")]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

use proptest::test_runner::{Config, RngSeed};

const SEED: &str = "FLUX_CODEMOD_SEED";
const EXHAUSTIVE: &str = "FLUX_CODEMOD_EXHAUSTIVE";

/// Whether nothing is left out.
pub fn exhaustive() -> bool {
    std::env::var_os(EXHAUSTIVE).is_some()
}

/// How many rounds: few by default, or all.
pub fn rounds(by_default: u32, all: u32) -> u32 {
    if exhaustive() { all } else { by_default }
}

/// Of how many things one is looked at: each `nth` by default, or all.
pub fn each(nth: usize) -> usize {
    if exhaustive() { 1 } else { nth }
}

/// The seed of this run. The line that it prints is shown where a test fails.
pub fn seed() -> u64 {
    static FOUND: OnceLock<u64> = OnceLock::new();
    let seed = *FOUND.get_or_init(|| match std::env::var(SEED).as_deref() {
        Err(_) | Ok("") => 0,
        Ok("fresh") => RandomState::new().build_hasher().finish(),
        Ok(number) => number.parse().unwrap_or_else(|_| panic!("{SEED} is a number or `fresh`, not {number:?}")),
    });
    println!("random numbers: to run this again with the same ones, set {SEED}={seed}");
    seed
}

/// The configuration of a property: every test that uses proptest starts with this.
pub fn config(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(seed()), failure_persistence: None, ..Config::default() }
}

/// Random numbers for what is not a property, such as the moments at which runs are killed.
pub struct Numbers(u64);

impl Numbers {
    pub fn new() -> Numbers {
        Numbers(seed())
    }

    /// The next number below a limit (SplitMix64).
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}
