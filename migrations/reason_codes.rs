//! How reason codes are declared, for `explain` and for findings at once.

/// Declares reason codes: a constant for each, and the list `CODES` of all.
macro_rules! reason_codes {
    ($vis:vis of $about:literal; $($name:ident $id:literal what $what:literal why $why:literal todo $todo:literal)*) => {
        $(
            #[doc = $what]
            $vis const $name: &str = $id;
        )*
        #[doc = $about]
        $vis const CODES: &[crate::plan::Code] =
            &[$(crate::plan::Code { id: $id, what: $what, why: $why, todo: $todo }),*];
    };
}
