//! The second reading: `yaml_serde`, of libyaml's lineage, through our visitors, since `Value` sees
//! neither duplicate keys nor the text of scalars.
//!
//! A deserializer gives either the type of a scalar (`deserialize_any`) or its text
//! (`deserialize_str`), so each document is read twice: first its shape with types, then, led by
//! the shape, its texts.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::{BUDGET, Data};

/// The data of the documents of a text.
///
/// # Errors
/// The parser's message, if it rejects the text.
pub(in crate::yaml) fn read(text: &str) -> Result<Vec<Data>, String> {
    // A byte order mark is not part of the text, but not every version of libyaml skips it.
    let text = text.trim_start_matches('\u{feff}');
    let left = Cell::new(BUDGET);
    let shapes = serde_yaml::Deserializer::from_str(text)
        .map(|document| Typed { left: &left }.deserialize(document))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let documents = serde_yaml::Deserializer::from_str(text).zip(shapes);
    documents.map(|(document, shape)| Texts(shape).deserialize(document).map_err(|error| error.to_string())).collect()
}

fn scalar(kind: &'static str, text: &str) -> Data {
    Data::Scalar { text: text.to_owned(), kind, tag: None }
}

fn tagged(mut data: Data, name: String) -> Data {
    match &mut data {
        Data::Scalar { tag, .. } | Data::Sequence { tag, .. } | Data::Mapping { tag, .. } => *tag = Some(name),
        Data::Intended(_) => {}
    }
    data
}

/// First pass: everything but the text of scalars that are no strings.
#[derive(Clone, Copy)]
struct Typed<'b> {
    left: &'b Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Typed<'_> {
    type Value = Data;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom("its aliases expand to too much"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Typed<'_> {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Data, E> {
        Ok(scalar("boolean", ""))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Data, E> {
        Ok(scalar("integer", ""))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Data, E> {
        Ok(scalar("integer", ""))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Data, E> {
        Ok(scalar("integer", ""))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Data, E> {
        Ok(scalar("integer", ""))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Data, E> {
        Ok(scalar("float", ""))
    }

    fn visit_unit<E>(self) -> Result<Data, E> {
        Ok(scalar("null", ""))
    }

    fn visit_none<E>(self) -> Result<Data, E> {
        Ok(scalar("nothing", ""))
    }

    fn visit_str<E>(self, text: &str) -> Result<Data, E> {
        Ok(scalar("string", text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Data, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Data::Sequence { items, tag: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Data, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry_seed(self, self)? {
            entries.push(entry);
        }
        Ok(Data::Mapping { entries, tag: None })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Data, A::Error> {
        let (name, value) = access.variant::<String>()?;
        Ok(tagged(value.newtype_variant_seed(self)?, name))
    }
}

/// Second pass: the same value with the texts of all scalars.
struct Texts(Data);

impl<'de> DeserializeSeed<'de> for Texts {
    type Value = Data;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        match self.0 {
            // An empty document has no text to ask for.
            Data::Scalar { kind: "nothing", .. } => IgnoredAny::deserialize(deserializer).map(|_| self.0),
            Data::Scalar { tag: None, .. } => deserializer.deserialize_str(self),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl Texts {
    fn changed<E: Error>() -> E {
        E::custom("two passes over one text differ")
    }
}

impl<'de> Visitor<'de> for Texts {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of the first pass")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Data, E> {
        match self.0 {
            Data::Scalar { kind, tag, .. } => Ok(Data::Scalar { text: text.to_owned(), kind, tag }),
            _ => Err(Texts::changed()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Data, A::Error> {
        let Data::Sequence { items: shapes, tag } = self.0 else { return Err(Texts::changed()) };
        let mut items = Vec::with_capacity(shapes.len());
        for shape in shapes {
            items.push(access.next_element_seed(Texts(shape))?.ok_or_else(Texts::changed)?);
        }
        match access.next_element::<IgnoredAny>()? {
            None => Ok(Data::Sequence { items, tag }),
            Some(_) => Err(Texts::changed()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Data, A::Error> {
        let Data::Mapping { entries: shapes, tag } = self.0 else { return Err(Texts::changed()) };
        let mut entries = Vec::with_capacity(shapes.len());
        for (key, value) in shapes {
            entries.push(access.next_entry_seed(Texts(key), Texts(value))?.ok_or_else(Texts::changed)?);
        }
        match access.next_key::<IgnoredAny>()? {
            None => Ok(Data::Mapping { entries, tag }),
            Some(_) => Err(Texts::changed()),
        }
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Data, A::Error> {
        let (name, value) = access.variant::<String>()?;
        let mut shape = self.0;
        match &mut shape {
            Data::Scalar { tag, .. } | Data::Sequence { tag, .. } | Data::Mapping { tag, .. } => *tag = None,
            Data::Intended(_) => return Err(Texts::changed()),
        }
        Ok(tagged(value.newtype_variant_seed(Texts(shape))?, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: &'static str, text: &str) -> Data {
        scalar(kind, text)
    }

    #[test]
    fn keeps_text_type_and_duplicates() {
        let read = read("a: 1.10\na: '1.10'\nb: [yes, true, ~, 0x1F, 1e3]\n").unwrap();
        let [Data::Mapping { entries, .. }] = &read[..] else { panic!("{read:?}") };
        assert_eq!(entries[0].1, text("float", "1.10"));
        assert_eq!(entries[1], (text("string", "a"), text("string", "1.10")));
        let Data::Sequence { items, .. } = &entries[2].1 else { panic!("{entries:?}") };
        let expected = [("string", "yes"), ("boolean", "true"), ("null", "~"), ("integer", "0x1F"), ("float", "1e3")];
        assert_eq!(*items, expected.map(|(kind, of)| text(kind, of)));
    }

    #[test]
    fn reads_tags_aliases_and_several_documents() {
        let read = read("a: &x !t {b: 1}\nc: *x\n---\n# nothing\n---\n!s v\n").unwrap();
        assert_eq!(read.len(), 3);
        let Data::Mapping { entries, .. } = &read[0] else { panic!("{read:?}") };
        assert_eq!(entries[0].1, entries[1].1, "aliases are expanded");
        assert!(matches!(&entries[0].1, Data::Mapping { tag: Some(tag), .. } if tag == "t"));
        assert!(matches!(&read[2], Data::Scalar { tag: Some(tag), text, .. } if tag == "s" && text == "v"));
    }

    #[test]
    fn survives_alias_bombs() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
        }
        assert!(read(&bomb).is_err());
        assert!(super::super::granit::read(&crate::yaml::Stream::parse(bomb).unwrap()).is_err());
    }

    #[test]
    fn nothing_at_all_is_one_empty_document() {
        assert_eq!(read("").unwrap(), [text("nothing", "")]);
        assert_eq!(read("# only a comment\n").unwrap().len(), 1);
    }
}
