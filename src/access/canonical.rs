//! One way to write a JSON value, so that a signature or a hash over it means the same everywhere: RFC 8785.
//! Must not know what the value is.
//!
//! The parser behind [`Value`] reads numbers of up to 15 digits exactly, and of longer ones the last digit may be another.
//! Signed records have no longer ones.

use crate::base::{Error, Kind, Result, Stage};
use serde_json::{Number, Value};

/// The largest whole number that every reader of JSON reads exactly: 2^53 - 1 (RFC 7493).
const WHOLE_MAX: u64 = (1 << 53) - 1;

/// The value in canonical form: fields sorted by the UTF-16 units of their names, no white space, numbers as ECMAScript
/// writes them.
///
/// # Errors
/// When it holds a whole number that other readers would round.
pub fn canonical(value: &Value) -> Result<String> {
    let mut out = String::new();
    write(&mut out, value)?;
    Ok(out)
}

fn write(out: &mut String, value: &Value) -> Result<()> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(n) => out.push_str(&number(n)?),
        Value::String(text) => push_string(out, text),
        Value::Array(items) => list(out, ['[', ']'], items, write)?,
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            list(out, ['{', '}'], fields, |out, (name, value)| {
                push_string(out, name);
                out.push(':');
                write(out, value)
            })?;
        }
    }
    Ok(())
}

fn list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut String, T) -> Result<()>,
) -> Result<()> {
    out.push(open);
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        each(out, item)?;
    }
    out.push(close);
    Ok(())
}

/// RFC 8785 escapes what JSON must have escaped and nothing else, as this serialiser does.
fn push_string(out: &mut String, text: &str) {
    out.push_str(&Value::from(text).to_string());
}

fn number(n: &Number) -> Result<String> {
    let whole = n.as_u64().or_else(|| n.as_i64().map(i64::unsigned_abs));
    match (whole, n.as_f64()) {
        (Some(size), _) if size <= WHOLE_MAX => Ok(n.to_string()),
        (None, Some(float)) => Ok(ecmascript(float)),
        _ => Err(Error::new(Stage::Records, Kind::Internal, "a number is too large for a signed record")),
    }
}

/// A finite number as ECMAScript writes it (ECMA-262, Number::toString): the fewest digits that read back the same, with
/// an exponent below 1e-6 and from 1e21 on.
fn ecmascript(float: f64) -> String {
    if float == 0.0 {
        return "0".to_owned();
    }
    let sign = if float < 0.0 { "-" } else { "" };
    // Rust finds the same fewest digits: `d.ddde±x`.
    let scientific = format!("{:e}", float.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    // Where the point stands, counted in digits from the first.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or_default());
    let written = match point {
        p if count <= p && p <= 21 => digits + &zeros(p - count),
        p @ 1..=21 => {
            let (before, after) = digits.split_at(usize::try_from(p).unwrap_or_default());
            format!("{before}.{after}")
        }
        p @ -5..=0 => format!("0.{}{digits}", zeros(-p)),
        p => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{first}{dot}{rest}e{}{}", if p > 0 { "+" } else { "-" }, (p - 1).abs())
        }
    };
    format!("{sign}{written}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(json: &str) -> String {
        canonical(&serde_json::from_str(json).unwrap()).unwrap()
    }

    /// RFC 8785, section 3.2.3 and 3.2.2.
    #[test]
    fn the_examples_of_the_standard_come_out_as_it_has_them() {
        let sorted = of(r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
            "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#);
        let order = ["\\r", "1", "\u{80}", "ö", "€", "😀", "\u{fb33}"];
        let places: Vec<_> = order.map(|name| sorted.find(&format!("\"{name}\":")).unwrap()).into();
        assert!(places.is_sorted(), "{sorted}");
        let mixed = of(r#"{"numbers":[333333333.3333333,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#);
        let want = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#;
        assert_eq!(mixed, format!(r#"{want}"string":"€$\u000f\nA'B\"\\\\\"/"}}"#));
    }

    /// RFC 8785, appendix B: bits of a double and how it is written.
    #[test]
    fn numbers_come_out_as_the_standard_has_them() {
        for (bits, want) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        ] {
            assert_eq!(ecmascript(f64::from_bits(bits)), want);
        }
    }

    #[test]
    fn a_number_that_others_would_round_is_refused() {
        assert_eq!(of("[9007199254740991,-9007199254740991]"), "[9007199254740991,-9007199254740991]");
        assert!(canonical(&Value::from(1_u64 << 53)).is_err());
    }

    proptest! {
        #[test]
        fn a_number_reads_back_as_it_was(float in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
            prop_assert_eq!(ecmascript(float).parse::<f64>().unwrap(), float);
        }
    }
}
