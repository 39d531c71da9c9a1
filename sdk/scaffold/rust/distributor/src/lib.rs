//! A distributor in Rust: smooth weighted round robin. Each pick credits every usable provider with
//! its weight and takes the richest, which pays the sum: shares follow the weights, interleaved.
#![deny(unsafe_op_in_unsafe_fn)]

mod abi;
mod glue;

use std::ffi::c_void;
use std::mem::size_of;

use abi::*;
use glue::{fenced, heliograph_plugin, Failure, Plugin, Settings, Shared};

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "by_priority": {
      "type": "boolean", "default": true,
      "description": "Use only the usable providers with the lowest priority number."
    }
  }
}"#;

struct Entry {
    id: u64,
    weight: u32,
    priority: u32,
    credit: i64,
}

struct Distributor {
    by_priority: bool,
    entries: Vec<Entry>,
}

impl Plugin for Distributor {
    fn create(_host: *const Host, settings: &Settings) -> Result<Self, Failure> {
        let by_priority = settings.integer("by_priority")? != 0;
        Ok(Distributor { by_priority, entries: Vec::new() })
    }
}

impl Distributor {
    /// A new snapshot: a provider's credit goes with its id.
    fn replace(&mut self, mut fresh: Vec<Entry>) {
        for entry in &mut fresh {
            if !self.by_priority {
                entry.priority = 0;
            }
            if let Some(old) = self.entries.iter().find(|old| old.id == entry.id) {
                entry.credit = old.credit;
            }
        }
        self.entries = fresh;
    }

    /// The hot path: no allocation, no lock.
    fn choose(&mut self, excluded: impl Fn(usize) -> bool) -> Option<usize> {
        let usable = |i: usize, entry: &Entry| entry.weight > 0 && !excluded(i);
        let all = self.entries.iter().enumerate();
        let best = all.filter(|(i, e)| usable(*i, e)).map(|(_, e)| e.priority).min()?;
        let mut sum = 0;
        let mut richest: Option<(usize, i64)> = None;
        for (i, entry) in self.entries.iter_mut().enumerate() {
            if !usable(i, entry) || entry.priority != best {
                continue;
            }
            sum += i64::from(entry.weight);
            entry.credit += i64::from(entry.weight);
            if richest.map_or(true, |(_, credit)| entry.credit > credit) {
                richest = Some((i, entry.credit));
            }
        }
        let (i, _) = richest?;
        self.entries[i].credit -= sum;
        Some(i)
    }
}

unsafe extern "C" fn on_candidates(this: *mut c_void, set: *const CandidateSet) -> i32 {
    fenced(E_PANIC, || unsafe {
        let set = &*set;
        let entry = |i| {
            let candidate = at(set.items, i);
            let (weight, priority) = (candidate.weight, candidate.priority);
            Entry { id: candidate.id, weight, priority, credit: 0 }
        };
        let fresh = (0..set.n as usize).map(entry).collect();
        (*(this as *mut Distributor)).replace(fresh);
        OK
    })
}

unsafe extern "C" fn pick(
    this: *mut c_void,
    request: *const Pick,
    index: *mut u32,
    _token: *mut u64,
) -> i32 {
    fenced(E_PANIC, || unsafe {
        let request = &*request;
        let excluded = |i: usize| {
            i / 64 < request.n_words && (*request.excluded.add(i / 64) >> (i % 64)) & 1 != 0
        };
        if let Some(chosen) = (*(this as *mut Distributor)).choose(excluded) {
            *index = chosen as u32;
        }
        OK
    })
}

static TABLE: Shared<DistributorTable> = Shared(DistributorTable {
    size: size_of::<DistributorTable>() as u32,
    reserved: 0,
    on_candidates,
    pick,
    on_result: std::ptr::null(),
});

heliograph_plugin!(
    Distributor,
    KIND_DISTRIBUTOR,
    TABLE,
    "Shares messages by weight, evenly interleaved.",
    SCHEMA
);

#[cfg(test)]
mod tests {
    use super::*;

    fn of(weights_and_priorities: &[(u32, u32)]) -> Distributor {
        let mut made = Distributor { by_priority: true, entries: Vec::new() };
        let entry = |(i, &(weight, priority))| Entry { id: i as u64, weight, priority, credit: 0 };
        made.replace(weights_and_priorities.iter().enumerate().map(entry).collect());
        made
    }

    #[test]
    fn shares_follow_the_weights() {
        let mut distributor = of(&[(3, 0), (1, 0), (0, 0)]);
        let mut counts = [0; 3];
        for _ in 0..400 {
            counts[distributor.choose(|_| false).unwrap()] += 1;
        }
        assert_eq!(counts, [300, 100, 0]);
    }

    #[test]
    fn the_excluded_are_left_out() {
        let mut distributor = of(&[(3, 0), (1, 0)]);
        assert_eq!(distributor.choose(|i| i == 0), Some(1));
        assert_eq!(distributor.choose(|_| true), None);
    }

    #[test]
    fn lower_priority_numbers_come_first() {
        assert_eq!(of(&[(1, 2), (1, 1)]).choose(|_| false), Some(1));
    }
}
