//! nodelete: threads and thread-local destructors of Rust's runtime outlive a dlclose.
//! defs: an undefined symbol is an error here, not at the first call in production.
fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,defs");
    println!("cargo:rerun-if-changed=build.rs");
}
