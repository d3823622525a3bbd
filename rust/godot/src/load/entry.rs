//! The symbol that Godot calls when it loads the library.
//!
//! It puts itself between Godot and gdext: every name that gdext hands to the engine passes through [`names`], and a
//! method of a class that this engine lacks is answered with a stand-in, because gdext asks for all of them at once
//! and gives up at the first one missing.

use crate::load::{calls, names, project_scripts, quiet};
use godot::builtin::{GString, VarArray, VarDictionary};
use godot::sys::{self, GodotFfi as _};
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::sync::OnceLock;

type GetProcAddress = <sys::GDExtensionInterfaceGetProcAddress as sys::Inner>::FnPtr;
type Function = sys::GDExtensionInterfaceFunctionPtr;
type NewStringName = unsafe extern "C" fn(*mut c_void, *const c_char, i64);
type NewLatin1StringName = unsafe extern "C" fn(*mut StringNameData, *const c_char, u8);
type GetClassTag = unsafe extern "C" fn(*const StringNameData) -> *mut c_void;
type GetMethodBind = unsafe extern "C" fn(*const StringNameData, *const StringNameData, i64) -> *mut c_void;
type GetSingleton = unsafe extern "C" fn(*const StringNameData) -> *mut c_void;
type PtrCall = unsafe extern "C" fn(*mut c_void, *mut c_void, *const *const c_void, *mut c_void);
type GetLibraryPath = unsafe extern "C" fn(sys::GDExtensionClassLibraryPtr, *mut c_void);
type LoadHelp = unsafe extern "C" fn(*const c_char, i64);
type Initialize = unsafe extern "C" fn(*mut c_void, sys::GDExtensionInitializationLevel);

/// The library, as gdext knows it.
pub(crate) struct Tungsten;

/// A `StringName` of the engine is one pointer.
type StringNameData = usize;

static GET_PROC_ADDRESS: OnceLock<GetProcAddress> = OnceLock::new();
static NEW_STRING_NAME: OnceLock<NewStringName> = OnceLock::new();
static GET_METHOD_BIND: OnceLock<GetMethodBind> = OnceLock::new();
static GET_CLASS_TAG: OnceLock<GetClassTag> = OnceLock::new();
static INITIALIZE: OnceLock<Initialize> = OnceLock::new();

/// What `tungsten.gdextension` names as `entry_symbol`.
///
/// # Safety
/// Called by Godot, once, with what the GDExtension interface promises.
#[unsafe(no_mangle)]
#[expect(unreachable_pub, reason = "the engine finds it by its symbol")]
pub unsafe extern "C" fn tungsten_init(
    get_proc_address: sys::GDExtensionInterfaceGetProcAddress,
    library: sys::GDExtensionClassLibraryPtr,
    init: *mut sys::GDExtensionInitialization,
) -> sys::GDExtensionBool {
    let Some(engine) = get_proc_address else { return 0 };
    let _ = GET_PROC_ADDRESS.set(engine);
    // SAFETY: the functions are asked for by their names in the interface, whose signatures the types above repeat;
    // `init` is filled by gdext before it is changed here.
    unsafe {
        let Some(get_class_tag) = function::<GetClassTag>(c"classdb_get_class_tag") else { return 0 };
        let _ = GET_CLASS_TAG.set(get_class_tag);
        // gdext greets on standard output, which belongs to the game.
        let load = || godot::init::__gdext_load_library::<Tungsten>(Some(wrapped), library, init);
        let loaded = quiet::without_output(load);
        if loaded == 0 {
            return 0;
        }
        names::forget();
        names::take_those_of_the_project(&script_classes_before_import(library));
        if let Some(initialize) = (*init).initialize {
            let _ = INITIALIZE.set(initialize);
            (*init).initialize = Some(initialize_level);
        }
        loaded
    }
}

/// Chooses the names of a level just before gdext registers its classes: another extension may have come first.
unsafe extern "C" fn initialize_level(userdata: *mut c_void, level: sys::GDExtensionInitializationLevel) {
    // Before Godot 4.4 the engine's singletons are there only from the scene level on; all but one of our classes are
    // registered then.
    // SAFETY: the engine calls this on its main thread with the interface bound.
    unsafe {
        let exists = |name: &'static CStr| class_exists(&string_name(name));
        names::take_those_of_classes(exists);
        if let Some(classes) = script_classes() {
            names::take_those_of_the_project(&classes);
        }
        if let Some(initialize) = INITIALIZE.get() {
            initialize(userdata, level);
        }
        names::settle(exists);
    }
}

/// Hands the engine's functions to gdext, with some of them replaced.
unsafe extern "C" fn wrapped(name: *const c_char) -> Function {
    // SAFETY: gdext asks with C strings, for functions whose types are repeated above.
    unsafe {
        let real = GET_PROC_ADDRESS.get().and_then(|engine| engine(name));
        match CStr::from_ptr(name).to_bytes() {
            b"string_name_new_with_utf8_chars_and_len" => {
                replace(real, &NEW_STRING_NAME, new_string_name as NewStringName)
            }
            b"classdb_get_method_bind" => replace(real, &GET_METHOD_BIND, get_method_bind as GetMethodBind),
            b"classdb_register_extension_class2" => {
                replace(real, &calls::REGISTER_CLASS, calls::register_class as calls::RegisterClass)
            }
            b"classdb_register_extension_class_method" => {
                replace(real, &calls::REGISTER_METHOD, calls::register_method as calls::RegisterMethod)
            }
            _ => real,
        }
    }
}

/// Keeps `real` and returns `ours` in its place.
///
/// # Safety
/// `F` is the type of the function that `real` points to.
unsafe fn replace<F: Copy>(real: Function, kept: &OnceLock<F>, ours: F) -> Function {
    let real = real?;
    // SAFETY: function pointers have one size; the caller vouches for the type.
    unsafe {
        let _ = kept.set(std::mem::transmute_copy::<_, F>(&real));
        Some(std::mem::transmute_copy::<F, unsafe extern "C" fn()>(&ours))
    }
}

unsafe extern "C" fn new_string_name(target: *mut c_void, text: *const c_char, len: i64) {
    let Some(real) = NEW_STRING_NAME.get() else { return };
    // SAFETY: gdext passes a pointer to `len` bytes of UTF-8.
    unsafe {
        let bytes = std::slice::from_raw_parts(text.cast::<u8>(), usize::try_from(len).unwrap_or_default());
        match std::str::from_utf8(bytes).ok().and_then(names::registered) {
            Some(name) => real(target, name.as_ptr().cast(), name.len() as i64),
            None => real(target, text, len),
        }
    }
}

/// A method of a class that is not there is never called; any pointer but null keeps gdext from giving up.
unsafe extern "C" fn get_method_bind(
    class: *const StringNameData,
    method: *const StringNameData,
    hash: i64,
) -> *mut c_void {
    // SAFETY: the arguments are passed on as they came.
    unsafe {
        match GET_METHOD_BIND.get() {
            Some(real) if class_exists(&*class) => real(class, method, hash),
            _ => std::ptr::dangling_mut::<c_void>(),
        }
    }
}

unsafe fn class_exists(name: &StringNameData) -> bool {
    // SAFETY: `name` is a `StringName`.
    GET_CLASS_TAG.get().is_some_and(|get| unsafe { !get(name).is_null() })
}

/// A function of the GDExtension interface.
///
/// # Safety
/// `F` is its type.
unsafe fn function<F>(name: &CStr) -> Option<F> {
    let real = GET_PROC_ADDRESS.get().and_then(|engine| unsafe { engine(name.as_ptr()) })?;
    // SAFETY: function pointers have one size; the caller vouches for the type.
    Some(unsafe { std::mem::transmute_copy::<_, F>(&real) })
}

/// A `StringName` that lives as long as the engine, and so is never freed.
unsafe fn string_name(text: &CStr) -> StringNameData {
    let mut name: StringNameData = 0;
    // SAFETY: the type is that of the interface; 1 marks the text as static, for which no destructor is owed.
    unsafe {
        if let Some(new) = function::<NewLatin1StringName>(c"string_name_new_with_latin1_chars") {
            new(&raw mut name, text.as_ptr(), 1);
        }
    }
    name
}

/// The names that the project's scripts declare with `class_name`; `None` while the engine cannot tell.
unsafe fn script_classes() -> Option<Vec<String>> {
    /// Of `ProjectSettings.get_global_class_list() -> Array[Dictionary]`, unchanged since Godot 4.2.
    const HASH: i64 = 2_915_620_761;

    let mut list = VarArray::new();
    // SAFETY: the types are those of the interface; the method takes no arguments and returns an array.
    unsafe {
        let settings = string_name(c"ProjectSettings");
        let get_singleton = function::<GetSingleton>(c"global_get_singleton")?;
        let get_method_bind = function::<GetMethodBind>(c"classdb_get_method_bind")?;
        let call = function::<PtrCall>(c"object_method_bind_ptrcall")?;
        if !class_exists(&settings) {
            return None;
        }
        let singleton = get_singleton(&raw const settings);
        if singleton.is_null() {
            return None;
        }
        let method = get_method_bind(&raw const settings, &string_name(c"get_global_class_list"), HASH);
        if method.is_null() {
            return None;
        }
        call(method, singleton, std::ptr::null(), list.sys_mut().cast());
    }
    let declared = list.iter_shared().filter_map(|entry| entry.try_to::<VarDictionary>().ok()?.get("class"));
    Some(declared.map(|name| name.stringify().to_string()).collect())
}

/// The same in a project that the engine has not looked through yet.
unsafe fn script_classes_before_import(library: sys::GDExtensionClassLibraryPtr) -> Vec<String> {
    let mut path = GString::new();
    // SAFETY: the type is that of the interface, which replaces the text of a string.
    unsafe {
        let Some(get_library_path) = function::<GetLibraryPath>(c"get_library_path") else { return Vec::new() };
        get_library_path(library, path.sys_mut().cast());
    }
    project_scripts::declared_before_import(Path::new(&path.to_string()))
}

/// Hands a page of editor help to the engine. Engines before 4.3 have no place for it.
pub(crate) fn load_help(xml: &str) {
    // SAFETY: the type is that of the interface; the text is copied during the call.
    unsafe {
        if let Some(load) = function::<LoadHelp>(c"editor_help_load_xml_from_utf8_chars_and_len") {
            load(xml.as_ptr().cast(), xml.len() as i64);
        }
    }
}
