//! Mappings whose kind is named by one of their own keys (`type: form`), with keys that every kind shares.
//!
//! Serde can read such mappings, but it buffers them first and so forgets where in the text each value stood, and
//! it cannot refuse unknown keys beside flattened ones. Here the kind is read first and the rest is streamed:
//! shared keys are taken out on the way, the others go to the kind, which refuses what it does not know.

use std::{collections::VecDeque, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, VariantAccess, Visitor, value,
    },
};
use serde_json::{Map, Value};

/// The name of the struct that [`read`] asks for.
pub(crate) const TAGGED: &str = "tagged mapping";

/// The keys that every kind shares.
pub(crate) trait Shared: Default {
    /// Reads the value of `key` if it is a shared one.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Whether a required key is missing, and which.
    fn missing(&self) -> Option<&'static str> {
        None
    }
}

/// No shared keys.
#[derive(Default, Serialize, schemars::JsonSchema)]
pub(crate) struct NoShared {}

impl Shared for NoShared {
    fn take<'de, A: MapAccess<'de>>(&mut self, _: &str, _: &mut A) -> Result<bool, A::Error> {
        Ok(false)
    }
}

/// Reads a mapping into its shared keys and its kind, which the key `tag` names.
///
/// A deserializer that knows the whole mapping beforehand may hand out the key `tag` first: it is asked for a struct
/// called [`TAGGED`] whose only field is `tag`.
pub(crate) fn read<'de, D, S, K>(deserializer: D, tag: &'static [&'static str; 1]) -> Result<(S, K), D::Error>
where
    D: Deserializer<'de>,
    S: Shared,
    K: Deserialize<'de>,
{
    struct Reader<S, K>(&'static str, PhantomData<(S, K)>);

    impl<'de, S: Shared, K: Deserialize<'de>> Visitor<'de> for Reader<S, K> {
        type Value = (S, K);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a mapping with the key `{}`", self.0)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut before = VecDeque::new();
            let kind = loop {
                let Some(key) = map.next_key::<String>()? else {
                    return Err(A::Error::missing_field(self.0));
                };
                if key == self.0 {
                    break map.next_value::<String>()?;
                }
                before.push_back((key, map.next_value::<Value>()?));
            };
            let mut shared = S::default();
            let rest = Rest { before, pending: None, map, shared: &mut shared };
            let kind = K::deserialize(value::EnumAccessDeserializer::new(KindOf { kind, rest }))?;
            match shared.missing() {
                Some(key) => Err(A::Error::missing_field(key)),
                None => Ok((shared, kind)),
            }
        }
    }

    deserializer.deserialize_struct(TAGGED, tag, Reader(tag[0], PhantomData))
}

/// Writes a mapping whose kind is an externally tagged enum of structs: the kind under `tag`, then the shared keys,
/// then the kind's own.
pub(crate) fn write<S: Serialize, K: Serialize>(
    tag: &str,
    shared: &S,
    kind: &K,
) -> Result<Map<String, Value>, serde_json::Error> {
    let mut written = Map::new();
    if let Value::Object(kind) = serde_json::to_value(kind)? {
        for (name, own) in kind {
            written.insert(tag.to_owned(), Value::String(name));
            if let Value::Object(shared) = serde_json::to_value(shared)? {
                written.extend(shared);
            }
            if let Value::Object(own) = own {
                written.extend(own);
            }
        }
    }
    Ok(written)
}

/// What is left of the mapping once its kind is known.
struct Rest<'a, A, S> {
    before: VecDeque<(String, Value)>,
    pending: Option<Value>,
    map: A,
    shared: &'a mut S,
}

impl<'de, A: MapAccess<'de>, S: Shared> MapAccess<'de> for Rest<'_, A, S> {
    type Error = A::Error;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Self::Error> {
        while let Some((key, value)) = self.before.pop_front() {
            let mut buffered = Buffered { value: Some(value), error: PhantomData };
            if !self.shared.take(&key, &mut buffered)? {
                self.pending = buffered.value;
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
        }
        while let Some(key) = self.map.next_key::<String>()? {
            if !self.shared.take(&key, &mut self.map)? {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Self::Error> {
        match self.pending.take() {
            Some(value) => seed.deserialize(value).map_err(A::Error::custom),
            None => self.map.next_value_seed(seed),
        }
    }
}

/// One value that stood before the kind was known.
struct Buffered<E> {
    value: Option<Value>,
    error: PhantomData<E>,
}

impl<'de, E: serde::de::Error> MapAccess<'de> for Buffered<E> {
    type Error = E;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, _: T) -> Result<Option<T::Value>, E> {
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, E> {
        let value = self.value.take().unwrap_or_default();
        seed.deserialize(value).map_err(E::custom)
    }
}

/// The kind as serde's enums want it: a name and what belongs to it.
struct KindOf<M> {
    kind: String,
    rest: M,
}

impl<'de, M: MapAccess<'de>> EnumAccess<'de> for KindOf<M> {
    type Error = M::Error;
    type Variant = Contents<M>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), Self::Error> {
        let kind = seed.deserialize(self.kind.into_deserializer())?;
        Ok((kind, Contents(self.rest)))
    }
}

struct Contents<M>(M);

impl<'de, M: MapAccess<'de>> VariantAccess<'de> for Contents<M> {
    type Error = M::Error;

    fn unit_variant(self) -> Result<(), Self::Error> {
        Err(M::Error::custom("a kind without keys is written as an empty struct"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Self::Error> {
        seed.deserialize(value::MapAccessDeserializer::new(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Self::Error> {
        Err(M::Error::custom("a kind is never a list"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_map(self.0)
    }
}
