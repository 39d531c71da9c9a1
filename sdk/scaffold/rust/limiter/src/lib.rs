//! A limiter in Rust: exact sliding windows in memory. For each rule and key it notes when how many
//! units were granted; what is older than the window does not count any more.
#![deny(unsafe_op_in_unsafe_fn)]

mod abi;
mod glue;

use std::collections::{HashMap, VecDeque};
use std::ffi::c_void;
use std::mem::size_of;

use abi::*;
use glue::{fenced, heliograph_plugin, tell, Failure, Plugin, Settings, Shared};

const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "max_keys": {
      "type": "integer", "default": 100000, "minimum": 1, "maximum": 10000000,
      "description": "Keys counted at once; a further one is denied until an older one is idle."
    }
  }
}"#;

struct Rule {
    id: Vec<u8>,
    limit: u64,
    window_ns: u64,
}

#[derive(Default)]
struct Window {
    grants: VecDeque<(u64, u64)>, // when, units
    used: u64,
    window_ns: u64,
}

impl Window {
    fn forget(&mut self, now: u64) {
        while let Some(&(when, units)) = self.grants.front() {
            if when + self.window_ns > now {
                return;
            }
            self.used -= units;
            self.grants.pop_front();
        }
    }

    fn add(&mut self, now: u64, units: u64) {
        self.used += units;
        match self.grants.back_mut() {
            Some((when, noted)) if *when == now => *noted += units,
            _ => self.grants.push_back((now, units)),
        }
    }

    fn refund(&mut self, grant: u64, units: u64) {
        if let Some((_, noted)) = self.grants.iter_mut().find(|(when, _)| *when == grant) {
            let freed = units.min(*noted);
            *noted -= freed;
            self.used -= freed;
        }
    }

    /// How long until `units` have left.
    fn wait(&self, now: u64, mut units: u64) -> u64 {
        for &(when, noted) in &self.grants {
            if noted >= units {
                return when + self.window_ns - now;
            }
            units -= noted;
        }
        0
    }
}

/// The rule's id, and the key.
type Name = (Vec<u8>, Vec<u8>);

struct Limiter {
    max_keys: usize,
    sweep_at: usize,
    sweep_after: u64,
    rules: Vec<Rule>,
    windows: HashMap<Name, Window>,
}

impl Plugin for Limiter {
    fn create(_host: *const Host, settings: &Settings) -> Result<Self, Failure> {
        Ok(Limiter::new(settings.integer("max_keys")? as usize))
    }
}

impl Limiter {
    fn new(max_keys: usize) -> Limiter {
        Limiter {
            max_keys,
            sweep_at: 64,
            sweep_after: 0,
            rules: Vec::new(),
            windows: HashMap::new(),
        }
    }

    fn name(&self, key: &LimitKey) -> Name {
        (self.rules[key.rule as usize].id.clone(), unsafe { key.key.bytes() }.to_vec())
    }

    /// Drops idle keys: when there are twice as many as were busy, so that a new key costs little on
    /// average, and of a full table once a second.
    fn make_room(&mut self, now: u64) {
        let full = self.windows.len() >= self.max_keys && now >= self.sweep_after;
        if self.windows.len() < self.sweep_at && !full {
            return;
        }
        self.windows.retain(|_, window| {
            window.forget(now);
            !window.grants.is_empty()
        });
        self.sweep_at = 64.max(self.windows.len() * 2);
        self.sweep_after = now + 1_000_000_000;
    }

    /// All keys together or none.
    fn acquire(&mut self, keys: &[LimitKey], request: &LimitReq, out: &mut LimitResult) {
        let now = request.now_mono_ns;
        self.make_room(now);
        let names: Vec<Name> = keys.iter().map(|key| self.name(key)).collect();
        let mut granted = u64::from(request.max_n);
        for (i, key) in keys.iter().enumerate() {
            let name = names[i].clone();
            // A key that is named twice costs the sum.
            let same = keys.iter().zip(&names).filter(|(_, other)| **other == name);
            let cost: u64 = same.map(|(key, _)| u64::from(key.cost)).sum();
            let (limit, window_ns) = {
                let rule = &self.rules[key.rule as usize];
                (rule.limit, rule.window_ns)
            };
            out.denied_key = i as u32;
            if !self.windows.contains_key(&name) && self.windows.len() >= self.max_keys {
                return;
            }
            let window = self.windows.entry(name).or_default();
            window.window_ns = window_ns;
            window.forget(now);
            let fit = limit.saturating_sub(window.used) / cost;
            if fit < u64::from(request.min_n) {
                let needed = u64::from(request.min_n) * cost;
                if needed <= limit {
                    out.retry_after_ns = window.wait(now, window.used + needed - limit);
                }
                return;
            }
            granted = granted.min(fit);
        }
        for key in keys {
            let name = self.name(key);
            self.windows.entry(name).or_default().add(now, granted * u64::from(key.cost));
        }
        out.granted = granted as u32;
        out.grant = now;
    }
}

unsafe extern "C" fn on_rules(
    this: *mut c_void,
    rules: *const LimitRule,
    n: usize,
    err: *mut Error,
) -> i32 {
    fenced(E_PANIC, || unsafe {
        let mut fresh = Vec::new();
        for i in 0..n {
            let rule = at(rules, i);
            if rule.algorithm != 0 {
                let text = "only sliding windows are known here".to_owned();
                return tell(err, Failure(E_UNSUPPORTED, text));
            }
            let id = rule.id.bytes().to_vec();
            fresh.push(Rule { id, limit: rule.limit, window_ns: rule.window_ns });
        }
        (*(this as *mut Limiter)).rules = fresh;
        OK
    })
}

unsafe extern "C" fn acquire(
    this: *mut c_void,
    _op: u64,
    request: *const LimitReq,
    out: *mut LimitResult,
) -> i32 {
    fenced(E_PANIC, || unsafe {
        let keys = std::slice::from_raw_parts((*request).keys, (*request).n_keys as usize);
        (*(this as *mut Limiter)).acquire(keys, &*request, &mut *out);
        OK
    })
}

unsafe extern "C" fn refund(
    this: *mut c_void,
    grant: u64,
    keys: *const LimitKey,
    n_keys: usize,
    n: u32,
) {
    fenced((), || unsafe {
        let limiter = &mut *(this as *mut Limiter);
        for key in std::slice::from_raw_parts(keys, n_keys) {
            let name = limiter.name(key);
            if let Some(window) = limiter.windows.get_mut(&name) {
                window.refund(grant, u64::from(n) * u64::from(key.cost));
            }
        }
    })
}

static TABLE: Shared<LimiterTable> = Shared(LimiterTable {
    size: size_of::<LimiterTable>() as u32,
    reserved: 0,
    on_rules,
    acquire,
    refund,
    cancel: std::ptr::null(),
});

heliograph_plugin!(Limiter, KIND_LIMITER, TABLE, "Sliding windows in the gateway's memory.", SCHEMA);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_and_time_and_refunds_free() {
        let mut window = Window { window_ns: 100, ..Window::default() };
        window.add(10, 7);
        window.add(20, 3);
        assert_eq!(window.wait(20, 1), 90);
        assert_eq!(window.wait(20, 8), 100);
        window.refund(10, 2);
        assert_eq!(window.used, 8);
        window.forget(110);
        assert_eq!(window.used, 3);
        window.forget(120);
        assert_eq!(window.used, 0);
    }
}
