//! Tests in which several programs take part: what each has said about it.

use crate::process::{Lines, Stream};
use crate::transcript::Transcript;

/// How a participant says what was wrong.
const FAILURE: &str = "failed: ";

/// What was wrong with one that should have ended well, and should have printed `sentinel`, if it is to print one. One
/// that says so itself leaves in a hurry, so no more is asked of it.
pub(super) fn judge(who: &str, transcript: &Transcript, sentinel: Option<&str>) -> Vec<String> {
    let told = told(who, &transcript.lines);
    if !told.is_empty() {
        return told;
    }
    let mut complaints: Vec<String> =
        transcript.complaints(&[]).into_iter().map(|complaint| format!("the {who}: {complaint}")).collect();
    let missing = sentinel.filter(|sentinel| !transcript.out().any(|line| line == *sentinel));
    if let (Some(sentinel), true) = (missing, complaints.is_empty()) {
        complaints.push(format!("the {who} did not print {sentinel:?}"));
    }
    complaints
}

/// What one says was wrong.
pub(super) fn told(who: &str, lines: &[(Stream, String)]) -> Vec<String> {
    let failures = lines.iter().filter_map(|(_, line)| line.strip_prefix(FAILURE));
    failures.map(|why| format!("the {who} says: {why}")).collect()
}

/// With what was printed, if there are complaints at all.
pub(super) fn with_output<'a>(
    mut complaints: Vec<String>,
    output: impl IntoIterator<Item = (&'a str, &'a Lines)>,
) -> Vec<String> {
    if !complaints.is_empty() {
        let output = output.into_iter();
        complaints
            .extend(output.flat_map(|(who, lines)| lines.iter().map(move |(_, line)| format!("  {who}: {line}"))));
    }
    complaints
}

/// Prints a result as TAP does.
pub(super) fn print(number: usize, title: &str, seconds: f32, complaints: &[String]) {
    let word = if complaints.is_empty() { "ok" } else { "not ok" };
    let comments = complaints.iter().map(|complaint| format!("\n# {}", complaint.replace('\n', "\n# ")));
    // At once: others print too.
    println!("{word} {number} - {title} ({seconds:.1} s){}", comments.collect::<String>());
}
