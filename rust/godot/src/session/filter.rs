//! What a script answers about a request. Nobody comes in by a mistake: what a function returns that fails is the
//! default of its type, so that no default of any type means yes, and neither does a failed call.

use crate::engine::convert;
use crate::load::console;
use godot::builtin::{AnyArray, AnyDictionary, Callable, GString, PackedByteArray, StringName};
use godot::builtin::{VarDictionary, Variant, VariantType};
use godot::classes::Object;
use godot::meta::{FromGodot, ToGodot as _};
use godot::obj::Gd;
use godot::sys::{self, GodotFfi as _};
use std::ops::RangeInclusive;
use tungsten_core::{Misuse, Rejection};

/// What a filter is given: the target, the header fields, and the address of the client.
pub(crate) type Question = [Variant; 3];

/// What a filter returns to accept a request: the status of the upgrade (RFC 6455 §4.2.2).
const ACCEPTED: i64 = 101;

/// Asks a filter: how it refuses the client, if it does.
///
/// # Errors
/// There is no answer, or none that means anything; the text is for the console.
pub(crate) fn ask(filter: &Callable, question: &Question) -> Result<Option<Rejection>, String> {
    if filter.object().is_none() && !filter.is_valid() {
        return Err("its object has been freed".to_owned());
    }
    let answer = call(filter, "call", question)
        .ok_or_else(|| format!("the call failed, it is given {} arguments: {ARGUMENTS}", question.len()))?;
    match answer.get_type() {
        VariantType::INT => match answer.to() {
            ACCEPTED => Ok(None),
            status => Rejection::new(status, &[], None).map(Some).map_err(|_| meaningless(&format!("{status}"))),
        },
        VariantType::DICTIONARY => rejection(&answer.to()).map(Some).map_err(|error| error.to_string()),
        VariantType::OBJECT if is_waiting(&answer) => Err("it may not wait for anything (`await`)".to_owned()),
        // Not what it holds, which may be a secret.
        other => Err(meaningless(&format!("a value of the type {other:?}"))),
    }
}

const ARGUMENTS: &str = "target, headers, address";

/// `METHOD_FLAG_VARARG` of the engine: the method takes any number of arguments.
const VARARG: i64 = 16;

fn meaningless(answer: &str) -> String {
    format!(
        "it has to return 101 to let the client in, or a status from 400 to 599 or a Dictionary to refuse it, not {answer}"
    )
}

/// Calls a method of a callable. gdext's own way to do it panics if that fails, and the engine's `callv` does not tell.
fn call(filter: &Callable, method: &str, arguments: &[Variant]) -> Option<Variant> {
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.sys().cast()).collect();
    let (mut callable, method) = (filter.to_variant(), StringName::from(method));
    let mut answer = Variant::nil();
    let mut error = sys::default_call_error();
    // SAFETY: the types are those of the interface, to which a variant is a pointer to one; what it writes over is
    // null, which owns nothing.
    unsafe {
        sys::interface_fn!(variant_call)(
            callable.sys_mut().cast(),
            method.sys().cast(),
            arguments.as_ptr(),
            arguments.len() as i64,
            answer.sys_mut().cast(),
            &raw mut error,
        );
    }
    (error.error == sys::GDEXTENSION_CALL_OK).then_some(answer)
}

/// Whether it is what a function returns that has come to its first `await`.
fn is_waiting(answer: &Variant) -> bool {
    let object = answer.try_to::<Gd<Object>>();
    object.is_ok_and(|object| object.get_class() == "GDScriptFunctionState")
}

/// A refusal as a script describes it.
fn rejection(answer: &AnyDictionary) -> Result<Rejection, Misuse> {
    let (mut status, mut headers, mut body) = (None, Vec::new(), None);
    for (key, value) in answer.iter_shared() {
        match key.stringify().to_string().as_str() {
            "status" => status = Some(value.try_to::<i64>().map_err(|_| unfit("the status is no int"))?),
            "headers" => headers = lines(&value)?,
            "body" => body = Some(bytes(&value)?),
            other => return Err(unfit(&format!("{other:?} is none of status, headers and body"))),
        }
    }
    Rejection::new(status.ok_or_else(|| unfit("it has no status"))?, &headers, body)
}

// The type first: gdext takes anything for a packed array.
fn lines(value: &Variant) -> Result<Vec<String>, Misuse> {
    match value.get_type() {
        VariantType::PACKED_STRING_ARRAY => Ok(convert::strings(&value.to())),
        VariantType::ARRAY => value.to::<AnyArray>().iter_shared().map(|line| line_of(&line)).collect(),
        _ => Err(unfit("the headers are neither a PackedStringArray nor an Array")),
    }
}

fn line_of(value: &Variant) -> Result<String, Misuse> {
    let line = value.try_to::<GString>().map_err(|_| unfit("the headers hold something that is no String"))?;
    Ok(line.to_string())
}

fn bytes(value: &Variant) -> Result<Vec<u8>, Misuse> {
    match value.get_type() {
        VariantType::STRING => Ok(convert::utf8(&value.to()).into_bytes()),
        VariantType::PACKED_BYTE_ARRAY => Ok(value.to::<PackedByteArray>().to_vec()),
        _ => Err(unfit("the body is neither a String nor a PackedByteArray")),
    }
}

fn unfit(reason: &str) -> Misuse {
    Misuse::InvalidRejection(reason.to_owned())
}

/// Warns of a filter that lets nobody in, as far as the engine can tell before it is called.
#[track_caller]
pub(crate) fn warn_of(place: &str, filter: &Callable) {
    if let Some(doubt) = doubt(filter) {
        console::warning(place, doubt);
    }
}

/// What is wrong with the number of arguments that a filter takes.
fn doubt(filter: &Callable) -> Option<String> {
    let wanted = 3;
    let taken = taken_arguments(filter)?;
    if taken.contains(&wanted) {
        return None;
    }
    let (least, most) = taken.into_inner();
    let takes = if least == most { format!("{least}") } else { format!("{least} to {most}") };
    Some(format!("it is called with {wanted} arguments ({ARGUMENTS}) and takes {takes}: nobody will come in"))
}

/// How many arguments it takes; `None` if that is not known.
fn taken_arguments(filter: &Callable) -> Option<RangeInclusive<i64>> {
    if filter.is_custom() {
        return taken_by_custom(filter);
    }
    let name = GString::from(&filter.method_name()?);
    let object = filter.object()?;
    // A script may override a method of its base; its own comes first.
    let method = object.get_method_list().iter_shared().find(|method| value(method, "name") == Some(name.clone()))?;
    if value::<i64>(&method, "flags")? & VARARG != 0 {
        return None;
    }
    let count = |key| value::<AnyArray>(&method, key).map_or(0, |list| list.len() as i64);
    let most = count("args");
    Some(most - count("default_args")..=most)
}

/// Of lambdas, and of callables with bound arguments, the engine tells one number, since Godot 4.3: with those that are
/// optional, and without those of a rest parameter, of which it does not tell.
fn taken_by_custom(filter: &Callable) -> Option<RangeInclusive<i64>> {
    let count = call(filter, "get_argument_count", &[])?.try_to::<i64>().ok()?;
    (count > 0 && count < 3).then_some(count..=count)
}

fn value<T: FromGodot>(dictionary: &VarDictionary, key: &str) -> Option<T> {
    dictionary.get(key)?.try_to().ok()
}
