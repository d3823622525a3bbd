//! What every call of the engine passes through on its way to a method of ours.
//!
//! * Arguments are checked here, as the engine does it for its own classes, and an argument of a wrong type is refused
//!   in its words. gdext would print the whole value, which may be a message of the player.
//! * What the method says is printed when it has ended: see [`console`].
//!
//! For this, the functions with which gdext registers classes and methods are replaced by those here.

use crate::load::console;
use godot::builtin::{StringName, Variant};
use godot::classes::Object;
use godot::obj::Gd;
use godot::sys;
use std::ffi::c_void;
use std::sync::OnceLock;

pub(crate) type RegisterMethod = sys::GDExtensionInterfaceClassdbRegisterExtensionClassMethod;
pub(crate) type RegisterClass = sys::GDExtensionInterfaceClassdbRegisterExtensionClass2;

type Virtual = unsafe extern "C" fn(
    sys::GDExtensionClassInstancePtr,
    *const sys::GDExtensionConstTypePtr,
    sys::GDExtensionTypePtr,
);
type FindVirtual = unsafe extern "C" fn(*mut c_void, sys::GDExtensionConstStringNamePtr) -> Option<Virtual>;

pub(crate) static REGISTER_METHOD: OnceLock<RegisterMethod> = OnceLock::new();
pub(crate) static REGISTER_CLASS: OnceLock<RegisterClass> = OnceLock::new();

/// A method as gdext has registered it.
struct Method {
    call: sys::GDExtensionClassMethodCall,
    ptrcall: sys::GDExtensionClassMethodPtrCall,
    userdata: *mut c_void,
    parameters: Vec<Parameter>,
    /// How many of the last parameters may be left out.
    optional: usize,
}

struct Parameter {
    of_type: sys::GDExtensionVariantType,
    /// For objects.
    class: String,
}

/// In the place of `classdb_register_extension_class_method`.
pub(crate) unsafe extern "C" fn register_method(
    library: sys::GDExtensionClassLibraryPtr,
    class: sys::GDExtensionConstStringNamePtr,
    info: *const sys::GDExtensionClassMethodInfo,
) {
    // SAFETY: gdext passes what the interface asks for; the engine keeps a method as long as the library, which is why
    // it is never freed.
    unsafe {
        let Some(real) = REGISTER_METHOD.get() else { return };
        let mut info = *info;
        let parameters = (0..info.argument_count as usize).map(|idx| Parameter::of(&*info.arguments_info.add(idx)));
        let method = Method {
            call: info.call_func,
            ptrcall: info.ptrcall_func,
            userdata: info.method_userdata,
            parameters: parameters.collect(),
            optional: info.default_argument_count as usize,
        };
        info.method_userdata = Box::into_raw(Box::new(method)).cast();
        info.call_func = Some(call);
        info.ptrcall_func = Some(ptrcall);
        real(library, class, &raw const info);
    }
}

/// In the place of `classdb_register_extension_class2`: virtuals are called with data, which is gdext's function.
pub(crate) unsafe extern "C" fn register_class(
    library: sys::GDExtensionClassLibraryPtr,
    class: sys::GDExtensionConstStringNamePtr,
    parent: sys::GDExtensionConstStringNamePtr,
    info: *const sys::GDExtensionClassCreationInfo2,
) {
    // SAFETY: gdext passes what the interface asks for. It gives its classes no data, so that there is room for ours.
    unsafe {
        let Some(real) = REGISTER_CLASS.get() else { return };
        let mut info = *info;
        if let Some(find) = info.get_virtual_func
            && info.class_userdata.is_null()
        {
            info.class_userdata = find as *mut c_void;
            info.get_virtual_func = None;
            info.get_virtual_call_data_func = Some(find_virtual);
            info.call_virtual_with_data_func = Some(call_virtual);
        }
        real(library, class, parent, &raw const info);
    }
}

unsafe extern "C" fn call(
    method: *mut c_void,
    instance: sys::GDExtensionClassInstancePtr,
    arguments: *const sys::GDExtensionConstVariantPtr,
    count: sys::GDExtensionInt,
    result: sys::GDExtensionVariantPtr,
    error: *mut sys::GDExtensionCallError,
) {
    // SAFETY: `method` is what `register_method` has made, the rest is passed on as it came.
    unsafe {
        let method = &*method.cast::<Method>();
        let given = match usize::try_from(count) {
            Ok(count @ 1..) => std::slice::from_raw_parts(arguments, count),
            // They may be nowhere.
            _ => &[],
        };
        let mut converted = Vec::new();
        if let Err(refused) = method.check(given, &mut converted) {
            *error = refused;
            return;
        }
        // Only what was converted differs from what was given.
        let replaced: Vec<sys::GDExtensionConstVariantPtr>;
        let arguments = if converted.is_empty() {
            arguments
        } else {
            replaced = with_replaced(given, &converted);
            replaced.as_ptr()
        };
        if let Some(call) = method.call {
            console::during(|| call(method.userdata, instance, arguments, count, result, error));
        }
    }
}

unsafe extern "C" fn ptrcall(
    method: *mut c_void,
    instance: sys::GDExtensionClassInstancePtr,
    arguments: *const sys::GDExtensionConstTypePtr,
    result: sys::GDExtensionTypePtr,
) {
    // SAFETY: `method` is what `register_method` has made, the rest is passed on as it came.
    unsafe {
        let method = &*method.cast::<Method>();
        if let Some(ptrcall) = method.ptrcall {
            console::during(|| ptrcall(method.userdata, instance, arguments, result));
        }
    }
}

unsafe extern "C" fn find_virtual(find: *mut c_void, name: sys::GDExtensionConstStringNamePtr) -> *mut c_void {
    // SAFETY: `find` is the function that `register_class` has put there.
    unsafe {
        let find = std::mem::transmute::<*mut c_void, FindVirtual>(find);
        find(std::ptr::null_mut(), name).map_or(std::ptr::null_mut(), |function| function as *mut c_void)
    }
}

unsafe extern "C" fn call_virtual(
    instance: sys::GDExtensionClassInstancePtr,
    _name: sys::GDExtensionConstStringNamePtr,
    function: *mut c_void,
    arguments: *const sys::GDExtensionConstTypePtr,
    result: sys::GDExtensionTypePtr,
) {
    // SAFETY: `function` is what `find_virtual` has found; the engine does not call what was not found.
    unsafe {
        let function = std::mem::transmute::<*mut c_void, Virtual>(function);
        console::during(|| function(instance, arguments, result));
    }
}

fn with_replaced(
    given: &[sys::GDExtensionConstVariantPtr],
    converted: &[(usize, Variant)],
) -> Vec<sys::GDExtensionConstVariantPtr> {
    let mut replaced = given.to_vec();
    for (idx, variant) in converted {
        replaced[*idx] = std::ptr::from_ref(variant).cast();
    }
    replaced
}

impl Method {
    /// Checks the arguments as the engine does for its own methods. Those of another type that it would convert are put
    /// into `converted`, with their places.
    fn check(
        &self,
        given: &[sys::GDExtensionConstVariantPtr],
        converted: &mut Vec<(usize, Variant)>,
    ) -> Result<(), sys::GDExtensionCallError> {
        let (least, most) = (self.parameters.len() - self.optional, self.parameters.len());
        if given.len() > most {
            return Err(call_error(sys::GDEXTENSION_CALL_ERROR_TOO_MANY_ARGUMENTS, 0, most));
        }
        if given.len() < least {
            return Err(call_error(sys::GDEXTENSION_CALL_ERROR_TOO_FEW_ARGUMENTS, 0, least));
        }
        for (idx, (parameter, argument)) in self.parameters.iter().zip(given).enumerate() {
            // SAFETY: the engine passes pointers to variants.
            let argument = unsafe { &*argument.cast::<Variant>() };
            if !parameter.is_met_by(argument) {
                let Some(variant) = parameter.convert(argument) else {
                    let expected = parameter.of_type as usize;
                    return Err(call_error(sys::GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT, idx, expected));
                };
                converted.push((idx, variant));
            }
        }
        Ok(())
    }
}

fn call_error(error: sys::GDExtensionCallErrorType, argument: usize, expected: usize) -> sys::GDExtensionCallError {
    let number = |number| i32::try_from(number).unwrap_or(i32::MAX);
    sys::GDExtensionCallError { error, argument: number(argument), expected: number(expected) }
}

impl Parameter {
    unsafe fn of(info: &sys::GDExtensionPropertyInfo) -> Self {
        // SAFETY: gdext passes a `StringName`.
        let class = unsafe { (*info.class_name.cast::<StringName>()).to_string() };
        Self { of_type: info.type_, class }
    }

    fn is_met_by(&self, argument: &Variant) -> bool {
        let given = argument.get_type().sys();
        match self.of_type {
            sys::GDEXTENSION_VARIANT_TYPE_NIL => true,
            sys::GDEXTENSION_VARIANT_TYPE_OBJECT if given == sys::GDEXTENSION_VARIANT_TYPE_NIL => true,
            sys::GDEXTENSION_VARIANT_TYPE_OBJECT if given == self.of_type => self.is_met_by_object(argument),
            expected => given == expected,
        }
    }

    fn is_met_by_object(&self, argument: &Variant) -> bool {
        match argument.try_to::<Option<Gd<Object>>>() {
            Ok(Some(object)) => self.class.is_empty() || object.is_class(&self.class),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// The argument as the type that is expected, if the engine would convert it too: a `StringName` to a `String`, an
    /// `Array` to a packed one, one kind of number to another.
    fn convert(&self, argument: &Variant) -> Option<Variant> {
        let given = argument.get_type().sys();
        // SAFETY: the types are those of the interface; what is written over is null, which owns nothing.
        unsafe {
            if given == self.of_type || sys::interface_fn!(variant_can_convert_strict)(given, self.of_type) == 0 {
                return None;
            }
            let mut converted = Variant::nil();
            let mut error = sys::default_call_error();
            let from: sys::GDExtensionConstVariantPtr = std::ptr::from_ref(argument).cast();
            sys::interface_fn!(variant_construct)(
                self.of_type,
                (&raw mut converted).cast(),
                &raw const from,
                1,
                &raw mut error,
            );
            (error.error == sys::GDEXTENSION_CALL_OK).then_some(converted)
        }
    }
}
