//! Phases of the roadmap.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// The phase of the roadmap that a migration belongs to: `4`, or `4.5` between two others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phase {
    tenths: u32,
}

impl Phase {
    /// None of them: in between, whenever somebody asks for it. It comes last.
    pub const NONE: Phase = Phase { tenths: u32::MAX };

    /// A phase with a whole number.
    pub const fn of(number: u32) -> Phase {
        Phase { tenths: number * 10 }
    }

    /// The phase between one and the next.
    pub const fn behind(number: u32) -> Phase {
        Phase { tenths: number * 10 + 5 }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (*self, self.tenths % 10) {
            (Phase::NONE, _) => f.write_str("none"),
            (_, 0) => write!(f, "{}", self.tenths / 10),
            (_, rest) => write!(f, "{}.{rest}", self.tenths / 10),
        }
    }
}

impl Serialize for Phase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (*self, self.tenths % 10) {
            (Phase::NONE, _) => serializer.serialize_none(),
            (_, 0) => serializer.serialize_u32(self.tenths / 10),
            _ => serializer.serialize_f64(f64::from(self.tenths) / 10.0),
        }
    }
}

impl JsonSchema for Phase {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Phase".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["number", "null"], "minimum": 0})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_numbers_in_order() {
        let all = [Phase::of(2), Phase::of(4), Phase::behind(4), Phase::of(5), Phase::NONE];
        assert!(all.is_sorted());
        assert_eq!(all.map(|phase| phase.to_string()), ["2", "4", "4.5", "5", "none"]);
        assert_eq!(serde_json::to_string(&all).unwrap(), "[2,4,4.5,5,null]");
    }
}
