//! The modules of a crate and the names in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// A module, which has its own file or is inside another one's.
pub struct Module {
    pub file: PathBuf,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    /// The items that the module defines.
    pub items: BTreeSet<String>,
    /// The names that `use` brings into the module.
    pub imports: Vec<Import>,
    /// The parsed items.
    pub content: Vec<Item>,
}

/// A name that `use` brings into a module, with the path that it stands for.
#[derive(Debug)]
pub struct Import {
    /// `*` for a glob.
    pub name: String,
    pub path: Vec<String>,
}

/// Reads a crate from its root file. The root module is the first one.
pub fn read_crate(root_file: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Vec<Module> {
    let mut modules = Vec::new();
    let content = parse(root_file, read).unwrap_or_else(|| panic!("{} cannot be read", root_file.display()));
    let folder = root_file.parent().unwrap_or(Path::new("")).to_owned();
    add(&mut modules, None, root_file, &folder, content, read);
    modules
}

fn parse(file: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Option<Vec<Item>> {
    let text = read(file)?;
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Some(parsed.items)
}

/// Adds a module and its children, whose files are in `folder`. Returns its index.
fn add(
    modules: &mut Vec<Module>,
    parent: Option<usize>,
    file: &Path,
    folder: &Path,
    mut content: Vec<Item>,
    read: &dyn Fn(&Path) -> Option<String>,
) -> usize {
    content.retain(|item| !attributes(item).iter().any(is_test));
    let index = modules.len();
    modules.push(Module {
        file: file.to_owned(),
        parent,
        children: BTreeMap::new(),
        items: content.iter().filter_map(name).collect(),
        imports: content.iter().filter_map(as_use).flat_map(imports).collect(),
        content: Vec::new(),
    });
    for item in &mut content {
        let Item::Mod(module) = item else { continue };
        let name = module.ident.to_string();
        let inner = folder.join(&name);
        let child = if let Some((_, items)) = module.content.take() {
            add(modules, Some(index), file, &inner, items, read)
        } else {
            let candidates = [folder.join(format!("{name}.rs")), inner.join("mod.rs")];
            let found = candidates.into_iter().find_map(|path| Some((parse(&path, read)?, path)));
            let (items, path) = found.unwrap_or_else(|| panic!("{}: mod {name} has no file", file.display()));
            add(modules, Some(index), &path, &inner, items, read)
        };
        modules[index].children.insert(name, child);
    }
    content.retain(|item| !matches!(item, Item::Mod(_)));
    modules[index].content = content;
    index
}

/// Whether an attribute is `#[cfg(test)]`.
pub fn is_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
}

pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn as_use(item: &Item) -> Option<&ItemUse> {
    if let Item::Use(item) = item { Some(item) } else { None }
}

/// Whether other modules can import what this `use` imports.
pub fn is_re_export(item: &ItemUse) -> bool {
    !matches!(item.vis, Visibility::Inherited)
}

/// The names that a `use` brings in.
pub fn imports(item: &ItemUse) -> Vec<Import> {
    let mut imports = Vec::new();
    flatten(&item.tree, &mut Vec::new(), &mut imports);
    imports
}

fn flatten(tree: &UseTree, path: &mut Vec<String>, imports: &mut Vec<Import>) {
    let (name, last) = match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            flatten(&tree.tree, path, imports);
            path.pop();
            return;
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, path, imports);
            }
            return;
        }
        UseTree::Name(tree) => (tree.ident.to_string(), Some(tree.ident.to_string())),
        UseTree::Rename(tree) => (tree.rename.to_string(), Some(tree.ident.to_string())),
        UseTree::Glob(_) => ("*".to_owned(), None),
    };
    let path: Vec<String> = path.iter().cloned().chain(last.filter(|last| last != "self")).collect();
    let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name };
    imports.push(Import { name, path });
}
