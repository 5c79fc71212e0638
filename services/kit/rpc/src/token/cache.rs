//! A bounded cache in two generations: what has not been asked for lately falls out with the older one.

use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

#[derive(Debug)]
pub(super) struct Cache<K, V> {
    generations: Mutex<Generations<K, V>>,
    per_generation: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, Entry<V>>,
    old: HashMap<K, Entry<V>>,
}

#[derive(Debug, Clone)]
struct Entry<V> {
    value: V,
    fresh_until: DateTime<Utc>,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// Holds at most twice `per_generation` entries.
    pub(super) fn new(per_generation: usize) -> Self {
        let generations = Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() });
        Self { generations, per_generation }
    }

    /// The value, where there is one that is fresh at `now`.
    pub(super) fn get(&self, key: &K, now: DateTime<Utc>) -> Option<V> {
        let mut both = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = both.young.get(key) {
            return (now < entry.fresh_until).then(|| entry.value.clone());
        }
        let (key, entry) = both.old.remove_entry(key)?;
        if now >= entry.fresh_until {
            return None;
        }
        let value = entry.value.clone();
        Self::keep(&mut both, self.per_generation, key, entry);
        Some(value)
    }

    /// Keeps `value` until `fresh_until` or until others push it out.
    pub(super) fn put(&self, key: K, value: V, fresh_until: DateTime<Utc>) {
        let mut both = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        Self::keep(&mut both, self.per_generation, key, Entry { value, fresh_until });
    }

    fn keep(both: &mut Generations<K, V>, per_generation: usize, key: K, entry: Entry<V>) {
        if both.young.len() >= per_generation {
            both.old = mem::take(&mut both.young);
        }
        both.young.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_value_ends_with_its_time() {
        let cache = Cache::new(4);
        cache.put("a", 1, at(60));
        assert_eq!(cache.get(&"a", at(59)), Some(1));
        assert_eq!(cache.get(&"a", at(60)), None);
    }

    #[test]
    fn it_stays_small_and_keeps_what_is_used() {
        let cache = Cache::new(10);
        cache.put(0, 0, at(60));
        for key in 1..1000 {
            cache.put(key, key, at(60));
            assert_eq!(cache.get(&0, at(1)), Some(0), "after {key} others");
        }
        let both = cache.generations.lock().unwrap();
        assert!(both.young.len() + both.old.len() <= 20);
        assert!(!both.young.contains_key(&1) && !both.old.contains_key(&1));
    }
}
