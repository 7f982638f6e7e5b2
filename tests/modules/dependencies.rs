//! Which file of a crate depends on which other one.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use syn::{
    Expr, ExprMethodCall, ImplItem, Item, ItemImpl, ItemUse, Macro, Type,
    visit::{self, Visit},
};

use crate::source::{Import, Module, imports, is_re_export};

/// For each file, the files that it depends on, each with one reason.
pub type Dependencies = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

pub fn find(modules: &[Module]) -> Dependencies {
    let mut finder =
        Finder { modules, module: 0, self_type: None, methods: methods(modules), found: Dependencies::new() };
    for (index, module) in modules.iter().enumerate() {
        finder.module = index;
        for item in &module.content {
            finder.visit_item(item);
        }
    }
    finder.found
}

/// A type, as the module that defines it and its name.
type TypeId = (usize, String);

/// The file that defines each method of each type.
fn methods(modules: &[Module]) -> HashMap<(TypeId, String), &Path> {
    let mut methods = HashMap::new();
    for (index, module) in modules.iter().enumerate() {
        for item in &module.content {
            let Item::Impl(item) = item else { continue };
            let Some(of) = type_of(modules, index, item).filter(|_| item.trait_.is_none()) else { continue };
            for item in &item.items {
                if let ImplItem::Fn(method) = item {
                    methods.insert((of.clone(), method.sig.ident.to_string()), module.file.as_path());
                }
            }
        }
    }
    methods
}

/// The type that an `impl` block is for, if this crate defines it.
fn type_of(modules: &[Module], module: usize, item: &ItemImpl) -> Option<TypeId> {
    let Type::Path(path) = item.self_ty.as_ref() else { return None };
    match resolve(modules, module, &segments(&path.path), 0)? {
        Target::Item(module, name) => Some((module, name)),
        Target::Module(_) => None,
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// What a path leads to.
enum Target {
    Module(usize),
    /// An item, with the module that defines it.
    Item(usize, String),
}

/// Finds what a path leads to when it is written in a module; `None` for other crates.
fn resolve(modules: &[Module], module: usize, path: &[String], depth: usize) -> Option<Target> {
    // Globs that import each other would never end.
    if depth > 20 {
        return None;
    }
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => walk(modules, 0, rest, depth),
        "self" => walk(modules, module, rest, depth),
        "super" => walk(modules, modules[module].parent?, rest, depth),
        _ => lookup(modules, module, path, depth),
    }
}

/// Follows a path from a module on.
fn walk(modules: &[Module], module: usize, path: &[String], depth: usize) -> Option<Target> {
    match path.first().map(String::as_str) {
        None => Some(Target::Module(module)),
        Some("super") => walk(modules, modules[module].parent?, &path[1..], depth),
        // A name that is not found here comes from a macro; it belongs to the module's file.
        Some(name) => lookup(modules, module, path, depth).or(Some(Target::Item(module, name.to_owned()))),
    }
}

/// Looks up the first name of a path among the names of a module, and follows the rest.
fn lookup(modules: &[Module], module: usize, path: &[String], depth: usize) -> Option<Target> {
    let (name, rest) = path.split_first()?;
    let here = &modules[module];
    if let Some(child) = here.children.get(name) {
        return walk(modules, *child, rest, depth);
    }
    if here.items.contains(name) {
        return Some(Target::Item(module, name.clone()));
    }
    let followed = |import: &Import, rest: &[String]| {
        let path: Vec<String> = import.path.iter().chain(rest).cloned().collect();
        // `use name;` stands for another crate, or for this very import.
        if path.first() == Some(name) { None } else { resolve(modules, module, &path, depth + 1) }
    };
    if let Some(import) = here.imports.iter().find(|import| import.name == *name) {
        return followed(import, rest);
    }
    here.imports.iter().filter(|import| import.name == "*").find_map(|import| {
        let Some(Target::Module(from)) = resolve(modules, module, &import.path, depth + 1) else {
            return None;
        };
        if from == module { None } else { lookup(modules, from, path, depth + 1) }
    })
}

struct Finder<'a> {
    modules: &'a [Module],
    module: usize,
    /// The type of the current `impl` block.
    self_type: Option<TypeId>,
    methods: HashMap<(TypeId, String), &'a Path>,
    found: Dependencies,
}

impl Finder<'_> {
    fn path(&mut self, path: &[String]) {
        let Some(target) = resolve(self.modules, self.module, path, 0) else { return };
        let (module, reason) = match target {
            Target::Module(module) => (module, path.last().cloned().unwrap_or_default()),
            Target::Item(module, name) => (module, name),
        };
        let file = self.modules[module].file.clone();
        self.depend(&file, reason);
    }

    fn method(&mut self, name: &str) {
        let Some(of) = self.self_type.clone() else { return };
        let reason = format!("{}::{name}", of.1);
        if let Some(file) = self.methods.get(&(of, name.to_owned())) {
            let file = file.to_path_buf();
            self.depend(&file, reason);
        }
    }

    fn depend(&mut self, file: &Path, reason: String) {
        let from = &self.modules[self.module].file;
        if from != file {
            let dependencies = self.found.entry(from.clone()).or_default();
            dependencies.entry(file.to_owned()).or_insert(reason);
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_re_export(item) {
            for import in imports(item) {
                self.path(&import.path);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = segments(path);
        if let [first, method] = segments.as_slice()
            && first == "Self"
        {
            self.method(method);
        } else if segments.len() > 1 {
            self.path(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.self_type = type_of(self.modules, self.module, item);
        visit::visit_item_impl(self, item);
        self.self_type = None;
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if matches!(call.receiver.as_ref(), Expr::Path(receiver) if receiver.path.is_ident("self")) {
            self.method(&call.method.to_string());
        }
        visit::visit_expr_method_call(self, call);
    }

    /// The arguments of a macro are no syntax tree; `crate::` and `super::` begin the paths in
    /// them.
    fn visit_macro(&mut self, macro_call: &'ast Macro) {
        self.visit_path(&macro_call.path);
        let tokens: String = macro_call.tokens.to_string().split_whitespace().collect();
        for start in ["crate::", "super::"] {
            for (position, _) in tokens.match_indices(start) {
                let is_name = |c: char| c.is_alphanumeric() || c == '_';
                if tokens[..position].ends_with(|c: char| is_name(c) || c == ':' || c == '$') {
                    continue;
                }
                let end = tokens[position..].find(|c: char| !is_name(c) && c != ':');
                let path = &tokens[position..end.map_or(tokens.len(), |end| position + end)];
                let path: Vec<String> = path.split("::").map(str::to_owned).collect();
                self.path(&path);
            }
        }
    }
}
