//! Captions without their times and counters, which are digits and nobody's number.
//!
//! It shares no code with the reader of captions, since it is part of the proof of what that reader led to.

/// Longest time, bytes: `0000:00:01.000`.
const TIME_BYTES_MAX: usize = 14;

/// The bytes of a time: `00:00:01.000`.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let shape = shape.replace(',', ".");
    let whole = shape.strip_suffix(":00:00.000").or_else(|| shape.strip_suffix(":00.000")).unwrap_or("-");
    (1..=4).contains(&whole.len()) && whole.bytes().all(|b| b == b'0') || shape == "00:00.000"
}

/// What a caption file says beside its times: the first line of a cue without both of them, no counter in front of it,
/// and no time tags.
pub(super) fn said(file: &str) -> String {
    let lines: Vec<&str> = file.split(['\n', '\r']).filter(|line| !line.is_empty()).collect();
    let begins = |line: &str| line.split_once("-->").is_some_and(|(time, _)| is_time(time.trim()));
    let cues = lines.iter().filter(|line| begins(line)).count();
    let mut said = String::with_capacity(file.len());
    for (at, line) in lines.iter().enumerate() {
        let counts = line.trim().parse::<usize>().is_ok_and(|n| n <= cues);
        if counts && lines.get(at + 1).is_some_and(|next| begins(next)) {
            continue;
        }
        if begins(line) {
            let rest = line.split_once("-->").map_or("", |l| l.1).trim_start();
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            said.push_str(if is_time(&rest[..end]) { &rest[end..] } else { rest });
        } else {
            without_time_tags(line, &mut said);
        }
        said.push('\n');
    }
    said
}

fn without_time_tags(mut line: &str, said: &mut String) {
    while let Some((before, tag)) = line.split_once('<') {
        said.push_str(before);
        let end = tag.bytes().take(TIME_BYTES_MAX + 1).position(|b| b == b'>');
        line = match end.filter(|&end| is_time(&tag[..end])) {
            Some(end) => &tag[end + 1..],
            None => {
                said.push('<');
                tag
            }
        };
    }
    said.push_str(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_counters_are_left_out_and_nothing_else() {
        let file = "WEBVTT\n\n2\n00:00:01.000 --> 00:00:02.500 align:start\n<00:01.200>hi <v Ann>1982\n1982\n\n\
            1:00:00,000-->1:00:01,000 5551234\n3\n3\n00:05.000 --> x:06.000\n7";
        let want = "WEBVTT\n align:start\nhi <v Ann>1982\n1982\n 5551234\n3\nx:06.000\n7\n";
        assert_eq!(said(file), want);
    }

    #[test]
    fn tags_that_never_close_are_searched_once() {
        for tag in ["<", "<00:01.200 ", "<a"] {
            let file = tag.repeat(1_000_000);
            assert_eq!(said(&file), format!("{file}\n"));
        }
        assert_eq!(said("<0000:00:01.000>a<00000:00:01.000>b"), "a<00000:00:01.000>b\n");
    }
}
